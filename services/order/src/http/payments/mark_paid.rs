use auth_token::Staff;
use auth_token::permissions;
use axum::extract::State;
use http_kit::{Json, Path, Problem, Result};
use primitives::{Money, PaymentId, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::PaymentView;
use crate::app::AppState;
use crate::workflows;
use crate::workflows::transition::Actor;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkPaid {
    /// What came, as a check: it must be what the order costs.
    pub(crate) amount: Option<Money>,
    /// The bank's name of the transfer, for the audit trail.
    #[schema(value_type = Option<String>)]
    pub(crate) reference: Option<Text<200>>,
}

/// Say that a bank transfer has come
#[utoipa::path(post, path = "/api/payments/{id}/mark-paid", operation_id = "markPaymentPaid", tag = "payments", params(("id" = PaymentId, Path)),
    description = "Again: changes nothing. If the order was cancelled meanwhile, a refund is asked for.",
    request_body = Option<MarkPaid>,
    responses((status = 200, body = PaymentView), (status = 409, body = Problem, description = "payment_not_manual, amount_differs"),
        (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<permissions::MarkPaid>,
    Path(id): Path<PaymentId>,
    body: Option<Json<MarkPaid>>,
) -> Result<Json<PaymentView>> {
    let MarkPaid { amount, reference } = body.unwrap_or_default().0;
    let staff = staff.acting();
    let (reference, actor) = (reference.as_ref().map(Text::as_str), Actor::Staff(&staff));
    let payment = workflows::mark_paid::payment(&app, id, amount, reference, actor).await?;
    Ok(Json(payment.into()))
}
