use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::ReturnId;

use crate::app::AppState;
use crate::http::returns::ReturnView;
use crate::http::returns::receive::{self, ReceiveReturn};
use crate::workflows::transition::Actor;

/// What a customer sent back is there
#[utoipa::path(post, path = "/internal/returns/{id}/receive", params(("id" = ReturnId, Path)), request_body = ReceiveReturn,
    responses((status = 200, body = ReturnView)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<ReturnId>,
    Json(body): Json<ReceiveReturn>,
) -> http_kit::Result<Json<ReturnView>> {
    let staff = service.acting::<ManageOrders>()?;
    receive::act(&app, id, body, Actor::Staff(&staff)).await
}
