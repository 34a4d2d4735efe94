use axum::extract::State;
use contracts::internal::users::StaffFactors;
use http_kit::{Json, Result};

use super::Panel;
use crate::app::AppState;
use crate::workflows::enrolment;

/// A staff member's second factors
#[utoipa::path(get, path = "/internal/staff/factors", responses((status = 200, body = StaffFactors)))]
pub(crate) async fn staff_factors(
    State(state): State<AppState>,
    Panel(service): Panel,
) -> Result<Json<StaffFactors>> {
    let (factors, required) = enrolment::show(&state, service.user()?.user_id).await?;
    Ok(Json(StaffFactors {
        totp: factors.totp,
        passkeys: factors.passkeys,
        recovery_codes: factors.recovery_codes,
        required,
    }))
}
