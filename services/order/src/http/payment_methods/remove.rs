use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Problem};

use crate::app::AppState;
use crate::workflows;

/// Remove one of one's own saved cards
#[utoipa::path(delete, path = "/api/payment-methods/{id}", operation_id = "removePaymentMethod", tag = "payments", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(principal): User,
    Path(id): Path<String>,
) -> http_kit::Result<StatusCode> {
    workflows::cards::remove(&app, principal.user_id, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
