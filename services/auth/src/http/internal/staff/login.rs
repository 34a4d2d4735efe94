use axum::extract::State;
use contracts::internal::users::{StaffLoginRequest, StaffSignIn};
use http_kit::{Json, Problem, Result};
use primitives::EmailAddress;

use super::{Panel, device};
use crate::app::AppState;
use crate::domain::password::GivenPassword;
use crate::workflows::{panel, sign_in};

/// Sign a member of staff in to the admin panel, the first step
///
/// A customer's right password is 403 `not_staff`.
#[utoipa::path(post, path = "/internal/staff/login", request_body = StaffLoginRequest, responses(
    (status = 200, body = StaffSignIn),
    (status = 401, body = Problem, description = "`invalid_credentials`"),
    (status = 403, body = Problem, description = "`not_staff` or `account_disabled`"),
    (status = 429, body = Problem, description = "`rate_limited`: too many tries failed"),
))]
pub(crate) async fn staff_login(
    State(state): State<AppState>,
    _: Panel,
    Json(request): Json<StaffLoginRequest>,
) -> Result<Json<StaffSignIn>> {
    let email: EmailAddress = request
        .email
        .parse()
        .map_err(|_| sign_in::invalid_credentials())?;
    let password = GivenPassword::new(request.password);
    let answer = panel::login(&state, &email, &password, &device(request.user_agent)).await?;
    Ok(Json(answer))
}
