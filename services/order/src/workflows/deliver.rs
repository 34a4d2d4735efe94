//! A parcel arrived.

use http_kit::{Error, Result};
use primitives::{OrderItemId, ShipmentId};
use serde_json::json;

use crate::app::AppState;
use crate::domain::order::{Event, FulfillmentStatus};
use crate::store;
use crate::store::shipments::Shipment;
use crate::workflows::transition::{Actor, Entry, audit, note, statuses, transition, with};

/// Marks a parcel as delivered; the order is delivered with its last parcel. Doing it again changes nothing.
pub(crate) async fn deliver(
    app: &AppState,
    id: ShipmentId,
    actor: Actor<'_>,
) -> Result<(Shipment, Vec<(OrderItemId, i32)>)> {
    let unknown = || Error::not_found("shipment");
    let mut tx = app.pool.begin().await?;
    let found = store::shipments::find(&mut tx, id)
        .await?
        .ok_or_else(unknown)?;
    let order = store::orders::lock(&mut tx, found.order_id)
        .await?
        .ok_or_else(unknown)?;
    let now = app.clock.now();
    if store::shipments::deliver(&mut tx, id, now).await? {
        let message = format!("Parcel {} arrived.", found.tracking_number);
        let entry = Entry {
            kind: "shipment.delivered",
            actor,
            message,
            data: json!({"shipment_id": id}),
            at: now,
        };
        note(&mut tx, app, order.id, entry).await?;
        let last = order.fulfillment_status == FulfillmentStatus::Shipped
            && !store::shipments::any_under_way(&mut tx, order.id).await?;
        let done = transition(
            &mut tx,
            app,
            order.id,
            &Event::Deliver { complete: last },
            actor,
            None,
        )
        .await?;
        let after = with(statuses(&done.order), json!({ "shipment_id": id }));
        let change = (statuses(&order), after);
        audit(&mut tx, app, order.id, actor, "order.deliver", change).await?;
    }
    let shipment = store::shipments::find(&mut tx, id)
        .await?
        .ok_or_else(unknown)?;
    let contents = store::shipments::contents(&mut tx, id).await?;
    tx.commit().await?;
    Ok((shipment, contents))
}
