use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse as _, Response};
use http_kit::{Json, Path, Problem};
use primitives::{OrderEventId, OrderId, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::follow;
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
    pub(crate) id: OrderEventId,
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
    /// An entry as staff see it.
    pub(crate) fn shown_to_staff(event: OrderEvent) -> Self {
        Self {
            id: event.id,
            kind: event.kind,
            at: event.at,
            actor: event.actor,
            message: event.message,
            data: event.data,
        }
    }

    /// Customers do not learn which member of staff it was, nor see notes that staff write for each other.
    pub(crate) fn shown_to(viewer: Actor<'_>, event: OrderEvent) -> Option<Self> {
        let staff = matches!(viewer, Actor::Staff(_));
        if !staff && event.is_between_staff() {
            return None;
        }
        let mut entry = Self::shown_to_staff(event);
        if !staff && entry.actor.starts_with("staff:") {
            "staff".clone_into(&mut entry.actor);
        }
        Some(entry)
    }
}

/// An order's timeline
///
/// With `Accept: text/event-stream` it is followed live, as `/events/stream` is.
#[utoipa::path(get, path = "/api/orders/{id}/events", operation_id = "listOrderEvents", tag = "orders", params(("id" = OrderId, Path)),
    responses((status = 200, body = Timeline), (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
) -> http_kit::Result<Response> {
    if wants_stream(&headers) {
        return follow::follow(app, caller, id, &headers).await;
    }
    let mut conn = app.pool.acquire().await?;
    let (order, viewer) = access::readable(&mut conn, &caller, id).await?;
    let events = store::order_events::list(&mut conn, order.id).await?;
    Ok(Json(Timeline {
        data: events
            .into_iter()
            .filter_map(|event| TimelineEntry::shown_to(viewer, event))
            .collect(),
    })
    .into_response())
}

/// Whether the client asks for what browsers' `EventSource` asks for.
fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/event-stream"))
}
