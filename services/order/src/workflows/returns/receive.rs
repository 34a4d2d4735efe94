//! What a customer sent back is there.

use contracts::events::{Mail, OrderReturned, ReturnedLine};
use http_kit::{FieldErrors, Result};
use primitives::{OrderId, ReturnId};
use serde_json::json;

use super::{Told, begin, mail_lines, tell};
use crate::app::AppState;
use crate::domain::order::Event;
use crate::domain::returns::ReturnStep;
use crate::store;
use crate::store::order_items::OrderItem;
use crate::store::returns::{Received, ReturnItem};
use crate::workflows::transition::{Actor, mail, statuses, transition, with};

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
