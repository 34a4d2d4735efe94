use axum::extract::State;
use http_kit::{Json, Path, Problem, Result};
use primitives::{OrderId, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PaymentView;
use crate::app::AppState;
use crate::domain::payment::Method;
use crate::payments::{Instructions, PublishableKey};
use crate::workflows;
use crate::workflows::access::{self, Caller};
use crate::workflows::pay::Wish;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayOrder {
    /// What was chosen before, or `card`, unless told. Another one than before gives up what was begun.
    pub(crate) method: Option<Method>,
    /// One of Stripe's test payment methods, such as `pm_card_visa`: confirms at once. Refused where real money moves.
    #[schema(value_type = Option<String>)]
    pub(crate) test_payment_method: Option<Text<64>>,
    /// One of the customer's saved cards: confirms at once.
    #[schema(value_type = Option<String>)]
    pub(crate) saved_card: Option<Text<64>>,
    /// Keep the card for the next time.
    pub(crate) save_card: Option<bool>,
}

/// What a browser needs to pay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Payable {
    pub(crate) payment: PaymentView,
    /// For Stripe's own form.
    pub(crate) client_secret: Option<String>,
    #[schema(value_type = String)]
    pub(crate) publishable_key: PublishableKey,
    /// What the customer still has to do, such as 3-D Secure: Stripe.js does it by the client secret, others follow `redirect_to_url.url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_action: Option<serde_json::Value>,
    /// The page that Stripe hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checkout_url: Option<String>,
    /// What to transfer, and to where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<Instructions>,
}

/// Begin the order's payment, or find it again
#[utoipa::path(post, path = "/api/orders/{id}/payment", operation_id = "payOrder", tag = "payments", params(("id" = OrderId, Path)),
    request_body = Option<PayOrder>,
    responses((status = 200, body = Payable),
        (status = 409, body = Problem, description = "order_already_paid, order_not_payable, payment_changed, payment_method_unavailable"),
        (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<OrderId>,
    body: Option<Json<PayOrder>>,
) -> Result<Json<Payable>> {
    let mut conn = app.pool.acquire().await?;
    let (order, _) = access::changeable(&mut conn, &caller, id).await?;
    drop(conn);
    let body = body.unwrap_or_default().0;
    let wish = Wish {
        method: body.method,
        test_method: body.test_payment_method.as_ref().map(Text::as_str),
        saved_card: body.saved_card.as_ref().map(Text::as_str),
        save_card: body.save_card.unwrap_or(false),
    };
    let user = caller.principal.as_ref().map(|principal| principal.user_id);
    let owner = user.filter(|user| order.user_id == Some(*user));
    let done = workflows::pay::pay(&app, id, owner, &wish).await?;
    Ok(Json(Payable {
        payment: done.payment.into(),
        client_secret: done.client_secret,
        publishable_key: app.stripe.publishable_key(),
        next_action: done.next_action,
        checkout_url: done.page_url,
        instructions: done.instructions,
    }))
}
