//! What goes through a mail: verifying an address, choosing a new password.

use std::net::IpAddr;

use contracts::events::{EmailNotification, Mail};
use http_kit::{Error, OnConstraint, Result};
use primitives::{EmailAddress, EventId, SessionId, UserId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::password::{GivenPassword, NewPassword};
use crate::domain::token;
use crate::domain::user::User;
use crate::store::one_time_tokens::{self, Purpose};
use crate::store::revocations::Pending;
use crate::store::sessions::{Which, Why};
use crate::store::{credentials, email_changes, identities, users};
use crate::workflows::register::{self, check_password, mail_the_address};
use crate::workflows::{api_keys, enrolment, revoke, sign_in};

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

/// Sends the mail again, unless the address is verified.
pub(crate) async fn resend_verification(state: &AppState, user: UserId) -> Result<()> {
    let mut tx = state.pool.begin().await?;
    let user = users::find(&mut tx, user)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    if user.email_verified_at.is_none() {
        mail_the_address(state, &mut tx, &user).await?;
    }
    tx.commit().await?;
    Ok(())
}

pub(crate) fn invalid_token() -> Error {
    Error::unprocessable(
        "invalid_token",
        "The link is not valid any more: it was used, has expired, or was never ours.",
    )
}

/// The user whom a token names, locked, if the token is good for the address that they have; it is used up.
async fn take(
    state: &AppState,
    tx: &mut PgConnection,
    given: &str,
    purpose: Purpose,
) -> Result<User> {
    let hash = token::hash(given);
    let owner = one_time_tokens::user_of(tx, &hash, purpose).await?;
    let owner = owner.ok_or_else(invalid_token)?;
    let user = users::lock(tx, owner).await?.ok_or_else(invalid_token)?;
    let used = one_time_tokens::take(tx, &hash, purpose, state.clock.now()).await?;
    // The mail proves the address it went to, and no other.
    if used.is_some_and(|used| used.user_id == user.id && used.email == user.email) {
        Ok(user)
    } else {
        Err(invalid_token())
    }
}

/// Makes the address this user's, if it is nobody's yet.
async fn prove_address(state: &AppState, tx: &mut PgConnection, user: &mut User) -> Result<()> {
    let now = state.clock.now();
    user.email_verified_at = Some(now);
    users::update(tx, user, now)
        .await
        .on_constraint("users_verified_email", invalid_token)?;
    state.publisher.publish(tx, &user.updated()).await?;
    // One that was asked for before needed no agreement of the address.
    email_changes::cancel(tx, user.id).await?;
    Ok(())
}

/// The first account that verifies an address has it.
pub(crate) async fn verify_email(state: &AppState, given: &str) -> Result<()> {
    let mut tx = state.pool.begin().await?;
    let mut user = take(state, &mut tx, given, Purpose::VerifyEmail).await?;
    if user.email_verified_at.is_none() {
        prove_address(state, &mut tx, &mut user).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Sets the password by a link, and ends all sessions: whoever was in the account before is out.
pub(crate) async fn reset_password(
    state: &AppState,
    given: &str,
    password: &NewPassword,
) -> Result<()> {
    let (token, now) = (token::hash(given), state.clock.now());
    let mut db = state.pool.acquire().await?;
    let user = one_time_tokens::peek(&mut db, &token, Purpose::ResetPassword, now).await?;
    let user = users::find(&mut db, user.ok_or_else(invalid_token)?).await?;
    drop(db);
    let user = user.ok_or_else(invalid_token)?;
    check_password(state, password, &user.email, &user.name, "password").await?;
    let hash = register::hash(state, password, &user.email).await?;
    let now = state.clock.now();
    let mut tx = state.pool.begin().await?;
    let mut user = take(state, &mut tx, given, Purpose::ResetPassword).await?;
    if user.disabled_at.is_some() {
        return Err(invalid_token());
    }
    credentials::set(&mut tx, user.id, &hash, now).await?;
    // Who read this mail has the address. Whoever was in the account before had not proved it, and may have left another way
    // in; of an account that is verified the second factors stay, or the mailbox alone would be enough.
    let mut revoked = Vec::new();
    if user.email_verified_at.is_none() {
        prove_address(state, &mut tx, &mut user).await?;
        enrolment::forget_all(&mut tx, user.id).await?;
        identities::remove_all(&mut tx, user.id).await?;
        revoked.extend(api_keys::end(state, &mut tx, user.id, None).await?);
    }
    revoked.extend(shut_out(state, &mut tx, &user, Which::All).await?);
    tx.commit().await?;
    state.announce(revoked).await;
    state.limits.forget(&user.email).await;
    Ok(())
}

/// After a new password: ends sessions, links and changes that wait, and tells the user.
async fn shut_out(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    which: Which,
) -> Result<Vec<Pending>> {
    email_changes::cancel(tx, user.id).await?;
    one_time_tokens::revoke_all(tx, user.id, state.clock.now()).await?;
    let revoked = revoke::end(state, tx, user.id, which, Why::Password).await?;
    let name = user.name.clone();
    mail(state, tx, &user.email, Mail::PasswordChanged { name }).await?;
    Ok(revoked)
}

/// Changes the password of who knows the current one, and ends all other sessions.
pub(crate) async fn change_password(
    state: &AppState,
    user: UserId,
    session: SessionId,
    current: &GivenPassword,
    new: &NewPassword,
    client: Option<IpAddr>,
) -> Result<()> {
    let old_hash = sign_in::check_password(state, user, current, client).await?;
    let user = users::find(&mut *state.pool.acquire().await?, user)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    check_password(state, new, &user.email, &user.name, "new_password").await?;
    let new_hash = register::hash(state, new, &user.email).await?;
    let mut tx = state.pool.begin().await?;
    let user = users::lock(&mut tx, user.id)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    let now = state.clock.now();
    if !credentials::replace(&mut tx, user.id, &old_hash, &new_hash, now).await? {
        return Err(sign_in::invalid_credentials());
    }
    let revoked = shut_out(state, &mut tx, &user, Which::AllBut(session)).await?;
    tx.commit().await?;
    state.announce(revoked).await;
    Ok(())
}
