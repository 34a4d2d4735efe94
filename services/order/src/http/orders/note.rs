use auth_token::Staff;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotentJson, Json, Path, Problem};
use primitives::{OrderId, Text};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::events::TimelineEntry;
use crate::app::AppState;
use crate::workflows;
use crate::workflows::once::Once;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddNote {
    #[schema(value_type = String)]
    pub(crate) message: Text<2000>,
}

/// Note something in an order's timeline; only staff see it
#[utoipa::path(post, path = "/api/orders/{id}/notes", operation_id = "addOrderNote", tag = "orders",
    params(("id" = OrderId, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = AddNote,
    responses((status = 201, body = TimelineEntry), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Path(id): Path<OrderId>,
    request: IdempotentJson<AddNote>,
) -> http_kit::Result<(StatusCode, Json<Value>)> {
    let staff = staff.acting();
    let (once, body) = Once::of(&staff, request);
    let message = body.message.as_str();
    let written = workflows::annotate::add_note(&app, id, &staff, message, &once).await?;
    Ok((StatusCode::CREATED, Json(written)))
}
