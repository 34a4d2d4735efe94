use axum::extract::State;
use http_kit::{Json, Path, Problem};
use primitives::{OrderEventId, OrderId, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::store;
use crate::store::order_events::OrderEvent;
use crate::workflows::access::{self, Caller};
use crate::workflows::transition::Actor;

/// What happened to an order, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Timeline {
    data: Vec<TimelineEntry>,
}

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEntry {
    id: OrderEventId,
    /// Such as `order.placed`.
    #[serde(rename = "type")]
    kind: String,
    at: Timestamp,
    /// `customer`, `guest`, `staff` (staff see which), `system` or `stripe`.
    actor: String,
    message: String,
    #[schema(value_type = Object)]
    data: Value,
}

impl TimelineEntry {
    /// Customers do not learn which member of staff it was, nor see notes that staff write for each other.
    pub(crate) fn shown_to(viewer: Actor<'_>, event: OrderEvent) -> Option<Self> {
        let staff = matches!(viewer, Actor::Staff(_));
        if event.kind == "note" && !staff {
            return None;
        }
        let actor = if !staff && event.actor.starts_with("staff:") {
            "staff".to_owned()
        } else {
            event.actor
        };
        Some(Self {
            id: event.id,
            kind: event.kind,
            at: event.at,
            actor,
            message: event.message,
            data: event.data,
        })
    }
}

/// An order's timeline
#[utoipa::path(get, path = "/api/orders/{id}/events", operation_id = "listOrderEvents", tag = "orders", params(("id" = OrderId, Path)),
    responses((status = 200, body = Timeline), (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<OrderId>,
) -> http_kit::Result<Json<Timeline>> {
    let mut conn = app.pool.acquire().await?;
    let (order, viewer) = access::readable(&mut conn, &caller, id).await?;
    let events = store::order_events::list(&mut conn, order.id).await?;
    Ok(Json(Timeline {
        data: events
            .into_iter()
            .filter_map(|event| TimelineEntry::shown_to(viewer, event))
            .collect(),
    }))
}
