use auth_token::Service;
use auth_token::permissions::Refund;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Path};
use primitives::PaymentId;

use crate::app::AppState;
use crate::domain::text::Text;
use crate::http::payments::RefundAccepted;
use crate::http::payments::refund::RefundPayment;
use crate::workflows;
use crate::workflows::transition::Actor;

/// Give money back
#[utoipa::path(post, path = "/internal/payments/{id}/refund", params(("id" = PaymentId, Path)), request_body = Option<RefundPayment>,
    responses((status = 202, body = RefundAccepted)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<PaymentId>,
    body: Option<Json<RefundPayment>>,
) -> http_kit::Result<(StatusCode, Json<RefundAccepted>)> {
    let staff = service.acting::<Refund>()?;
    let RefundPayment { amount, reason } = body.unwrap_or_default().0;
    let refund = workflows::refund::request(
        &app,
        id,
        amount,
        Actor::Staff(&staff),
        reason.as_ref().map(Text::as_str),
    )
    .await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(RefundAccepted {
            refund: refund.into(),
        }),
    ))
}
