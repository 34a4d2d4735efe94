use auth_token::User;
use axum::extract::State;
use http_kit::{Json, Problem};

use super::PaymentMethods;
use crate::app::AppState;
use crate::workflows;

/// One's own saved cards, newest first
#[utoipa::path(get, path = "/api/payment-methods", operation_id = "listPaymentMethods", tag = "payments",
    responses((status = 200, body = PaymentMethods), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(principal): User,
) -> http_kit::Result<Json<PaymentMethods>> {
    let cards = workflows::cards::list(&app, principal.user_id).await?;
    Ok(Json(PaymentMethods {
        data: cards.into_iter().map(Into::into).collect(),
    }))
}
