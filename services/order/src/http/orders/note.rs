use auth_token::Staff;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Path, Problem};
use primitives::{OrderId, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::events::TimelineEntry;
use crate::app::AppState;
use crate::workflows;
use crate::workflows::transition::Actor;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddNote {
    #[schema(value_type = String)]
    pub(crate) message: Text<2000>,
}

/// Note something in an order's timeline; only staff see it
#[utoipa::path(post, path = "/api/orders/{id}/notes", operation_id = "addOrderNote", tag = "orders", params(("id" = OrderId, Path)),
    request_body = AddNote,
    responses((status = 201, body = TimelineEntry), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Path(id): Path<OrderId>,
    Json(body): Json<AddNote>,
) -> http_kit::Result<(StatusCode, Json<TimelineEntry>)> {
    let staff = staff.acting();
    let message = body.message.as_str();
    let written = workflows::annotate::add_note(&app, id, Actor::Staff(&staff), message).await?;
    let entry = TimelineEntry::shown_to_staff(written);
    Ok((StatusCode::CREATED, Json(entry)))
}
