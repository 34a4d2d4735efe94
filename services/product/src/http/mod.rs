//! The routes: everything this service answers, on one screen.

mod access;
mod categories;
mod csv;
mod images;
mod imports;
mod internal;
mod inventory;
mod precondition;
mod products;
mod recommendations;
mod reviews;
mod stock;
mod wishlist;

use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;

/// For clients, through nginx.
pub(crate) fn public() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(document())
        .merge(staffs())
        .routes(routes!(products::suggest::suggest))
        .routes(routes!(products::submit::submit_product))
        .routes(routes!(recommendations::of_user::recommended))
        .routes(routes!(recommendations::of_product::recommendations))
        .routes(routes!(
            reviews::list::list_reviews,
            reviews::create::create_review
        ))
        .routes(routes!(
            reviews::get::get_review,
            reviews::update::update_review,
            reviews::delete::delete_review
        ))
        .routes(routes!(
            reviews::helpful::vote_helpful,
            reviews::helpful::unvote_helpful
        ))
        .routes(routes!(wishlist::list::list_wishlist))
        .routes(routes!(
            wishlist::put::put_wish,
            wishlist::remove::remove_wish
        ))
        .routes(routes!(
            wishlist::settings::get_settings,
            wishlist::settings::put_settings
        ))
        .routes(routes!(
            wishlist::share::get_share,
            wishlist::share::share_wishlist,
            wishlist::share::unshare_wishlist
        ))
        .routes(routes!(wishlist::shared::get_shared_wishlist))
        .routes(routes!(wishlist::unsubscribe::unsubscribe))
}

/// What staff do. Also on the internal listener, under `/internal`, for services that call in their name: see
/// [`auth_token::in_staffs_name`].
pub(crate) fn staffs() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            products::list::list_products,
            products::create::create_product
        ))
        .routes(routes!(
            products::get::get_product,
            products::update::update_product,
            products::delete::delete_product
        ))
        .routes(routes!(products::approve::approve_product))
        .routes(routes!(products::reject::reject_product))
        .routes(routes!(
            stock::levels::get_stock,
            products::set_stock::set_stock
        ))
        .routes(routes!(stock::movements::list_movements))
        .routes(routes!(stock::terms::set_terms))
        .routes(routes!(
            inventory::list_locations::list_locations,
            inventory::create_location::create_location
        ))
        .routes(routes!(inventory::update_location::update_location))
        .routes(routes!(inventory::transfer::transfer_stock))
        .routes(routes!(inventory::stock_take::take_stock))
        .routes(routes!(
            images::create::add_image,
            images::reorder::reorder_images
        ))
        .routes(routes!(
            images::update::update_image,
            images::delete::delete_image
        ))
        .routes(routes!(imports::create::import_products))
        .routes(routes!(imports::list::list_imports))
        .routes(routes!(imports::get::get_import))
        .routes(routes!(imports::errors::import_errors))
        .routes(routes!(imports::retry::retry_import))
        .routes(routes!(imports::cancel::cancel_import))
        .routes(routes!(products::export::export_products))
        .routes(routes!(reviews::list_all::list_all_reviews))
        .routes(routes!(reviews::hide::hide_review))
        .routes(routes!(reviews::publish::publish_review))
        .routes(routes!(
            reviews::reply::reply_to_review,
            reviews::reply::delete_reply
        ))
        .routes(routes!(
            categories::list::list_categories,
            categories::create::create_category
        ))
        .routes(routes!(
            categories::get::get_category,
            categories::update::update_category,
            categories::delete::delete_category
        ))
        .routes(routes!(
            categories::image::set_category_image,
            categories::image::delete_category_image
        ))
        .routes(routes!(
            categories::attributes::get::get_category_attributes,
            categories::attributes::set::set_category_attributes
        ))
}

/// For other services, on the internal listener.
pub(crate) fn internal() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(internal::reserve::reserve))
        .routes(routes!(internal::release::release))
        .routes(routes!(internal::commit::commit))
        .routes(routes!(internal::lookup::lookup_variants))
        .routes(routes!(internal::export::export))
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Mercato product", description = "The catalogue and its stock."),
    tags(
        (name = "products", description = "What is sold: drafts, approval, search, stock and pictures."),
        (name = "inventory", description = "What lies where, how it came there, and on which terms it is sold."),
        (name = "recommendations", description = "What goes with what, and what somebody may like."),
        (name = "import and export", description = "Catalogues as CSV files."),
        (name = "reviews", description = "What buyers say."),
        (name = "wishlist", description = "What users wish for, whom they show it, and the mails about it."),
        (name = "categories", description = "The tree that products hang in."),
    )
)]
struct Document;

fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.bearer_format = Some("JWT".to_owned());
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("bearer", SecurityScheme::Http(scheme));
    document
}
