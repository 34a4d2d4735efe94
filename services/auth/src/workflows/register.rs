use auth_token::{Method, Role};
use http_kit::{Error, OnConstraint, Result};
use primitives::{EmailAddress, UserId};

use crate::app::AppState;
use crate::domain::password::NewPassword;
use crate::domain::user::{Name, User};
use crate::store::sessions::Device;
use crate::store::{credentials, users};
use crate::workflows::recovery;
use crate::workflows::sign_in::{self, Tokens};

/// Opens an account and signs in.
pub(crate) async fn register(
    state: &AppState,
    email: EmailAddress,
    password: &NewPassword,
    name: &Name,
    device: &Device,
) -> Result<(User, Tokens)> {
    check_password(password, &email, "password")?;
    let hash = state.passwords.hash(password.secret()).await?;
    let now = state.clock.now();
    let user = User {
        id: UserId::new(now, &state.random),
        email,
        email_verified_at: None,
        name: name.as_str().to_owned(),
        role: Role::Customer,
        disabled_at: None,
        created_at: now,
    };
    let mut tx = state.pool.begin().await?;
    users::insert(&mut tx, &user)
        .await
        .on_constraint("users_email_key", || {
            Error::conflict(
                "email_taken",
                "There is an account with this e-mail address.",
            )
        })?;
    credentials::set(&mut tx, user.id, &hash, now).await?;
    state.publisher.publish(&mut tx, &user.registered()).await?;
    recovery::send_verification(state, &mut tx, &user).await?;
    let tokens = sign_in::open_session(state, &mut tx, &user, &[Method::Password], device).await?;
    tx.commit().await?;
    Ok((user, tokens))
}

/// What a password alone cannot tell: whether it is just the address.
pub(crate) fn check_password(
    password: &NewPassword,
    email: &EmailAddress,
    field: &str,
) -> Result<()> {
    if password.is_like(email) {
        return Err(http_kit::one_field(
            field,
            "invalid",
            "must not be your e-mail address",
        ));
    }
    Ok(())
}
