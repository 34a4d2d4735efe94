use auth_token::Service;
use axum::extract::State;
use contracts::internal::users::{StaffLoginRequest, UserSnapshot};
use http_kit::{ClientIp, Error, Json, Problem, Result};
use primitives::EmailAddress;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::password::GivenPassword;
use crate::store::{deletions, users};
use crate::workflows::sign_in;

#[derive(Serialize, ToSchema)]
pub(crate) struct StaffLoginResponse {
    user: UserSnapshot,
}

/// Check a staff member's password, for the admin panel's own sessions
///
/// A customer's right password is 403 `not_staff`.
#[utoipa::path(post, path = "/internal/staff/login", request_body = StaffLoginRequest, responses(
    (status = 200, body = StaffLoginResponse),
    (status = 401, body = Problem, description = "`invalid_credentials`"),
    (status = 403, body = Problem, description = "`not_staff` or `account_disabled`"),
    (status = 429, body = Problem, description = "`rate_limited`: too many tries failed"),
))]
pub(crate) async fn staff_login(
    State(state): State<AppState>,
    _: Service,
    Json(request): Json<StaffLoginRequest>,
) -> Result<Json<StaffLoginResponse>> {
    let email: EmailAddress = request
        .email
        .parse()
        .map_err(|_| sign_in::invalid_credentials())?;
    let password = GivenPassword::new(request.password);
    // The panel says whom it answers. Its own address would stand for all of the staff.
    let client = ClientIp::current().map(|ClientIp(ip)| ip);
    let (id, _) = sign_in::authenticate(&state, &email, &password, client).await?;
    let mut conn = state.pool.acquire().await?;
    let user = users::find(&mut conn, id)
        .await?
        .ok_or_else(sign_in::invalid_credentials)?;
    if !user.role.is_staff() {
        return Err(Error::forbidden(
            "not_staff",
            "This account is not a staff account.",
        ));
    }
    // A sign-in like any other: it keeps the account.
    deletions::take_back(&mut conn, id).await?;
    Ok(Json(StaffLoginResponse {
        user: user.snapshot(),
    }))
}
