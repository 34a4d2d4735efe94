use auth_token::Staff;
use auth_token::permissions;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Path, Problem, Result};
use primitives::PaymentId;

use super::PaymentView;
use crate::app::AppState;
use crate::workflows;
use crate::workflows::transition::Actor;

/// Let go of the money that is held for an order
#[utoipa::path(post, path = "/api/payments/{id}/void", operation_id = "voidPayment", tag = "payments", params(("id" = PaymentId, Path)),
    description = "The order is cancelled if nothing of it was sent.",
    responses((status = 202, body = PaymentView), (status = 409, body = Problem, description = "payment_not_voidable"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<permissions::ManageOrders>,
    Path(id): Path<PaymentId>,
) -> Result<(StatusCode, Json<PaymentView>)> {
    let staff = staff.acting();
    let payment = workflows::capture::void(&app, id, Actor::Staff(&staff)).await?;
    Ok((StatusCode::ACCEPTED, Json(payment.into())))
}
