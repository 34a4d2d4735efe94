use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::ReturnId;

use crate::app::AppState;
use crate::http::returns::ReturnView;
use crate::http::returns::approve::{self, ApproveReturn};
use crate::workflows::transition::Actor;

/// Let a customer send things back
#[utoipa::path(post, path = "/internal/returns/{id}/approve", params(("id" = ReturnId, Path)), request_body = Option<ApproveReturn>,
    responses((status = 200, body = ReturnView)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<ReturnId>,
    body: Option<Json<ApproveReturn>>,
) -> http_kit::Result<Json<ReturnView>> {
    let staff = service.acting::<ManageOrders>()?;
    approve::act(&app, id, body.unwrap_or_default().0, Actor::Staff(&staff)).await
}
