//! What staff write at an order for each other: notes and tags.

use auth_token::Acting;
use axum::http::StatusCode;
use http_kit::{Error, Result};
use primitives::OrderId;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::domain::tag::{self, Tag};
use crate::http::orders::events::TimelineEntry;
use crate::store;
use crate::workflows::once::Once;
use crate::workflows::transition::{Actor, Entry, audit, note};

/// Adds a note to the timeline, which only staff see, and answers it. It stays, for the timeline is a record: asked for again with the same key, it is
/// the same note.
pub(crate) async fn add_note(
    app: &AppState,
    order: OrderId,
    staff: &Acting,
    message: &str,
    once: &Once,
) -> Result<Value> {
    let actor = Actor::Staff(staff);
    let mut tx = app.pool.begin().await?;
    if let Some(written) = once.known(&mut tx).await? {
        return Ok(written);
    }
    let mut order = store::orders::lock(&mut tx, order)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    let now = app.clock.now();
    let entry = Entry {
        kind: "note",
        actor,
        message: message.to_owned(),
        data: json!({}),
        at: now,
    };
    let written = note(&mut tx, app, order.id, entry).await?;
    store::orders::touch(&mut tx, &mut order, now).await?;
    // What it says stands in the timeline.
    let change = (Value::Null, json!({ "entry_id": written.id }));
    audit(&mut tx, app, order.id, actor, "order.note", change).await?;
    let answer = json!(TimelineEntry::shown_to_staff(written));
    once.keep(&mut tx, StatusCode::CREATED, &answer, now)
        .await?;
    tx.commit().await?;
    Ok(answer)
}

/// Adds a tag or takes it away, and answers those that the order has then. Again: changes nothing.
pub(crate) async fn set_tag(
    app: &AppState,
    order: OrderId,
    tag: &Tag,
    wanted: bool,
    actor: Actor<'_>,
) -> Result<Vec<String>> {
    let mut tx = app.pool.begin().await?;
    let mut order = store::orders::lock(&mut tx, order)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    let before = store::order_tags::list(&mut tx, order.id).await?;
    let now = app.clock.now();
    let changed = if wanted {
        store::order_tags::add(&mut tx, order.id, tag, &actor.to_string(), now).await?
    } else {
        store::order_tags::remove(&mut tx, order.id, tag).await?
    };
    if !changed {
        return Ok(before);
    }
    let after = store::order_tags::list(&mut tx, order.id).await?;
    if after.len() > tag::MOST {
        return Err(Error::conflict(
            "too_many_tags",
            format!("An order may have {} tags.", tag::MOST),
        ));
    }
    let entry = Entry {
        kind: "order.tagged",
        actor,
        message: if wanted {
            format!("The tag {tag} was added.")
        } else {
            format!("The tag {tag} was removed.")
        },
        data: json!({ "tags": after }),
        at: now,
    };
    note(&mut tx, app, order.id, entry).await?;
    store::orders::touch(&mut tx, &mut order, now).await?;
    let change = (json!({ "tags": before }), json!({ "tags": after }));
    audit(&mut tx, app, order.id, actor, "order.tag", change).await?;
    tx.commit().await?;
    Ok(after)
}
