use auth_token::Staff;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Problem, Query};
use primitives::{OrderId, ShipmentId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::documents::{self, Format, PackingSlip};
use crate::store;
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
    let mut facts = vec![
        ("Order".to_owned(), order.number()),
        ("Shipping".to_owned(), {
            let name = order.shipping_method_name.clone();
            name.unwrap_or_else(|| order.shipping_method.clone())
        }),
    ];
    let parcel = match wanted.shipment_id {
        Some(shipment) => {
            let parcels = store::shipments::of_order(&mut conn, id).await?;
            let (shipment, contents) = parcels
                .into_iter()
                .find(|(parcel, _)| parcel.id == shipment)
                .ok_or_else(|| Error::not_found("shipment"))?;
            facts.push(("Carrier".to_owned(), shipment.carrier));
            facts.push(("Tracking".to_owned(), shipment.tracking_number));
            Some(contents)
        }
        None => None,
    };
    drop(conn);
    let units = |item: &store::order_items::OrderItem| match &parcel {
        None => item.quantity - item.shipped,
        Some(contents) => contents
            .iter()
            .filter(|(id, _)| *id == item.id)
            .map(|(_, units)| units)
            .sum(),
    };
    let lines = items.iter().filter(|item| units(item) > 0).map(|item| {
        let title = std::iter::once(item.title.clone()).chain(options(item));
        let title = title.collect::<Vec<_>>().join(", ");
        (item.sku.as_str().to_owned(), title, units(item))
    });
    let sheet = documents::packing_slip(PackingSlip {
        seller: app.seller().lines(),
        footer: app.seller().footer_lines(),
        recipient: lines_of(&order.shipping_address),
        facts,
        lines: lines.collect(),
        note: order.note.clone(),
        order_number: order.number(),
        at: app.clock.now(),
    });
    let name = format!("packing-slip-{}", order.number());
    documents::answer(sheet, Format::of(wanted.format, &headers), &name).await
}
