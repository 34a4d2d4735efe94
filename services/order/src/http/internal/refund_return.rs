use auth_token::Service;
use auth_token::permissions::Refund;
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::ReturnId;

use crate::app::AppState;
use crate::http::returns::ReturnView;
use crate::http::returns::refund::{self, RefundReturn};
use crate::workflows::transition::Actor;

/// Give the money back of what came
#[utoipa::path(post, path = "/internal/returns/{id}/refund", params(("id" = ReturnId, Path)), request_body = Option<RefundReturn>,
    responses((status = 200, body = ReturnView)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<ReturnId>,
    body: Option<Json<RefundReturn>>,
) -> http_kit::Result<Json<ReturnView>> {
    let staff = service.acting::<Refund>()?;
    refund::act(&app, id, body.unwrap_or_default().0, Actor::Staff(&staff)).await
}
