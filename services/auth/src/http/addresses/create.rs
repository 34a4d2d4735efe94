use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Json, Problem, Result};
use primitives::AddressId;
use primitives::postal::AddressForm;

use crate::app::AppState;
use crate::domain::address::{Address, MOST};
use crate::http::problems::{BadBody, SignedIn};
use crate::store::{addresses, users};

/// Save an address
///
/// It is checked by the rules of its country. The first one becomes the default to ship and to bill to, unless told otherwise.
#[utoipa::path(post, path = "/api/users/me/addresses", tag = "users", security(("bearer" = [])), request_body = AddressForm, responses(
    (status = 201, body = Address),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`too_many_addresses`"),
    SignedIn, BadBody,
))]
pub(crate) async fn create_address(
    State(state): State<AppState>,
    user: User,
    Json(mut input): Json<AddressForm>,
) -> Result<(StatusCode, Json<Address>)> {
    let now = state.clock.now();
    let id = AddressId::new(now, &state.random);
    let mut tx = state.pool.begin().await?;
    // Two at once would both see room for one, and both be the default.
    users::lock(&mut tx, user.user_id)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    let kept = addresses::count(&mut tx, user.user_id).await?;
    if kept >= MOST {
        return Err(Error::conflict(
            "too_many_addresses",
            format!("You can keep {MOST} addresses: delete one first."),
        ));
    }
    let shipping = *input.is_default_shipping.get_or_insert(kept == 0);
    let billing = *input.is_default_billing.get_or_insert(kept == 0);
    if shipping || billing {
        addresses::clear_defaults(&mut tx, user.user_id, shipping, billing, id).await?;
    }
    let address = addresses::insert(&mut tx, user.user_id, id, &input, now).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(address)))
}
