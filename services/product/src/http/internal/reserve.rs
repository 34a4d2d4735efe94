//! `POST /internal/reservations`

use std::time::Duration;

use auth_token::Service;
use axum::extract::State;
use contracts::internal::reservations::{Reservation, ReserveRequest};
use http_kit::{FieldErrors, Json, Problem, Result, one_field};

use crate::app::AppState;
use crate::domain::allocation;
use crate::workflows::reservations::{self, Request};

/// How long a hold lasts unless told.
const LASTS: u32 = 1_800;
/// How long it may last at most.
const LASTS_AT_MOST: u32 = 24 * 3_600;
/// More lines than any cart has.
const MAX_LINES: usize = 1_000;

/// Holds all lines for an order, or none. Idempotent by the order's id.
#[utoipa::path(
    post, path = "/internal/reservations", tag = "internal",
    request_body = ReserveRequest,
    responses(
        (status = 200, body = Reservation),
        (status = 401, body = Problem),
        (status = 409, description = "`insufficient_stock` with `lines`, `reservation_mismatch`, `reservation_closed`", body = Problem),
        (status = 422, body = Problem),
    )
)]
pub(crate) async fn reserve(
    State(state): State<AppState>,
    _service: Service,
    Json(body): Json<ReserveRequest>,
) -> Result<Json<Reservation>> {
    let seconds = body.expires_in_seconds.unwrap_or(LASTS);
    let mut errors = FieldErrors::new();
    if body.lines.is_empty() {
        errors.push("lines", "required", "must have at least one");
    }
    if body.lines.len() > MAX_LINES {
        errors.push("lines", "too_many", format!("must be at most {MAX_LINES}"));
    }
    if !(1..=LASTS_AT_MOST).contains(&seconds) {
        errors.push(
            "expires_in_seconds",
            "invalid",
            format!("must be from 1 to {LASTS_AT_MOST}"),
        );
    }
    errors.into_result()?;
    let demands = allocation::demands(
        body.lines
            .iter()
            .map(|line| (line.variant_id, line.quantity)),
    )
    .map_err(|allocation::TooMany| {
        one_field(
            "lines",
            "too_many",
            "must add up to at most 9999 units of a variant",
        )
    })?;
    let reservation = reservations::hold(
        &state.context,
        Request {
            order: body.order_id,
            demands,
            lasts: Duration::from_secs(seconds.into()),
            traceparent: runtime::trace::traceparent(),
        },
    )
    .await?;
    Ok(Json(reservation))
}
