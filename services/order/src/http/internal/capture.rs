use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Path};
use primitives::PaymentId;

use crate::app::AppState;
use crate::http::payments::capture::CapturePayment;
use crate::http::payments::{CaptureAccepted, PaymentView};
use crate::workflows;
use crate::workflows::transition::Actor;

/// Take the money that is held for an order
#[utoipa::path(post, path = "/internal/payments/{id}/capture", params(("id" = PaymentId, Path)), request_body = Option<CapturePayment>,
    responses((status = 202, body = CaptureAccepted)))]
pub(crate) async fn capture(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<PaymentId>,
    body: Option<Json<CapturePayment>>,
) -> http_kit::Result<(StatusCode, Json<CaptureAccepted>)> {
    let staff = service.acting::<ManageOrders>()?;
    let amount = body.unwrap_or_default().0.amount;
    let capture = workflows::capture::request(&app, id, amount, Actor::Staff(&staff)).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(CaptureAccepted {
            capture: capture.into(),
        }),
    ))
}

/// Let go of the money that is held for an order
#[utoipa::path(post, path = "/internal/payments/{id}/void", params(("id" = PaymentId, Path)), responses((status = 202, body = PaymentView)))]
pub(crate) async fn void(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<PaymentId>,
) -> http_kit::Result<(StatusCode, Json<PaymentView>)> {
    let staff = service.acting::<ManageOrders>()?;
    let payment = workflows::capture::void(&app, id, Actor::Staff(&staff)).await?;
    Ok((StatusCode::ACCEPTED, Json(payment.into())))
}
