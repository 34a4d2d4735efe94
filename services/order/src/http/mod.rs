//! The route table: every operation of this service, on one screen.

pub(crate) mod carts;
pub(crate) mod coupons;
pub(crate) mod disputes;
pub(crate) mod documents;
pub(crate) mod extract;
pub(crate) mod internal;
pub(crate) mod openapi;
pub(crate) mod orders;
pub(crate) mod payment_methods;
pub(crate) mod payments;
pub(crate) mod pricing;
pub(crate) mod promotions;
pub(crate) mod refunds;
pub(crate) mod returns;
pub(crate) mod shipments;
pub(crate) mod shipping_methods;
pub(crate) mod tax_rates;
pub(crate) mod webhooks;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;

/// What nginx routes to.
pub(crate) fn public() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::document())
        .routes(routes!(
            carts::get::handler,
            carts::add::handler,
            carts::clear::handler
        ))
        .routes(routes!(
            carts::change_item::handler,
            carts::remove_item::handler
        ))
        .routes(routes!(
            carts::apply_coupon::handler,
            carts::remove_coupon::handler
        ))
        .routes(routes!(carts::acknowledge::handler))
        .routes(routes!(carts::checkout::handler))
        .routes(routes!(orders::place::handler, orders::list::handler))
        .routes(routes!(orders::get::handler, orders::edit::handler))
        .routes(routes!(orders::events::handler))
        .routes(routes!(orders::follow::handler))
        .routes(routes!(orders::note::handler))
        .routes(routes!(orders::tags::add, orders::tags::remove))
        .routes(routes!(orders::cancel::handler))
        .routes(routes!(documents::list::handler))
        .merge(staffs())
        .routes(routes!(payments::pay::handler))
        .routes(routes!(payments::get::handler))
        .routes(routes!(payments::capture::handler))
        .routes(routes!(payments::void::handler))
        .routes(routes!(payments::mark_paid::handler))
        .routes(routes!(payments::refund::handler))
        .routes(routes!(refunds::mark_paid::handler))
        .routes(routes!(payment_methods::list::handler))
        .routes(routes!(payment_methods::remove::handler))
        .routes(routes!(disputes::list::handler))
        .routes(routes!(shipments::create::handler))
        .routes(routes!(shipments::deliver::handler))
        .routes(routes!(
            returns::of_order::handler,
            returns::create::handler
        ))
        .routes(routes!(returns::list::handler))
        .routes(routes!(returns::get::handler))
        .routes(routes!(returns::approve::handler))
        .routes(routes!(returns::reject::handler))
        .routes(routes!(returns::withdraw::handler))
        .routes(routes!(returns::receive::handler))
        .routes(routes!(returns::refund::handler))
        .routes(routes!(shipping_methods::list::handler))
        .routes(routes!(webhooks::stripe::handler))
}

/// What staff ask for by the same handlers, also on the internal listener, under `/internal`, by services that call in their name:
/// see [`auth_token::in_staffs_name`].
pub(crate) fn staffs() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(orders::claim::handler))
        .routes(routes!(documents::get::handler))
        .routes(routes!(documents::invoice::handler))
        .routes(routes!(documents::packing_slip::handler))
        .routes(routes!(coupons::list::handler, coupons::create::handler))
        .routes(routes!(
            coupons::get::handler,
            coupons::update::handler,
            coupons::remove::handler
        ))
        .routes(routes!(
            promotions::list::handler,
            promotions::create::handler
        ))
        .routes(routes!(
            promotions::get::handler,
            promotions::update::handler,
            promotions::remove::handler
        ))
        .routes(routes!(shipping_methods::create::handler))
        .routes(routes!(shipping_methods::all::handler))
        .routes(routes!(
            shipping_methods::get::handler,
            shipping_methods::update::handler,
            shipping_methods::remove::handler
        ))
        .routes(routes!(
            tax_rates::list::handler,
            tax_rates::create::handler
        ))
        .routes(routes!(
            tax_rates::get::handler,
            tax_rates::update::handler,
            tax_rates::remove::handler
        ))
}

/// For other services, who say on whose behalf they call.
pub(crate) fn internal() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(internal::cancel::handler))
        .routes(routes!(internal::ship::handler))
        .routes(routes!(internal::order::handler, internal::edit::handler))
        .routes(routes!(internal::note::handler))
        .routes(routes!(internal::tags::add, internal::tags::remove))
        .routes(routes!(internal::deliver::handler))
        .routes(routes!(internal::refund::handler))
        .routes(routes!(internal::preview_refund::of_payment))
        .routes(routes!(internal::preview_refund::of_return))
        .routes(routes!(internal::create_return::handler))
        .routes(routes!(internal::approve_return::handler))
        .routes(routes!(internal::reject_return::handler))
        .routes(routes!(internal::receive_return::handler))
        .routes(routes!(internal::refund_return::handler))
        .routes(routes!(internal::sagas::list::handler))
        .routes(routes!(internal::sagas::resume::handler))
        .routes(routes!(internal::capture::capture))
        .routes(routes!(internal::capture::void))
        .routes(routes!(internal::mark_paid::payment))
        .routes(routes!(internal::mark_paid::refund))
        .routes(routes!(internal::preview::handler))
        .routes(routes!(internal::customer_link::handler))
        .routes(routes!(internal::packing_slips::handler))
        .routes(routes!(internal::webhooks::get))
        .routes(routes!(internal::webhooks::replay))
        .routes(routes!(internal::export::handler))
        .routes(routes!(internal::work_items::list::handler))
        .routes(routes!(internal::work_items::resolve::handler))
        .routes(routes!(
            internal::reconciliations::list::handler,
            internal::reconciliations::start::handler
        ))
        .routes(routes!(internal::reconciliations::differences::handler))
}
