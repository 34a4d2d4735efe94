//! Correcting where an order goes, before it goes.

use contracts::events::OrderUpdated;
use http_kit::{Error, IfMatch, Result, one_field};
use primitives::OrderId;
use serde_json::json;

use crate::app::AppState;
use crate::domain::address::Address;
use crate::domain::order::{Step, allowed};
use crate::store;
use crate::store::orders::Order;
use crate::workflows::transition::{Actor, Entry, audit, note};

/// Changes the address that an order is shipped to. Its country and region stay: taxes and shipping were computed for them, and are frozen.
pub(crate) async fn shipping_address(
    app: &AppState,
    order: OrderId,
    expected: IfMatch,
    address: Address,
    actor: Actor<'_>,
) -> Result<Order> {
    let expected = IfMatch(Some(expected.required()?));
    let mut tx = app.pool.begin().await?;
    let mut order = store::orders::lock(&mut tx, order)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    expected.check(order.version)?;
    let changed = order.shipping_address.differences(&address);
    if changed.is_empty() {
        return Ok(order);
    }
    let fixed =
        |field: &str, why: &str| one_field(format!("shipping_address.{field}"), "fixed", why);
    if changed.contains(&"country") {
        return Err(fixed(
            "country",
            "must stay: taxes and shipping were computed for it",
        ));
    }
    if changed.contains(&"region") && address.is_taxed_by_region() {
        return Err(fixed("region", "must stay: taxes were computed for it"));
    }
    let state = store::transitions::state(&mut tx, &order).await?;
    if !allowed(state).contains(&Step::EditAddress) {
        return Err(Error::conflict(
            "address_fixed",
            "The address can be changed until the first parcel has left, and not of an order that is cancelled.",
        ));
    }
    let now = app.clock.now();
    store::orders::set_shipping_address(&mut tx, &mut order, address, now).await?;
    // What it was and is stays out of the record, which outlives the customer's account.
    let entry = Entry {
        kind: "order.address_changed",
        actor,
        message: "The shipping address was changed.".to_owned(),
        data: json!({ "changed": changed }),
        at: now,
    };
    note(&mut tx, app, order.id, entry).await?;
    let updated = OrderUpdated {
        order_id: order.id,
        number: order.number(),
        changed: vec!["shipping_address".to_owned()],
    };
    app.publisher.publish(&mut tx, &updated).await?;
    let change = (json!({}), json!({ "shipping_address": changed }));
    audit(&mut tx, app, order.id, actor, "order.edit", change).await?;
    tx.commit().await?;
    Ok(order)
}
