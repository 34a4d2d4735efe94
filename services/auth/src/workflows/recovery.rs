//! What goes through a mail: verifying an address, choosing a new password.

use contracts::events::{EmailNotification, Mail};
use http_kit::{Error, Result};
use primitives::{EmailAddress, EventId, SessionId, UserId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::password::{GivenPassword, NewPassword};
use crate::domain::token::{self, OpaqueToken, RESET_LIFETIME, VERIFY_LIFETIME};
use crate::domain::user::User;
use crate::store::one_time_tokens::{self, Purpose};
use crate::store::sessions::{Which, Why};
use crate::store::{credentials, users};
use crate::workflows::register::check_password;
use crate::workflows::{revoke, sign_in};

/// Asks for a mail, in the transaction of its cause.
pub(crate) async fn mail(
    state: &AppState,
    tx: &mut PgConnection,
    to: &EmailAddress,
    mail: Mail,
) -> Result<()> {
    let mail_id = EventId::new(state.clock.now(), &state.random);
    state
        .publisher
        .publish(
            tx,
            &EmailNotification {
                mail_id,
                to: to.clone(),
                mail,
            },
        )
        .await?;
    Ok(())
}

pub(crate) async fn send_verification(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
) -> Result<()> {
    let (token, now) = (OpaqueToken::new(&state.random), state.clock.now());
    one_time_tokens::insert(
        tx,
        &token.hash(),
        Purpose::VerifyEmail,
        user.id,
        &user.email,
        now,
        now + VERIFY_LIFETIME,
    )
    .await?;
    let url = state.settings.link("verify-email", token.text());
    mail(
        state,
        tx,
        &user.email,
        Mail::VerifyEmail {
            name: user.name.clone(),
            url,
        },
    )
    .await
}

/// Sends the mail again, unless the address is verified.
pub(crate) async fn resend_verification(state: &AppState, user: UserId) -> Result<()> {
    let mut tx = state.pool.begin().await?;
    let user = users::find(&mut tx, user)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    if user.email_verified_at.is_none() {
        send_verification(state, &mut tx, &user).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn invalid_token() -> Error {
    Error::unprocessable(
        "invalid_token",
        "The link is not valid any more: it was used, has expired, or was never ours.",
    )
}

pub(crate) async fn verify_email(state: &AppState, given: &str) -> Result<()> {
    let now = state.clock.now();
    let mut tx = state.pool.begin().await?;
    let used = one_time_tokens::take(&mut tx, &token::hash(given), Purpose::VerifyEmail, now)
        .await?
        .ok_or_else(invalid_token)?;
    let mut user = users::lock(&mut tx, used.user_id)
        .await?
        .ok_or_else(invalid_token)?;
    // The mail proves the address it went to, and no other.
    if user.email != used.email {
        return Err(invalid_token());
    }
    if user.email_verified_at.is_none() {
        user.email_verified_at = Some(now);
        users::update(&mut tx, &user, now).await?;
        state.publisher.publish(&mut tx, &user.updated()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Sends a link if there is such a user; the answer is the same if not.
pub(crate) async fn forgot_password(state: &AppState, email: &EmailAddress) -> Result<()> {
    let now = state.clock.now();
    let mut tx = state.pool.begin().await?;
    if let Some(user) = users::find_by_email(&mut tx, email)
        .await?
        .filter(|user| user.disabled_at.is_none())
    {
        let token = OpaqueToken::new(&state.random);
        one_time_tokens::insert(
            &mut tx,
            &token.hash(),
            Purpose::ResetPassword,
            user.id,
            email,
            now,
            now + RESET_LIFETIME,
        )
        .await?;
        let url = state.settings.link("reset-password", token.text());
        mail(
            state,
            &mut tx,
            email,
            Mail::ResetPassword {
                name: user.name,
                url,
            },
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Sets the password by a link, and ends all sessions.
pub(crate) async fn reset_password(
    state: &AppState,
    given: &str,
    password: &NewPassword,
) -> Result<()> {
    let hash = state.passwords.hash(password.secret()).await?;
    let now = state.clock.now();
    let mut tx = state.pool.begin().await?;
    let used = one_time_tokens::take(&mut tx, &token::hash(given), Purpose::ResetPassword, now)
        .await?
        .ok_or_else(invalid_token)?;
    let mut user = users::lock(&mut tx, used.user_id)
        .await?
        .ok_or_else(invalid_token)?;
    if user.disabled_at.is_some() || user.email != used.email {
        return Err(invalid_token());
    }
    check_password(password, &user.email, "password")?;
    credentials::set(&mut tx, user.id, &hash, now).await?;
    // Who read this mail has the address.
    if user.email_verified_at.is_none() {
        user.email_verified_at = Some(now);
        users::update(&mut tx, &user, now).await?;
        state.publisher.publish(&mut tx, &user.updated()).await?;
    }
    let revoked = revoke::end(state, &mut tx, user.id, Which::All, Why::Password).await?;
    mail(
        state,
        &mut tx,
        &user.email,
        Mail::PasswordChanged {
            name: user.name.clone(),
        },
    )
    .await?;
    tx.commit().await?;
    state.announce(revoked).await;
    Ok(())
}

/// Changes the password of who knows the current one, and ends all other sessions.
pub(crate) async fn change_password(
    state: &AppState,
    user: UserId,
    session: SessionId,
    current: &GivenPassword,
    new: &NewPassword,
) -> Result<()> {
    let old_hash = sign_in::check_password(state, user, current).await?;
    let new_hash = state.passwords.hash(new.secret()).await?;
    let now = state.clock.now();
    let mut tx = state.pool.begin().await?;
    let user = users::lock(&mut tx, user)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    check_password(new, &user.email, "new_password")?;
    if !credentials::replace(&mut tx, user.id, &old_hash, &new_hash, now).await? {
        return Err(sign_in::invalid_credentials());
    }
    let revoked = revoke::end(
        state,
        &mut tx,
        user.id,
        Which::AllBut(session),
        Why::Password,
    )
    .await?;
    mail(
        state,
        &mut tx,
        &user.email,
        Mail::PasswordChanged {
            name: user.name.clone(),
        },
    )
    .await?;
    tx.commit().await?;
    state.announce(revoked).await;
    Ok(())
}
