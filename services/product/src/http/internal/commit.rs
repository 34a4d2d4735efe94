//! `POST /internal/reservations/{order_id}/commit`

use auth_token::Service;
use axum::extract::State;
use http_kit::{Error, Json, Path, Problem, Result};
use primitives::OrderId;

use super::ReservationStatus;
use crate::app::AppState;
use crate::domain::hold::{Hold, OrderFate};
use crate::error::insufficient_stock;
use crate::store::reservations as store;
use crate::workflows::settlements;

/// Sells what an order holds. If the hold had expired the units are taken again, or the order is rejected for ever.
#[utoipa::path(
    post, path = "/internal/reservations/{order_id}/commit", tag = "internal",
    params(("order_id" = OrderId, Path)),
    responses(
        (status = 200, body = ReservationStatus),
        (status = 401, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`insufficient_stock` with `lines`, `reservation_closed`", body = Problem),
    )
)]
pub(crate) async fn commit(
    State(state): State<AppState>,
    _service: Service,
    Path(order): Path<OrderId>,
) -> Result<Json<ReservationStatus>> {
    let mut tx = state.context.pool.begin().await?;
    if store::lock(&mut tx, order).await?.is_none() {
        return Err(Error::not_found("reservation"));
    }
    let settled =
        settlements::settle(&mut tx, &state.context, order, OrderFate::Confirmed, &[]).await?;
    tx.commit().await?;
    if !settled.short.is_empty() {
        return Err(insufficient_stock(&settled.short));
    }
    if settled.hold != Hold::Committed {
        return Err(crate::error::HoldError::Closed(settled.hold).into());
    }
    Ok(Json(ReservationStatus {
        status: settled.hold.as_str(),
    }))
}
