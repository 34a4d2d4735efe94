use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Path};
use primitives::OrderId;

use crate::app::AppState;
use crate::http::orders::note::AddNote;
use crate::workflows;
use crate::workflows::transition::Actor;

/// Note something in an order's timeline; only staff see it
#[utoipa::path(post, path = "/internal/orders/{id}/notes", params(("id" = OrderId, Path)), request_body = AddNote, responses((status = 204)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<OrderId>,
    Json(body): Json<AddNote>,
) -> http_kit::Result<StatusCode> {
    let staff = service.acting::<ManageOrders>()?;
    let message = body.message.as_str();
    workflows::annotate::add_note(&app, id, Actor::Staff(&staff), message).await?;
    Ok(StatusCode::NO_CONTENT)
}
