use auth_token::User;
use axum::extract::State;
use http_kit::{Error, Json, Path, Result};
use primitives::AddressId;
use primitives::postal::AddressForm;

use crate::app::AppState;
use crate::domain::address::Address;
use crate::http::problems::{BadBody, Missing, SignedIn};
use crate::store::{addresses, users};

/// Replace an address
///
/// It stays the default that it is, unless told otherwise.
#[utoipa::path(put, path = "/api/users/me/addresses/{id}", tag = "users", security(("bearer" = [])), params(("id" = AddressId, Path)),
    request_body = AddressForm, responses((status = 200, body = Address), SignedIn, Missing, BadBody))]
pub(crate) async fn update_address(
    State(state): State<AppState>,
    user: User,
    Path(id): Path<AddressId>,
    Json(input): Json<AddressForm>,
) -> Result<Json<Address>> {
    let missing = || Error::not_found("address");
    let mut tx = state.pool.begin().await?;
    users::lock(&mut tx, user.user_id)
        .await?
        .ok_or_else(missing)?;
    let (shipping, billing) = (
        input.is_default_shipping.unwrap_or_default(),
        input.is_default_billing.unwrap_or_default(),
    );
    if shipping || billing {
        addresses::clear_defaults(&mut tx, user.user_id, shipping, billing, id).await?;
    }
    let address = addresses::update(&mut tx, user.user_id, id, &input, state.clock.now())
        .await?
        .ok_or_else(missing)?;
    tx.commit().await?;
    Ok(Json(address))
}
