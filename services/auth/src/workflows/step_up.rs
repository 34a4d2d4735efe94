//! Proving again who one is, within a session.

use std::net::IpAddr;

use auth_token::Method;
use http_kit::{Error, Result};
use primitives::{SessionId, UserId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::code::Code;
use crate::domain::password::GivenPassword;
use crate::domain::user::User;
use crate::store::sessions::{self, Proof};
use crate::store::{refresh_tokens, users};
use crate::workflows::sign_in::{self, Tokens};
use crate::workflows::{second_factor, sign_in::invalid_credentials};

/// With what somebody proves it.
pub(crate) enum Evidence {
    Password(GivenPassword),
    Code(Code),
}

/// Evidence of which the slow part is done, outside any transaction: a right password is known by the hash it was compared with.
pub(crate) enum Compared<'a> {
    Password(String),
    Code(&'a Code),
}

/// Compares a password.
pub(crate) async fn compare<'a>(
    state: &AppState,
    user: UserId,
    evidence: &'a Evidence,
    client: Option<IpAddr>,
) -> Result<Compared<'a>> {
    match evidence {
        Evidence::Password(password) => {
            let hash = sign_in::check_password(state, user, password, client).await?;
            Ok(Compared::Password(hash))
        }
        Evidence::Code(code) => Ok(Compared::Code(code)),
    }
}

/// New tokens of the session, from now on fresh.
pub(crate) async fn reauthenticate(
    state: &AppState,
    user: UserId,
    session: SessionId,
    evidence: &Evidence,
    client: Option<IpAddr>,
) -> Result<Tokens> {
    let compared = compare(state, user, evidence, client).await?;
    let mut tx = state.pool.begin().await?;
    let (user, method) = match check(state, &mut tx, user, compared).await {
        Ok(proved) => proved,
        Err(error) => {
            // The failure counts.
            tx.commit().await?;
            return Err(error);
        }
    };
    let tokens = renew(state, &mut tx, &user, session, method).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// Whether the evidence is that of the user, who is locked then. Whoever has a second factor must use it: the password alone
/// is what a thief may have. An error is to be committed too.
pub(crate) async fn check(
    state: &AppState,
    tx: &mut PgConnection,
    user: UserId,
    compared: Compared<'_>,
) -> Result<(User, Method)> {
    match compared {
        Compared::Password(hash) => {
            let user = users::lock_for_sign_in(tx, user, &hash)
                .await?
                .ok_or_else(invalid_credentials)?;
            if second_factor::factors(tx, user.id).await?.any() {
                return Err(Error::conflict(
                    "code_required",
                    "You have a second factor: send a code of it instead of the password.",
                ));
            }
            Ok((user, Method::Password))
        }
        Compared::Code(code) => {
            let user = users::lock(tx, user)
                .await?
                .filter(|user| user.disabled_at.is_none())
                .ok_or_else(invalid_credentials)?;
            if second_factor::check_code(state, tx, &user, code).await? {
                Ok((user, Method::OneTimeCode))
            } else {
                Err(second_factor::wrong_code())
            }
        }
    }
}

/// Notes a new proof in a session, and gives tokens that say so; those from before are used up. The user's row is locked.
pub(crate) async fn renew(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    session: SessionId,
    method: Method,
) -> Result<Tokens> {
    let proof = prove(state, tx, user, session, method).await?;
    refresh_tokens::use_up(tx, session, state.clock.now()).await?;
    sign_in::issue(state, tx, user, session, proof).await
}

/// Notes a new proof in a session that has not ended. The user's row is locked.
pub(crate) async fn prove(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    session: SessionId,
    method: Method,
) -> Result<Proof> {
    let now = state.clock.now();
    let before = sessions::proof(tx, session, user.id, now)
        .await?
        .ok_or_else(ended)?;
    let mut proof = Proof { at: now, ..before };
    if !proof.methods.contains(&method) {
        proof.methods.push(method);
    }
    sessions::prove(tx, session, &proof).await?;
    Ok(proof)
}

pub(crate) fn ended() -> Error {
    Error::unauthenticated("token_revoked", "The session has ended: sign in again.")
}
