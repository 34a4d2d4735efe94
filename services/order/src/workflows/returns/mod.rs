//! Sending things back: asked for, decided, received, refunded. The order's lock guards each step.

pub(crate) mod receive;
pub(crate) mod refund;

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::events::{Mail, MailLine};
use http_kit::{Error, FieldErrors, IdempotencyKey, Result};
use primitives::{OrderId, OrderItemId, Quantity, ReturnId, Timestamp};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::order::FulfillmentStatus;
use crate::domain::returns::{ReturnReason, ReturnStatus, ReturnStep, after};
use crate::store;
use crate::store::order_items::OrderItem;
use crate::store::orders::Order;
use crate::store::returns::{NewReturn, Return, ReturnItem};
use crate::workflows::transition::{Actor, Entry, audit, mail, note, with};

/// What somebody wants to send back.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) items: Vec<(OrderItemId, Quantity, ReturnReason)>,
    pub(crate) comment: Option<String>,
}

/// Makes a repetition of a wish harmless: in whose name, and the request's hash.
#[derive(Debug)]
pub(crate) struct Repeat {
    pub(crate) caller: String,
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) hash: [u8; 32],
}

/// Units of each line that may still be asked for: what has left and has not come back, nor is on its way back.
pub(crate) async fn returnable(
    conn: &mut PgConnection,
    order: OrderId,
    items: &[OrderItem],
) -> Result<BTreeMap<OrderItemId, i32>, sqlx::Error> {
    let under_way: BTreeMap<OrderItemId, i32> = store::returns::under_way(conn, order)
        .await?
        .into_iter()
        .collect();
    let left = |item: &OrderItem| {
        let promised = under_way.get(&item.id).copied().unwrap_or(0);
        (item.id, item.shipped - item.returned - promised)
    };
    Ok(items
        .iter()
        .map(left)
        .filter(|(_, left)| *left > 0)
        .collect())
}

/// Until when a customer may ask, once everything has arrived; staff may always.
pub(crate) async fn window_ends(
    conn: &mut PgConnection,
    app: &AppState,
    order: &Order,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let window = Duration::from_secs(u64::from(app.return_window_days) * 24 * 3600);
    let arrived = match order.fulfillment_status {
        FulfillmentStatus::Delivered => store::returns::arrived_at(conn, order.id).await?,
        _ => None,
    };
    Ok(arrived.map(|arrived| arrived + window))
}

/// Asks to send something back.
pub(crate) async fn request(
    app: &AppState,
    order: OrderId,
    wish: Wish,
    actor: Actor<'_>,
    repeat: Repeat,
) -> Result<ReturnId> {
    let mut tx = app.pool.begin().await?;
    let mut order = store::orders::lock(&mut tx, order)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    if let Some(known) = replay(&mut tx, &repeat).await? {
        return Ok(known);
    }
    let now = app.clock.now();
    if !matches!(actor, Actor::Staff(_)) {
        let ends = window_ends(&mut tx, app, &order).await?;
        if app.return_window_days == 0 || ends.is_some_and(|ends| ends < now) {
            return Err(Error::conflict(
                "return_window_closed",
                format!(
                    "Things can be sent back for {} days after they have arrived.",
                    app.return_window_days
                ),
            ));
        }
    }
    let items = store::order_items::of_orders(&mut tx, &[order.id]).await?;
    let left = returnable(&mut tx, order.id, &items).await?;
    if left.is_empty() {
        return Err(Error::conflict(
            "order_not_returnable",
            "Nothing of the order has been shipped that could come back.",
        ));
    }
    let parts = parts(&items, &left, &wish.items)?;
    let id = ReturnId::new(now, &app.random);
    let new = NewReturn {
        id,
        order: order.id,
        comment: wish.comment.as_deref(),
        actor: &actor.to_string(),
        items: &parts,
        at: now,
    };
    store::returns::insert(&mut tx, &new).await?;
    if let Some(key) = &repeat.key {
        let (caller, answer) = (&repeat.caller, json!({ "return_id": id }));
        store::idempotency::save(
            &mut tx,
            caller,
            key.as_str(),
            &repeat.hash,
            201,
            &answer,
            now,
        )
        .await?;
    }
    let step = Told {
        kind: "return.requested",
        action: "order.return.request",
        message: |number| format!("The return {number} was asked for."),
        more: json!({}),
    };
    tell(&mut tx, app, &mut order, id, actor, step).await?;
    tx.commit().await?;
    Ok(id)
}

async fn replay(tx: &mut PgConnection, repeat: &Repeat) -> Result<Option<ReturnId>> {
    let Some(key) = &repeat.key else {
        return Ok(None);
    };
    let Some(saved) = store::idempotency::find(tx, &repeat.caller, key.as_str()).await? else {
        return Ok(None);
    };
    if saved.body_hash != repeat.hash {
        return Err(Error::idempotency_key_reused());
    }
    let id = saved.body["return_id"].as_str();
    Ok(id.and_then(|id| id.parse().ok()))
}

/// The wish as it is written, if each line can have it.
fn parts(
    items: &[OrderItem],
    left: &BTreeMap<OrderItemId, i32>,
    wanted: &[(OrderItemId, Quantity, ReturnReason)],
) -> Result<Vec<(OrderItemId, i32, ReturnReason)>> {
    let mut errors = FieldErrors::new();
    let mut parts: Vec<(OrderItemId, i32, ReturnReason)> = Vec::new();
    if wanted.is_empty() {
        errors.push("items", "required", "must name at least one item");
    }
    for (index, (id, quantity, reason)) in wanted.iter().enumerate() {
        let mut wrong = |field: &str, code: &'static str, message: String| {
            errors.push(format!("items[{index}].{field}"), code, message);
        };
        let left = left.get(id).copied().unwrap_or(0);
        if !items.iter().any(|item| item.id == *id) {
            wrong(
                "order_item_id",
                "unknown",
                "is not an item of this order".to_owned(),
            );
        } else if parts.iter().any(|(known, ..)| known == id) {
            wrong("order_item_id", "duplicate", "is named twice".to_owned());
        } else if quantity.get() > left {
            wrong(
                "quantity",
                "too_many",
                format!("only {left} of this item can be sent back"),
            );
        } else {
            parts.push((*id, quantity.get(), *reason));
        }
    }
    errors.into_result()?;
    Ok(parts)
}

/// What a step writes beside the return itself.
struct Told {
    kind: &'static str,
    action: &'static str,
    message: fn(&str) -> String,
    more: Value,
}

/// Timeline, the order's version, and the audit trail; answers the return as it is now.
async fn tell(
    tx: &mut PgConnection,
    app: &AppState,
    order: &mut Order,
    id: ReturnId,
    actor: Actor<'_>,
    told: Told,
) -> Result<Return> {
    let known = store::returns::find(tx, id)
        .await?
        .ok_or_else(|| Error::not_found("return"))?;
    let now = app.clock.now();
    let data = with(json!({"return_id": id, "number": known.number}), told.more);
    let entry = Entry {
        kind: told.kind,
        actor,
        message: (told.message)(&known.number),
        data: data.clone(),
        at: now,
    };
    note(tx, app, order.id, entry).await?;
    store::orders::touch(tx, order, now).await?;
    let after = with(data, json!({"status": known.status}));
    audit(tx, app, order.id, actor, told.action, (json!({}), after)).await?;
    Ok(known)
}

/// A return with its order locked, and where a step leads.
async fn begin(
    tx: &mut PgConnection,
    id: ReturnId,
    step: ReturnStep,
) -> Result<(Order, Return, ReturnStatus)> {
    let unknown = || Error::not_found("return");
    let found = store::returns::find(tx, id).await?.ok_or_else(unknown)?;
    let order = store::orders::lock(tx, found.order_id)
        .await?
        .ok_or_else(unknown)?;
    // What was read before the lock may be old.
    let known = store::returns::find(tx, id).await?.ok_or_else(unknown)?;
    let again = step == ReturnStep::Refund && known.is_refundable_again();
    let next = after(known.status, step)
        .or(again.then_some(ReturnStatus::Refunded))
        .ok_or_else(|| {
            Error::conflict(
                "return_step_not_allowed",
                format!("The return is {}.", known.status.as_str()),
            )
        })?;
    Ok((order, known, next))
}

/// Lets the customer send it, with what the shop says about it.
pub(crate) async fn approve(
    app: &AppState,
    id: ReturnId,
    answer: Option<&str>,
    actor: Actor<'_>,
) -> Result<OrderId> {
    let mut tx = app.pool.begin().await?;
    let (mut order, _, next) = begin(&mut tx, id, ReturnStep::Approve).await?;
    store::returns::decide(&mut tx, id, next, answer, app.clock.now()).await?;
    let step = Told {
        kind: "return.approved",
        action: "order.return.approve",
        message: |number| format!("The return {number} was approved."),
        more: json!({}),
    };
    let known = tell(&mut tx, app, &mut order, id, actor, step).await?;
    let items = store::returns::items(&mut tx, &[id]).await?;
    let notice = Mail::ReturnApproved {
        number: order.number(),
        return_number: known.number,
        lines: mail_lines(&mut tx, &order, &items, |item| item.quantity).await?,
        address: app.return_address.clone(),
        answer: answer.map(str::to_owned),
        url: app.order_url(&order),
    };
    mail(&mut tx, app, &order, notice).await?;
    tx.commit().await?;
    Ok(order.id)
}

/// Says no, and why.
pub(crate) async fn reject(
    app: &AppState,
    id: ReturnId,
    answer: &str,
    actor: Actor<'_>,
) -> Result<OrderId> {
    let mut tx = app.pool.begin().await?;
    let (mut order, _, next) = begin(&mut tx, id, ReturnStep::Reject).await?;
    store::returns::decide(&mut tx, id, next, Some(answer), app.clock.now()).await?;
    let step = Told {
        kind: "return.rejected",
        action: "order.return.reject",
        message: |number| format!("The return {number} was rejected."),
        more: json!({}),
    };
    let known = tell(&mut tx, app, &mut order, id, actor, step).await?;
    let notice = Mail::ReturnRejected {
        number: order.number(),
        return_number: known.number,
        answer: answer.to_owned(),
        url: app.order_url(&order),
    };
    mail(&mut tx, app, &order, notice).await?;
    tx.commit().await?;
    Ok(order.id)
}

/// The customer keeps it after all.
pub(crate) async fn withdraw(app: &AppState, id: ReturnId, actor: Actor<'_>) -> Result<()> {
    let mut tx = app.pool.begin().await?;
    let (mut order, _, next) = begin(&mut tx, id, ReturnStep::Withdraw).await?;
    store::returns::decide(&mut tx, id, next, None, app.clock.now()).await?;
    let step = Told {
        kind: "return.withdrawn",
        action: "order.return.withdraw",
        message: |number| format!("The return {number} was withdrawn."),
        more: json!({}),
    };
    tell(&mut tx, app, &mut order, id, actor, step).await?;
    tx.commit().await?;
    Ok(())
}

async fn mail_lines(
    tx: &mut PgConnection,
    order: &Order,
    returned: &[ReturnItem],
    units: fn(&ReturnItem) -> i32,
) -> Result<Vec<MailLine>, sqlx::Error> {
    let items = store::order_items::of_orders(tx, &[order.id]).await?;
    let line = |part: &ReturnItem| {
        let item = items.iter().find(|item| item.id == part.order_item_id)?;
        Some(MailLine {
            title: item.title.clone(),
            quantity: units(part),
            total: order.money(item.unit_price * i64::from(units(part))),
        })
    };
    let lines = returned.iter().filter(|part| units(part) > 0);
    Ok(lines.filter_map(line).collect())
}
