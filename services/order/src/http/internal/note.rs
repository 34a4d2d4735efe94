use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotentJson, Path};
use primitives::OrderId;

use crate::app::AppState;
use crate::http::orders::note::AddNote;
use crate::workflows;
use crate::workflows::once::Once;

/// Note something in an order's timeline; only staff see it
#[utoipa::path(post, path = "/internal/orders/{id}/notes", params(("id" = OrderId, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = AddNote, responses((status = 204)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<OrderId>,
    request: IdempotentJson<AddNote>,
) -> http_kit::Result<StatusCode> {
    let staff = service.acting::<ManageOrders>()?;
    let (once, body) = Once::of(&staff, request);
    let message = body.message.as_str();
    workflows::annotate::add_note(&app, id, &staff, message, &once).await?;
    Ok(StatusCode::NO_CONTENT)
}
