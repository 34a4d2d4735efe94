use auth_token::Service;
use auth_token::permissions::Refund;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotencyKey, Json, Path};
use primitives::PaymentId;

use crate::app::AppState;
use crate::http::payments::RefundAccepted;
use crate::http::payments::refund::{RefundPayment, accept};
use crate::workflows::transition::Actor;

/// Give money back
#[utoipa::path(post, path = "/internal/payments/{id}/refund", params(("id" = PaymentId, Path)), request_body = Option<RefundPayment>,
    responses((status = 202, body = RefundAccepted)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<PaymentId>,
    key: Option<IdempotencyKey>,
    body: Option<Json<RefundPayment>>,
) -> http_kit::Result<(StatusCode, Json<RefundAccepted>)> {
    let staff = service.acting::<Refund>()?;
    let body = body.unwrap_or_default().0;
    accept(&app, id, key, body, Actor::Staff(&staff)).await
}
