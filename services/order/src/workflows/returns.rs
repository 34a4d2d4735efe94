//! Sending things back: asked for, decided, received, refunded. The order's lock guards each step.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::events::{Mail, MailLine, OrderReturned, ReturnedLine};
use http_kit::{Error, FieldErrors, IdempotencyKey, Result};
use primitives::{Money, OrderId, OrderItemId, Quantity, ReturnId, Timestamp};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::order::{Event, FulfillmentStatus};
use crate::domain::returns::{ReturnReason, ReturnStatus, ReturnStep, after, worth};
use crate::store;
use crate::store::order_items::OrderItem;
use crate::store::orders::Order;
use crate::store::returns::{NewReturn, Received, Return, ReturnItem};
use crate::workflows::transition::{Actor, Entry, audit, mail, note, statuses, transition, with};

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
        return Err(Error::unprocessable(
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request.",
        ));
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
    let failed = known.status == ReturnStatus::Refunded
        && known
            .refund
            .as_ref()
            .is_some_and(|refund| refund.status == "failed");
    let next = after(known.status, step)
        .or_else(|| (failed && step == ReturnStep::Refund).then_some(ReturnStatus::Refunded))
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

/// The parcel came: what was in it, in which state, and what of it is for sale again. Units that did not come may be asked for again.
pub(crate) async fn receive(
    app: &AppState,
    id: ReturnId,
    lines: &[Received],
    actor: Actor<'_>,
) -> Result<OrderId> {
    let mut tx = app.pool.begin().await?;
    let (before, _, _) = begin(&mut tx, id, ReturnStep::Receive).await?;
    let asked = store::returns::items(&mut tx, &[id]).await?;
    check_received(&asked, lines)?;
    store::returns::receive(&mut tx, id, lines, app.clock.now()).await?;
    let items = store::order_items::of_orders(&mut tx, &[before.id]).await?;
    let complete = items.iter().all(|item| item.returned == item.quantity);
    let event = Event::Returned { complete };
    let mut order = transition(&mut tx, app, before.id, &event, actor, None)
        .await?
        .order;
    let returned = OrderReturned {
        order_id: order.id,
        number: order.number(),
        return_id: id,
        lines: returned_lines(&items, lines),
        complete,
    };
    app.publisher.publish(&mut tx, &returned).await?;
    let step = Told {
        kind: "return.received",
        action: "order.return.receive",
        message: |number| format!("The return {number} has arrived."),
        more: with(statuses(&order), json!({ "lines": returned.lines })),
    };
    let known = tell(&mut tx, app, &mut order, id, actor, step).await?;
    let items = store::returns::items(&mut tx, &[id]).await?;
    let notice = Mail::ReturnReceived {
        number: order.number(),
        return_number: known.number,
        lines: mail_lines(&mut tx, &order, &items, |item| item.received).await?,
        url: app.order_url(&order),
    };
    mail(&mut tx, app, &order, notice).await?;
    tx.commit().await?;
    Ok(order.id)
}

fn check_received(asked: &[ReturnItem], lines: &[Received]) -> Result<()> {
    let mut errors = FieldErrors::new();
    if lines.is_empty() {
        errors.push("items", "required", "must name at least one item");
    }
    for (index, line) in lines.iter().enumerate() {
        let mut wrong = |field: &str, code: &'static str, message: String| {
            errors.push(format!("items[{index}].{field}"), code, message);
        };
        let twice = lines
            .iter()
            .take(index)
            .any(|other| other.item == line.item);
        match asked.iter().find(|item| item.order_item_id == line.item) {
            None => wrong(
                "order_item_id",
                "unknown",
                "is not an item of this return".to_owned(),
            ),
            Some(_) if twice => wrong("order_item_id", "duplicate", "is named twice".to_owned()),
            Some(item) if line.quantity > item.quantity => wrong(
                "quantity",
                "too_many",
                format!("only {} of this item were to come", item.quantity),
            ),
            Some(_) => {}
        }
    }
    errors.into_result()
}

fn returned_lines(items: &[OrderItem], lines: &[Received]) -> Vec<ReturnedLine> {
    let line = |line: &Received| {
        let item = items.iter().find(|item| item.id == line.item)?;
        Some(ReturnedLine {
            order_item_id: item.id,
            product_id: item.product_id,
            variant_id: item.variant_id,
            quantity: line.quantity,
            condition: line.condition.as_str().to_owned(),
            restock: line.restock,
        })
    };
    lines.iter().filter_map(line).collect()
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

/// How much of a received return is given back.
#[derive(Debug, Default)]
pub(crate) struct GiveBack<'a> {
    /// Instead of what the units are worth: less for what is worn, say.
    pub(crate) amount: Option<Money>,
    /// Whether what shipping cost goes back too.
    pub(crate) shipping: bool,
    pub(crate) reason: Option<&'a str>,
}

/// Gives back what the units that came are worth: their shares of what their lines cost, discount off and tax in.
pub(crate) async fn refund(
    app: &AppState,
    id: ReturnId,
    wish: GiveBack<'_>,
    actor: Actor<'_>,
) -> Result<OrderId> {
    let mut tx = app.pool.begin().await?;
    let (mut order, known, _) = begin(&mut tx, id, ReturnStep::Refund).await?;
    if wish
        .amount
        .is_some_and(|amount| amount.currency() != order.currency)
    {
        return Err(http_kit::one_field(
            "amount.currency",
            "invalid",
            format!("must be {}, as the order is", order.currency),
        ));
    }
    let units = worth_of(&mut tx, &order, id).await?;
    let worth: i64 = units.iter().map(|(.., amount)| *amount).sum();
    let shipping = if wish.shipping { order.shipping } else { 0 };
    let amount = wish.amount.map_or(worth + shipping, Money::amount);
    let left = store::transitions::state(&mut tx, &order)
        .await?
        .refundable();
    if amount > left {
        return Err(Error::conflict(
            "refund_exceeds_payment",
            "The refund is more than what is left of the payment: say an amount.",
        )
        .with("left", order.money(left))
        .with("amount", order.money(amount)));
    }
    let reason = wish
        .reason
        .map_or_else(|| format!("Return {}", known.number), str::to_owned);
    let event = Event::Refund { amount };
    let done = transition(&mut tx, app, order.id, &event, actor, Some(&reason)).await?;
    let refund = done
        .refunds
        .first()
        .copied()
        .ok_or_else(|| Error::conflict("nothing_to_refund", "The return is worth nothing."))?;
    order = done.order;
    store::returns::name_units(&mut tx, refund, &units).await?;
    store::returns::refund(&mut tx, id, refund, app.clock.now()).await?;
    let step = Told {
        kind: "return.refunded",
        action: "order.return.refund",
        message: |number| format!("The money of the return {number} is on its way back."),
        more: json!({"refund_id": refund, "amount": order.money(amount)}),
    };
    tell(&mut tx, app, &mut order, id, actor, step).await?;
    tx.commit().await?;
    app.reconcile.notify_one();
    Ok(order.id)
}

/// The units that came, and what each line's are worth beside those that were refunded before.
pub(crate) async fn worth_of(
    conn: &mut PgConnection,
    order: &Order,
    id: ReturnId,
) -> Result<Vec<(OrderItemId, i32, i64)>, sqlx::Error> {
    let items = store::order_items::of_orders(conn, &[order.id]).await?;
    let refunded: BTreeMap<OrderItemId, i32> = store::returns::refunded_units(conn, order.id)
        .await?
        .into_iter()
        .collect();
    let came = store::returns::items(conn, &[id]).await?;
    let line = |part: &ReturnItem| {
        let item = items.iter().find(|item| item.id == part.order_item_id)?;
        let before = refunded.get(&item.id).copied().unwrap_or(0);
        let amount = worth(item.total, item.quantity, before, part.received);
        Some((item.id, part.received, amount))
    };
    let came = came.iter().filter(|part| part.received > 0);
    Ok(came.filter_map(line).collect())
}
