use auth_token::Service;
use axum::extract::State;
use contracts::internal::users::AddressSnapshot;
use http_kit::{Error, Json, Path, Problem, Result};
use primitives::{AddressId, UserId};

use crate::app::AppState;
use crate::store::addresses;

/// A user's saved address
#[utoipa::path(get, path = "/internal/users/{id}/addresses/{address_id}", params(("id" = UserId, Path), ("address_id" = AddressId, Path)), responses(
    (status = 200, body = AddressSnapshot),
    (status = 404, body = Problem, description = "`not_found`"),
))]
pub(crate) async fn address(
    State(state): State<AppState>,
    _: Service,
    Path((user, id)): Path<(UserId, AddressId)>,
) -> Result<Json<AddressSnapshot>> {
    let address = addresses::find(&mut *state.pool.acquire().await?, user, id).await?;
    Ok(Json(
        address.ok_or_else(|| Error::not_found("address"))?.into(),
    ))
}
