use auth_token::Staff;
use auth_token::permissions;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use http_kit::{Error, IdempotencyKey, Json, Path, Problem, Result, body_hash};
use primitives::{Money, OrderItemId, PaymentId, Quantity, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RefundAccepted;
use crate::app::AppState;
use crate::workflows;
use crate::workflows::checkout::Repeat;
use crate::workflows::refund::Wanted;
use crate::workflows::transition::Actor;

#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundPayment {
    /// All that is left unless told. Not together with `items`.
    pub(crate) amount: Option<Money>,
    /// Units of lines, each at its share of what its line cost.
    #[schema(max_items = 500)]
    pub(crate) items: Option<Vec<RefundItem>>,
    #[schema(value_type = Option<String>)]
    pub(crate) reason: Option<Text<500>>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundItem {
    order_item_id: OrderItemId,
    quantity: Quantity,
}

impl RefundPayment {
    /// What is to go back.
    pub(crate) fn wanted(&self) -> Result<Wanted> {
        match (&self.amount, &self.items) {
            (Some(_), Some(_)) => Err(http_kit::one_field(
                "items",
                "exclusive",
                "must not be given together with amount",
            )),
            (Some(amount), None) => Ok(Wanted::Amount(*amount)),
            (None, Some(items)) => Ok(Wanted::Lines(
                items
                    .iter()
                    .map(|item| (item.order_item_id, item.quantity))
                    .collect(),
            )),
            (None, None) => Ok(Wanted::Rest),
        }
    }
}

/// Give money back: in whole, in part, or for units of lines
#[utoipa::path(post, path = "/api/payments/{id}/refund", operation_id = "refundPayment", tag = "payments",
    params(("id" = PaymentId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    request_body = Option<RefundPayment>,
    responses((status = 202, body = RefundAccepted), (status = 409, body = Problem, description = "refund_exceeds_payment, payment_disputed"),
        (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<permissions::Refund>,
    Path(id): Path<PaymentId>,
    key: Option<IdempotencyKey>,
    body: Option<Json<RefundPayment>>,
) -> Result<(StatusCode, Json<RefundAccepted>)> {
    let staff = staff.acting();
    let body = body.unwrap_or_default().0;
    accept(&app, id, key, body, Actor::Staff(&staff)).await
}

/// What both paths to a refund do.
pub(crate) async fn accept(
    app: &AppState,
    id: PaymentId,
    key: Option<IdempotencyKey>,
    body: RefundPayment,
    actor: Actor<'_>,
) -> Result<(StatusCode, Json<RefundAccepted>)> {
    let same = serde_json::to_vec(&body).map_err(Error::internal)?;
    let repeat = Repeat {
        key,
        hash: body_hash(&Method::POST, &format!("refund of {id}"), &same),
    };
    let wanted = body.wanted()?;
    let reason = body.reason.as_ref().map(Text::as_str);
    let refund = workflows::refund::request(app, id, &wanted, actor, reason, &repeat).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(RefundAccepted {
            refund: refund.into(),
        }),
    ))
}
