use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Path, Result};
use primitives::AddressId;

use crate::app::AppState;
use crate::http::problems::{Missing, SignedIn};
use crate::store::{addresses, users};

/// Delete an address
///
/// If it was a default, the newest of the others becomes it.
#[utoipa::path(delete, path = "/api/users/me/addresses/{id}", tag = "users", security(("bearer" = [])),
    params(("id" = AddressId, Path)), responses((status = 204), SignedIn, Missing))]
pub(crate) async fn delete_address(
    State(state): State<AppState>,
    user: User,
    Path(id): Path<AddressId>,
) -> Result<StatusCode> {
    let missing = || Error::not_found("address");
    let mut tx = state.pool.begin().await?;
    // Two at once would each leave the default to the other.
    users::lock(&mut tx, user.user_id)
        .await?
        .ok_or_else(missing)?;
    if !addresses::delete(&mut tx, user.user_id, id).await? {
        return Err(missing());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
