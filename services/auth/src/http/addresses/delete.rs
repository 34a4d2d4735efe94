use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Path, Result};
use primitives::AddressId;

use crate::app::AppState;
use crate::http::problems::{Missing, SignedIn};
use crate::store::addresses;

/// Delete an address
#[utoipa::path(delete, path = "/api/users/me/addresses/{id}", tag = "users", security(("bearer" = [])),
    params(("id" = AddressId, Path)), responses((status = 204), SignedIn, Missing))]
pub(crate) async fn delete_address(
    State(state): State<AppState>,
    user: User,
    Path(id): Path<AddressId>,
) -> Result<StatusCode> {
    if addresses::delete(&mut *state.pool.acquire().await?, user.user_id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::not_found("address"))
    }
}
