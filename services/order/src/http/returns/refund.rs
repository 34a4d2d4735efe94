use auth_token::Staff;
use auth_token::permissions::Refund;
use axum::extract::State;
use http_kit::{Json, Path, Problem};
use primitives::{Money, ReturnId, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ReturnView;
use crate::app::AppState;
use crate::workflows;
use crate::workflows::returns::refund::GiveBack;
use crate::workflows::transition::Actor;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundReturn {
    /// Instead of what the units that came are worth.
    amount: Option<Money>,
    /// Whether what shipping cost goes back too, once for all returns of the order; not together with `amount`.
    shipping: Option<bool>,
    #[schema(value_type = Option<String>)]
    reason: Option<Text<500>>,
}

impl RefundReturn {
    /// # Errors
    /// 422 if it contradicts itself.
    pub(crate) fn wish(&self) -> http_kit::Result<GiveBack<'_>> {
        if self.amount.is_some() && self.shipping.is_some() {
            return Err(http_kit::one_field(
                "shipping",
                "exclusive",
                "must not be given together with amount",
            ));
        }
        Ok(GiveBack {
            amount: self.amount,
            shipping: self.shipping.unwrap_or(false),
            reason: self.reason.as_ref().map(Text::as_str),
        })
    }
}

/// Give the money back of what came (staff)
#[utoipa::path(post, path = "/api/returns/{id}/refund", operation_id = "refundReturn", tag = "returns", params(("id" = ReturnId, Path)),
    request_body = Option<RefundReturn>,
    responses((status = 200, body = ReturnView), (status = 409, body = Problem, description = "return_step_not_allowed, refund_exceeds_payment"),
        (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<Refund>,
    Path(id): Path<ReturnId>,
    body: Option<Json<RefundReturn>>,
) -> http_kit::Result<Json<ReturnView>> {
    let staff = staff.acting();
    act(&app, id, body.unwrap_or_default().0, Actor::Staff(&staff)).await
}

/// What both paths to it do.
pub(crate) async fn act(
    app: &AppState,
    id: ReturnId,
    body: RefundReturn,
    actor: Actor<'_>,
) -> http_kit::Result<Json<ReturnView>> {
    workflows::returns::refund::refund(app, id, body.wish()?, actor).await?;
    ReturnView::answer(app, id, actor).await
}
