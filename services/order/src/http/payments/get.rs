use axum::extract::State;
use http_kit::{Error, Json, Path, Problem, Result};
use primitives::PaymentId;

use super::PaymentView;
use crate::app::AppState;
use crate::store;
use crate::workflows::access::{self, Caller};

/// Show a payment to whom its order belongs, or to staff
#[utoipa::path(get, path = "/api/payments/{id}", operation_id = "getPayment", tag = "payments", params(("id" = PaymentId, Path)),
    responses((status = 200, body = PaymentView), (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<PaymentId>,
) -> Result<Json<PaymentView>> {
    let mut conn = app.pool.acquire().await?;
    let payment = store::payments::find(&mut conn, id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    access::readable(&mut conn, &caller, payment.order_id)
        .await
        .map_err(|error| match error.code() {
            "not_found" => Error::not_found("payment"),
            _ => error,
        })?;
    Ok(Json(PaymentView::whole(&mut conn, payment).await?))
}
