//! Proving who one is by a passkey.

use auth_token::Method;
use http_kit::{Error, Result};
use primitives::{SessionId, UserId};
use sqlx::{PgConnection, PgTransaction};

use crate::app::AppState;
use crate::domain::token;
use crate::domain::user::User;
use crate::domain::webauthn::{
    Assertion, ClientData, Expected, Refusal, RequestOptions, Used, verify_assertion,
};
use crate::limits::Account;
use crate::store::passkey_challenges::Purpose;
use crate::store::sessions::Device;
use crate::store::{challenges, passkeys, users};
use crate::workflows::passkeys::{challenge, descriptors, take_challenge};
use crate::workflows::sign_in::{self, Tokens};
use crate::workflows::{second_factor, step_up};

/// One answer for all that can be wrong, so that it says nothing about accounts; the reason is in the log.
fn refused(refusal: Refusal) -> Error {
    Error::unauthenticated("invalid_credentials", "The passkey was not accepted.")
        .caused_by(refusal)
}

/// An answer to a challenge of ours, which it used up.
struct Answered<'a> {
    answer: &'a Assertion,
    client_data: ClientData,
    challenge_hash: Vec<u8>,
    purpose: Purpose,
}

impl<'a> Answered<'a> {
    async fn take(state: &AppState, answer: &'a Assertion, purpose: Purpose) -> Result<Self> {
        let client_data = ClientData::parse(&answer.response.client_data).map_err(refused)?;
        let challenge_hash = take_challenge(state, &client_data, purpose).await?;
        Ok(Self {
            answer,
            challenge_hash: challenge_hash.ok_or_else(|| refused(Refusal::Challenge))?,
            client_data,
            purpose,
        })
    }

    /// Verifies that it comes from a passkey of the user, who is locked, and keeps what the use changed.
    async fn verify(&self, state: &AppState, tx: &mut PgConnection, user: &User) -> Result<Used> {
        let passwordless = self.purpose == Purpose::SignIn;
        let (id, kept) = passkeys::lock(tx, user.id, &self.answer.id)
            .await?
            .ok_or_else(|| refused(Refusal::CredentialId))?;
        let expected = Expected {
            relying_party: &state.relying_party,
            challenge_hash: &self.challenge_hash,
            user_verification: passwordless,
        };
        let used = verify_assertion(
            &self.answer.response,
            &self.client_data,
            &kept,
            !passwordless,
            &expected,
        )
        .inspect_err(|refusal| {
            if *refusal == Refusal::Counter {
                tracing::warn!(user_id = %user.id, passkey_id = %id, "a passkey's counter went back: it may have been copied");
            }
        })
        .map_err(refused)?;
        // Step 24 of §7.2: that it verifies its user counts from when another factor vouched for it.
        let vouched = matches!(self.purpose, Purpose::SecondFactor(_)) && used.user_verified;
        passkeys::mark_used(tx, id, used, vouched, state.clock.now()).await?;
        Ok(used)
    }
}

/// Options for the second step of a sign-in: the passkeys of who knew the password.
pub(crate) async fn second_step_options(
    state: &AppState,
    mfa_token: &str,
) -> Result<RequestOptions> {
    let mut tx = state.pool.begin().await?;
    let user = second_factor::waiting(state, &mut tx, mfa_token)
        .await?
        .user;
    options_of(state, tx, Purpose::SecondFactor(user.id)).await
}

/// Options for proving again, within a session, who one is.
pub(crate) async fn reauthentication_options(
    state: &AppState,
    user: UserId,
) -> Result<RequestOptions> {
    let tx = state.pool.begin().await?;
    options_of(state, tx, Purpose::Reauthentication(user)).await
}

async fn options_of(
    state: &AppState,
    mut tx: PgTransaction<'_>,
    purpose: Purpose,
) -> Result<RequestOptions> {
    let allowed = match purpose.user() {
        Some(user) => descriptors(&mut tx, user).await?,
        None => Vec::new(),
    };
    if purpose.user().is_some() && allowed.is_empty() {
        return Err(Error::conflict("no_passkey", "You have no passkey."));
    }
    let challenge = challenge(state, &mut tx, purpose).await?;
    tx.commit().await?;
    Ok(RequestOptions::new(
        &state.relying_party,
        &challenge,
        allowed,
        purpose == Purpose::SignIn,
    ))
}

/// Options for a sign-in that begins with the passkey: the same for everybody, so they tell nothing.
pub(crate) async fn options(state: &AppState) -> Result<RequestOptions> {
    options_of(state, state.pool.begin().await?, Purpose::SignIn).await
}

/// Signs in by a passkey alone: it is in the user's hand, and verified that it is theirs. Who fails too often waits.
pub(crate) async fn sign_in(
    state: &AppState,
    answer: &Assertion,
    device: &Device,
) -> Result<(User, Tokens)> {
    let attempt = state.limits.attempt(Account::Unknown, device.ip).await?;
    let outcome = sign_in_by(state, answer, device).await;
    attempt.settle(&outcome).await;
    outcome
}

async fn sign_in_by(
    state: &AppState,
    answer: &Assertion,
    device: &Device,
) -> Result<(User, Tokens)> {
    let answered = Answered::take(state, answer, Purpose::SignIn).await?;
    let mut tx = state.pool.begin().await?;
    let unknown = || refused(Refusal::CredentialId);
    let owner = passkeys::owner(&mut tx, &answer.id)
        .await?
        .ok_or_else(unknown)?;
    let user = users::lock(&mut tx, owner).await?.ok_or_else(unknown)?;
    answered.verify(state, &mut tx, &user).await?;
    // Only who has the passkey learns that the account is shut.
    if user.disabled_at.is_some() {
        return Err(Error::forbidden(
            "account_disabled",
            "This account has been disabled.",
        ));
    }
    let tokens = sign_in::open_session(state, &mut tx, &user, &[Method::Passkey], device).await?;
    tx.commit().await?;
    Ok((user, tokens))
}

/// Signs in by a passkey after the password.
pub(crate) async fn second_step(
    state: &AppState,
    answer: &Assertion,
    mfa_token: &str,
    device: &Device,
) -> Result<(User, Tokens)> {
    let hash = token::hash(mfa_token);
    let owner = challenges::owner(&mut *state.pool.acquire().await?, &hash).await?;
    let owner = owner.ok_or_else(second_factor::over)?;
    let answered = Answered::take(state, answer, Purpose::SecondFactor(owner)).await?;
    let mut tx = state.pool.begin().await?;
    let waiting = second_factor::waiting(state, &mut tx, mfa_token).await?;
    answered.verify(state, &mut tx, &waiting.user).await?;
    let (user, methods) = waiting.passed(state, &mut tx, Method::Passkey).await?;
    let tokens = sign_in::open_session(state, &mut tx, &user, &methods, device).await?;
    tx.commit().await?;
    Ok((user, tokens))
}

/// New tokens of the session, from now on fresh.
pub(crate) async fn reauthenticate(
    state: &AppState,
    user: UserId,
    session: SessionId,
    answer: &Assertion,
) -> Result<Tokens> {
    let answered = Answered::take(state, answer, Purpose::Reauthentication(user)).await?;
    let mut tx = state.pool.begin().await?;
    let user = users::lock(&mut tx, user)
        .await?
        .filter(|user| user.disabled_at.is_none())
        .ok_or_else(step_up::ended)?;
    answered.verify(state, &mut tx, &user).await?;
    let tokens = step_up::renew(state, &mut tx, &user, session, Method::Passkey).await?;
    tx.commit().await?;
    Ok(tokens)
}
