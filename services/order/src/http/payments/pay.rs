use axum::extract::State;
use http_kit::{Json, Path, Problem, Result};
use primitives::OrderId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PaymentView;
use crate::app::AppState;
use crate::domain::text::Text;
use crate::payments::PublishableKey;
use crate::workflows;
use crate::workflows::access::{self, Caller};

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayOrder {
    /// The only method so far.
    #[expect(
        dead_code,
        reason = "one method leaves nothing to choose; the field is checked when it is parsed"
    )]
    pub(crate) method: Option<Method>,
    /// One of Stripe's test payment methods, such as `pm_card_visa`: confirms at once. Refused where real money moves.
    #[schema(value_type = Option<String>)]
    pub(crate) test_payment_method: Option<Text<64>>,
}

/// How to pay.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    Card,
}

/// What a browser needs to pay with Stripe's own form.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Payable {
    pub(crate) payment: PaymentView,
    pub(crate) client_secret: Option<String>,
    #[schema(value_type = String)]
    pub(crate) publishable_key: PublishableKey,
}

/// Create the order's payment at Stripe, or find it again
#[utoipa::path(post, path = "/api/orders/{id}/payment", operation_id = "payOrder", tag = "payments", params(("id" = OrderId, Path)),
    request_body = Option<PayOrder>,
    responses((status = 200, body = Payable), (status = 409, body = Problem, description = "order_already_paid, order_not_payable"), (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<OrderId>,
    body: Option<Json<PayOrder>>,
) -> Result<Json<Payable>> {
    let mut conn = app.pool.acquire().await?;
    access::changeable(&mut conn, &caller, id).await?;
    drop(conn);
    let test_method = body.unwrap_or_default().0.test_payment_method;
    let done = workflows::pay::pay(&app, id, test_method.as_ref().map(Text::as_str)).await?;
    Ok(Json(Payable {
        payment: done.payment.into(),
        client_secret: done.client_secret,
        publishable_key: app.stripe.publishable_key(),
    }))
}
