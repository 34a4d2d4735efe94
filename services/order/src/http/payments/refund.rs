use auth_token::Staff;
use auth_token::permissions;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Path, Problem, Result};
use primitives::{Money, PaymentId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::RefundAccepted;
use crate::app::AppState;
use crate::domain::text::Text;
use crate::workflows;
use crate::workflows::transition::Actor;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundPayment {
    /// All that is left unless told.
    pub(crate) amount: Option<Money>,
    #[schema(value_type = Option<String>)]
    pub(crate) reason: Option<Text<500>>,
}

/// Give money back, in whole or in part
#[utoipa::path(post, path = "/api/payments/{id}/refund", operation_id = "refundPayment", tag = "payments", params(("id" = PaymentId, Path)),
    request_body = Option<RefundPayment>,
    responses((status = 202, body = RefundAccepted), (status = 409, body = Problem, description = "refund_exceeds_payment"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<permissions::Refund>,
    Path(id): Path<PaymentId>,
    body: Option<Json<RefundPayment>>,
) -> Result<(StatusCode, Json<RefundAccepted>)> {
    let RefundPayment { amount, reason } = body.unwrap_or_default().0;
    let staff = staff.acting();
    let reason = reason.as_ref().map(Text::as_str);
    let refund = workflows::refund::request(&app, id, amount, Actor::Staff(&staff), reason).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(RefundAccepted {
            refund: refund.into(),
        }),
    ))
}
