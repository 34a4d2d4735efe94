//! Sending parcels: all of an order, or a part.

use std::collections::BTreeMap;

use auth_token::Acting;
use axum::http::StatusCode;
use contracts::events::{Mail, MailLine, OrderShipped};
use http_kit::{Error, FieldErrors, Result};
use primitives::{OrderId, OrderItemId, Quantity, ShipmentId};
use serde_json::{Value, json};

use crate::app::AppState;
use crate::domain::order::Event;
use crate::http::shipments::ShipmentView;
use crate::store;
use crate::store::order_items::OrderItem;
use crate::store::orders::Order;
use crate::store::shipments::Shipment;
use crate::workflows::once::Once;
use crate::workflows::transition::{Actor, Entry, audit, mail, note, statuses, transition, with};

/// What goes into a parcel.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    /// Units of lines; all that has not left yet if none are named.
    pub(crate) parts: Option<Vec<(OrderItemId, Quantity)>>,
    pub(crate) carrier: String,
    pub(crate) tracking_number: String,
    pub(crate) tracking_url: Option<String>,
}

/// Sends a parcel, and answers it: quantities are checked under the order's lock. Asked for again with the same key, it is the same parcel.
pub(crate) async fn ship(
    app: &AppState,
    order: OrderId,
    parcel: Parcel,
    staff: &Acting,
    once: &Once,
) -> Result<Value> {
    let actor = Actor::Staff(staff);
    let mut tx = app.pool.begin().await?;
    if let Some(sent) = once.known(&mut tx).await? {
        return Ok(sent);
    }
    let before = store::orders::lock(&mut tx, order)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    let items = store::order_items::of_orders(&mut tx, &[order]).await?;
    let parts = contents(&items, parcel.parts.as_deref())?;
    let left: i64 = items
        .iter()
        .map(|item| i64::from(item.quantity - item.shipped))
        .sum();
    let sent: i64 = parts.iter().map(|(_, quantity)| i64::from(*quantity)).sum();
    // Nothing to send is for the rules to refuse: the order is shipped already.
    let done = transition(
        &mut tx,
        app,
        order,
        &Event::Ship {
            complete: sent == left,
        },
        actor,
        None,
    )
    .await?;
    let now = app.clock.now();
    let shipment = Shipment {
        id: ShipmentId::new(now, &app.random),
        order_id: order,
        carrier: parcel.carrier,
        tracking_number: parcel.tracking_number,
        tracking_url: parcel.tracking_url,
        status: "shipped".to_owned(),
        shipped_at: now,
        delivered_at: None,
    };
    store::shipments::insert(&mut tx, &shipment, &parts).await?;
    store::order_items::ship(&mut tx, &parts).await?;
    let event = OrderShipped {
        order_id: order,
        number: done.order.number(),
        shipment_id: shipment.id,
        carrier: shipment.carrier.clone(),
        tracking_number: shipment.tracking_number.clone(),
    };
    app.publisher.publish(&mut tx, &event).await?;
    let notice = Mail::OrderShipped {
        number: done.order.number(),
        carrier: shipment.carrier.clone(),
        tracking_number: shipment.tracking_number.clone(),
        tracking_url: shipment.tracking_url.clone(),
        lines: in_parcel(&done.order, &items, &parts),
        url: app.order_url(&done.order),
    };
    mail(&mut tx, app, &done.order, notice).await?;
    let message = format!(
        "A parcel left with {} ({}).",
        shipment.carrier, shipment.tracking_number
    );
    let data = json!({"shipment_id": shipment.id, "carrier": shipment.carrier, "tracking_number": shipment.tracking_number, "tracking_url": shipment.tracking_url});
    note(
        &mut tx,
        app,
        order,
        Entry {
            kind: "order.shipped",
            actor,
            message,
            data: data.clone(),
            at: now,
        },
    )
    .await?;
    let change = (statuses(&before), with(statuses(&done.order), data));
    audit(&mut tx, app, order, actor, "order.ship", change).await?;
    let answer = json!(ShipmentView::from((shipment, parts)));
    once.keep(&mut tx, StatusCode::CREATED, &answer, now)
        .await?;
    tx.commit().await?;
    Ok(answer)
}

/// A parcel's lines as its mail lists them.
fn in_parcel(order: &Order, items: &[OrderItem], parts: &[(OrderItemId, i32)]) -> Vec<MailLine> {
    let line = |(id, quantity): &(OrderItemId, i32)| {
        let item = items.iter().find(|item| item.id == *id)?;
        Some(MailLine {
            title: item.title.clone(),
            quantity: *quantity,
            total: order.money(item.unit_price * i64::from(*quantity)),
        })
    };
    parts.iter().filter_map(line).collect()
}

fn contents(
    items: &[OrderItem],
    wanted: Option<&[(OrderItemId, Quantity)]>,
) -> Result<Vec<(OrderItemId, i32)>> {
    let Some(wanted) = wanted else {
        return Ok(items
            .iter()
            .map(|item| (item.id, item.quantity - item.shipped))
            .filter(|(_, left)| *left > 0)
            .collect());
    };
    let mut errors = FieldErrors::new();
    let mut parts: BTreeMap<OrderItemId, i32> = BTreeMap::new();
    if wanted.is_empty() {
        errors.push("items", "required", "must name at least one item");
    }
    for (index, (id, quantity)) in wanted.iter().enumerate() {
        let Some(item) = items.iter().find(|item| item.id == *id) else {
            errors.push(
                format!("items[{index}].order_item_id"),
                "unknown",
                "is not an item of this order",
            );
            continue;
        };
        let sum = parts.entry(*id).or_default();
        *sum = sum.saturating_add(quantity.get());
        let left = item.quantity - item.shipped;
        if *sum > left {
            errors.push(
                format!("items[{index}].quantity"),
                "too_many",
                format!("only {left} of this item have not been shipped"),
            );
        }
    }
    errors.into_result()?;
    Ok(parts.into_iter().collect())
}
