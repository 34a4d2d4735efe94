//! `POST /internal/reservations/{order_id}/release`

use auth_token::Service;
use axum::extract::State;
use http_kit::{Json, Path, Problem, Result};
use primitives::OrderId;

use super::ReservationStatus;
use crate::app::AppState;
use crate::domain::hold::OrderFate;
use crate::workflows::settlements;

/// Gives back what an order holds or has taken. Any number of times; also before the hold, which is then refused.
#[utoipa::path(
    post, path = "/internal/reservations/{order_id}/release", tag = "internal",
    params(("order_id" = OrderId, Path)),
    responses((status = 200, body = ReservationStatus), (status = 401, body = Problem))
)]
pub(crate) async fn release(
    State(state): State<AppState>,
    _service: Service,
    Path(order): Path<OrderId>,
) -> Result<Json<ReservationStatus>> {
    let mut tx = state.context.pool.begin().await?;
    let settled =
        settlements::settle(&mut tx, &state.context, order, OrderFate::Cancelled, &[]).await?;
    tx.commit().await?;
    Ok(Json(ReservationStatus {
        status: settled.hold.as_str(),
    }))
}
