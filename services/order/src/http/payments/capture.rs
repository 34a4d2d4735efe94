use auth_token::Staff;
use auth_token::permissions;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Path, Problem, Result};
use primitives::{Money, PaymentId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::CaptureAccepted;
use crate::app::AppState;
use crate::workflows;
use crate::workflows::transition::Actor;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapturePayment {
    /// All that is held unless told; what is not taken is let go.
    pub(crate) amount: Option<Money>,
}

/// Take the money that is held for an order, or a part of it
#[utoipa::path(post, path = "/api/payments/{id}/capture", operation_id = "capturePayment", tag = "payments", params(("id" = PaymentId, Path)),
    description = "Money is taken once. The same request again is answered with the capture that is there.",
    request_body = Option<CapturePayment>,
    responses((status = 202, body = CaptureAccepted), (status = 409, body = Problem, description = "payment_not_capturable, capture_exceeds_authorization"),
        (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<permissions::ManageOrders>,
    Path(id): Path<PaymentId>,
    body: Option<Json<CapturePayment>>,
) -> Result<(StatusCode, Json<CaptureAccepted>)> {
    let amount = body.unwrap_or_default().0.amount;
    let staff = staff.acting();
    let capture = workflows::capture::request(&app, id, amount, Actor::Staff(&staff)).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(CaptureAccepted {
            capture: capture.into(),
        }),
    ))
}
