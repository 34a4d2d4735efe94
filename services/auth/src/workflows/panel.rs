//! The sign-in of staff to the admin panel. Its sessions are sessions like others, so that whatever ends those of a user ends
//! these too; but no tokens belong to them.

use std::net::IpAddr;

use auth_token::Method;
use contracts::internal::users::{StaffSession, StaffSignIn};
use http_kit::{Error, Result};
use primitives::{EmailAddress, SessionId, UserId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::code::Code;
use crate::domain::password::GivenPassword;
use crate::domain::token::PANEL_LIFETIME;
use crate::domain::user::User;
use crate::store::sessions::Device;
use crate::store::users;
use crate::workflows::step_up::{self, Evidence};
use crate::workflows::{enrolment, second_factor, sign_in};

pub(crate) async fn login(
    state: &AppState,
    email: &EmailAddress,
    password: &GivenPassword,
    device: &Device,
) -> Result<StaffSignIn> {
    let (id, hash) = sign_in::authenticate(state, email, password, device.ip).await?;
    let mut tx = state.pool.begin().await?;
    let user = users::lock_for_sign_in(&mut tx, id, &hash)
        .await?
        .ok_or_else(sign_in::invalid_credentials)?;
    if !user.role.is_staff() {
        return Err(not_staff());
    }
    let methods = [Method::Password];
    let factors = second_factor::factors(&mut tx, user.id).await?;
    let answer = if factors.any() {
        let challenge = second_factor::wait(state, &mut tx, &user, factors, &methods).await?;
        StaffSignIn::SecondFactor {
            mfa_token: challenge.token.text().to_owned(),
            methods: challenge.methods.into_iter().map(str::to_owned).collect(),
        }
    } else {
        StaffSignIn::SignedIn(begin(state, &mut tx, user, &methods, device).await?)
    };
    tx.commit().await?;
    Ok(answer)
}

pub(crate) async fn second_step(
    state: &AppState,
    mfa_token: &str,
    code: &Code,
    device: &Device,
) -> Result<StaffSession> {
    let mut tx = state.pool.begin().await?;
    let Some((user, methods)) = second_factor::pass(state, &mut tx, mfa_token, code).await? else {
        tx.commit().await?;
        return Err(second_factor::wrong_code());
    };
    // Also a customer's sign-in may wait under such a token.
    if !user.role.is_staff() {
        return Err(not_staff());
    }
    let session = begin(state, &mut tx, user, &methods, device).await?;
    tx.commit().await?;
    Ok(session)
}

fn not_staff() -> Error {
    Error::forbidden("not_staff", "This account is not a staff account.")
}

async fn begin(
    state: &AppState,
    tx: &mut PgConnection,
    user: User,
    methods: &[Method],
    device: &Device,
) -> Result<StaffSession> {
    let (session_id, _) = sign_in::begin(state, tx, &user, methods, device, PANEL_LIFETIME).await?;
    Ok(StaffSession {
        user: user.snapshot(),
        session_id,
        factor_required: second_factor::required(state, &user),
    })
}

/// Makes the session fresh.
pub(crate) async fn reauthenticate(
    state: &AppState,
    user: UserId,
    session: SessionId,
    evidence: &Evidence,
    client: Option<IpAddr>,
) -> Result<()> {
    let compared = step_up::compare(state, user, evidence, client).await?;
    let mut tx = state.pool.begin().await?;
    let (user, method) = match step_up::check(state, &mut tx, user, compared).await {
        Ok(proved) => proved,
        Err(error) => {
            // The failure counts.
            tx.commit().await?;
            return Err(error);
        }
    };
    step_up::prove(state, &mut tx, &user, session, method).await?;
    tx.commit().await?;
    Ok(())
}

/// Sets an authenticator app up by its first code; the session has used it then.
pub(crate) async fn confirm_totp(
    state: &AppState,
    user: UserId,
    session: SessionId,
    code: &Code,
) -> Result<Vec<String>> {
    let mut tx = state.pool.begin().await?;
    let (user, codes) = match enrolment::enrol(state, &mut tx, user, session, code).await {
        Ok(enrolled) => enrolled,
        Err(error) => {
            // The failure counts.
            tx.commit().await?;
            return Err(error);
        }
    };
    step_up::prove(state, &mut tx, &user, session, Method::OneTimeCode).await?;
    tx.commit().await?;
    Ok(codes)
}
