use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::ReturnId;

use crate::app::AppState;
use crate::http::returns::ReturnView;
use crate::http::returns::reject::{self, RejectReturn};
use crate::workflows::transition::Actor;

/// Refuse to take things back
#[utoipa::path(post, path = "/internal/returns/{id}/reject", params(("id" = ReturnId, Path)), request_body = RejectReturn,
    responses((status = 200, body = ReturnView)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<ReturnId>,
    Json(body): Json<RejectReturn>,
) -> http_kit::Result<Json<ReturnView>> {
    let staff = service.acting::<ManageOrders>()?;
    reject::act(&app, id, body, Actor::Staff(&staff)).await
}
