use auth_token::Service;
use auth_token::permissions::MarkPaid as MayMarkPaid;
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::{PaymentId, RefundId, Text};

use crate::app::AppState;
use crate::http::payments::mark_paid::MarkPaid;
use crate::http::payments::{PaymentView, RefundAccepted};
use crate::workflows;
use crate::workflows::transition::Actor;

/// Say that a bank transfer has come
#[utoipa::path(post, path = "/internal/payments/{id}/mark-paid", params(("id" = PaymentId, Path)), request_body = Option<MarkPaid>,
    responses((status = 200, body = PaymentView)))]
pub(crate) async fn payment(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<PaymentId>,
    body: Option<Json<MarkPaid>>,
) -> http_kit::Result<Json<PaymentView>> {
    let staff = service.acting::<MayMarkPaid>()?;
    let MarkPaid { amount, reference } = body.unwrap_or_default().0;
    let (reference, actor) = (reference.as_ref().map(Text::as_str), Actor::Staff(&staff));
    let payment = workflows::mark_paid::payment(&app, id, amount, reference, actor).await?;
    Ok(Json(payment.into()))
}

/// Say that the refund of a bank transfer was transferred
#[utoipa::path(post, path = "/internal/refunds/{id}/mark-paid", params(("id" = RefundId, Path)), responses((status = 200, body = RefundAccepted)))]
pub(crate) async fn refund(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<RefundId>,
) -> http_kit::Result<Json<RefundAccepted>> {
    let staff = service.acting::<MayMarkPaid>()?;
    let refund = workflows::mark_paid::refund(&app, id, Actor::Staff(&staff)).await?;
    Ok(Json(RefundAccepted {
        refund: refund.into(),
    }))
}
