use auth_token::Staff;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Problem, Query};
use primitives::{OrderId, OrderItemId, ShipmentId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::documents::{self, Format, PackingSlip};
use crate::store;
use crate::store::order_items::OrderItem;
use crate::store::orders::Order;
use crate::workflows::documents::{lines_of, options};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedSlip {
    /// `html` or `pdf`; without it the `Accept` header decides, and then it is a page.
    #[param(inline)]
    format: Option<Format>,
    /// What is in this parcel; without it, what is still to be packed.
    shipment_id: Option<ShipmentId>,
}

/// What to pack, or what is in a parcel, without prices (staff)
#[utoipa::path(get, path = "/api/orders/{id}/packing-slip", operation_id = "getPackingSlip", tag = "orders",
    params(("id" = OrderId, Path), WantedSlip),
    responses((status = 200, content((String = "text/html"), (Vec<u8> = "application/pdf"))), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _: Staff<ReadOrders>,
    Path(id): Path<OrderId>,
    Query(wanted): Query<WantedSlip>,
    headers: HeaderMap,
) -> http_kit::Result<Response> {
    let mut conn = app.pool.acquire().await?;
    let order = store::orders::find(&mut conn, id)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    let items = store::order_items::of_orders(&mut conn, &[id]).await?;
    let parcel = match wanted.shipment_id {
        Some(shipment) => {
            let parcels = store::shipments::of_order(&mut conn, id).await?;
            let parcel = parcels
                .into_iter()
                .find(|(parcel, _)| parcel.id == shipment);
            Some(parcel.ok_or_else(|| Error::not_found("shipment"))?)
        }
        None => None,
    };
    drop(conn);
    let of_parcel = |item: &OrderItem, contents: &[(OrderItemId, i32)]| {
        let units = contents.iter().filter(|(id, _)| *id == item.id);
        units.map(|(_, units)| units).sum()
    };
    let mut slip = slip(&app, &order, &items, |item| match &parcel {
        None => item.quantity - item.shipped,
        Some((_, contents)) => of_parcel(item, contents),
    });
    if let Some((shipment, _)) = parcel {
        slip.facts.push(("Carrier".to_owned(), shipment.carrier));
        slip.facts
            .push(("Tracking".to_owned(), shipment.tracking_number));
    }
    let name = format!("packing-slip-{}", order.number());
    let sheet = documents::packing_slip(slip);
    documents::answer(sheet, Format::of(wanted.format, &headers), &name).await
}

/// Some units of each line of an order.
pub(crate) fn slip(
    app: &AppState,
    order: &Order,
    items: &[OrderItem],
    units: impl Fn(&OrderItem) -> i32,
) -> PackingSlip {
    let method = order.shipping_method_name.clone();
    let method = method.unwrap_or_else(|| order.shipping_method.clone());
    let lines = items.iter().filter(|item| units(item) > 0).map(|item| {
        let title = std::iter::once(item.title.clone()).chain(options(item));
        let title = title.collect::<Vec<_>>().join(", ");
        (item.sku.as_str().to_owned(), title, units(item))
    });
    PackingSlip {
        seller: app.seller().lines(),
        footer: app.seller().footer_lines(),
        recipient: lines_of(&order.shipping_address),
        facts: vec![
            ("Order".to_owned(), order.number()),
            ("Shipping".to_owned(), method),
        ],
        lines: lines.collect(),
        note: order.note.clone(),
        order_number: order.number(),
        at: app.clock.now(),
    }
}
