use auth_token::Staff;
use auth_token::permissions;
use axum::extract::State;
use http_kit::{Json, Path, Problem, Result};
use primitives::RefundId;

use crate::app::AppState;
use crate::http::payments::RefundAccepted;
use crate::workflows;
use crate::workflows::transition::Actor;

/// Say that the refund of a bank transfer was transferred
#[utoipa::path(post, path = "/api/refunds/{id}/mark-paid", operation_id = "markRefundPaid", tag = "payments", params(("id" = RefundId, Path)),
    description = "Again: changes nothing.",
    responses((status = 200, body = RefundAccepted), (status = 409, body = Problem, description = "payment_not_manual"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<permissions::MarkPaid>,
    Path(id): Path<RefundId>,
) -> Result<Json<RefundAccepted>> {
    let staff = staff.acting();
    let refund = workflows::mark_paid::refund(&app, id, Actor::Staff(&staff)).await?;
    Ok(Json(RefundAccepted {
        refund: refund.into(),
    }))
}
