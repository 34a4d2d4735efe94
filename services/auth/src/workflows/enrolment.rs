//! Setting up second factors, and taking them off.

use std::time::Duration;

use auth_token::{Acting, Method};
use contracts::events::{Mail, SecondFactorChange};
use fast_qr::{ECL, QRBuilder};
use http_kit::{Error, Result};
use primitives::{SessionId, UserId};
use serde_json::json;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::code::{Code, RecoveryCode};
use crate::domain::totp::Secret;
use crate::domain::user::User;
use crate::sealing::Purpose;
use crate::store::sessions::{self, Which, Why};
use crate::store::{passkeys, recovery_codes, totp, users};
use crate::workflows::second_factor::{self, Factors, factors};
use crate::workflows::sign_in::Tokens;
use crate::workflows::{manage, recovery, revoke, step_up};

/// How long a secret waits for its first code.
const ENROLMENT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// A user's factors, and whether the shop wants one.
pub(crate) async fn show(state: &AppState, user: UserId) -> Result<(Factors, bool)> {
    let mut db = state.pool.acquire().await?;
    let user = users::find(&mut db, user)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    let factors = factors(&mut db, user.id).await?;
    Ok((factors, second_factor::required(state, &user)))
}

/// Locks the user for a change of factors from a session. Whoever has a factor must have used it in this session: one that
/// began by the password alone, before there was a factor, may not take it off.
pub(crate) async fn lock_for_change(
    state: &AppState,
    tx: &mut PgConnection,
    user: UserId,
    session: SessionId,
) -> Result<(User, Factors)> {
    let user = users::lock(tx, user)
        .await?
        .filter(|user| user.disabled_at.is_none())
        .ok_or_else(step_up::ended)?;
    let proof = sessions::proof(tx, session, user.id, state.clock.now())
        .await?
        .ok_or_else(step_up::ended)?;
    let factors = factors(tx, user.id).await?;
    let used = proof.methods.iter().any(|method| method.is_second_factor());
    if factors.any() && !used {
        return Err(auth_token::stale());
    }
    Ok((user, factors))
}

/// The secret of an app that is being set up, thrice.
pub(crate) struct Shown {
    pub(crate) secret: String,
    pub(crate) uri: String,
    pub(crate) qr: String,
}

pub(crate) async fn start(state: &AppState, user: UserId, session: SessionId) -> Result<Shown> {
    let secret = Secret::new(&state.random);
    let mut tx = state.pool.begin().await?;
    let (user, _) = lock_for_change(state, &mut tx, user, session).await?;
    let sealed = state
        .sealing
        .seal(&state.random, Purpose::Totp, user.id, secret.bytes())
        .map_err(Error::internal)?;
    let until = state.clock.now() + ENROLMENT_LIFETIME;
    totp::begin(&mut tx, user.id, &sealed, until).await?;
    tx.commit().await?;
    let uri = secret.uri(&state.shop_name(), &user.email);
    Ok(Shown {
        secret: secret.text(),
        qr: qr(&uri)?,
        uri,
    })
}

/// Turns the app on by its first code. New tokens, which say that the factor was used; and recovery codes, unless there are
/// some.
pub(crate) async fn confirm(
    state: &AppState,
    user: UserId,
    session: SessionId,
    code: &Code,
) -> Result<(Vec<String>, Tokens)> {
    let mut tx = state.pool.begin().await?;
    let (user, codes) = match enrol(state, &mut tx, user, session, code).await {
        Ok(enrolled) => enrolled,
        Err(error) => {
            // The failure counts.
            tx.commit().await?;
            return Err(error);
        }
    };
    let tokens = step_up::renew(state, &mut tx, &user, session, Method::OneTimeCode).await?;
    tx.commit().await?;
    Ok((codes, tokens))
}

/// What [`confirm`] does but for the tokens. An error is to be committed too.
pub(crate) async fn enrol(
    state: &AppState,
    tx: &mut PgConnection,
    user: UserId,
    session: SessionId,
    code: &Code,
) -> Result<(User, Vec<String>)> {
    let (user, _) = lock_for_change(state, tx, user, session).await?;
    let now = state.clock.now();
    let sealed = totp::begun(tx, user.id, now).await?.ok_or_else(|| {
        Error::conflict(
            "not_started",
            "There is no authenticator app to confirm: begin to set it up again.",
        )
    })?;
    let secret = state
        .sealing
        .unseal(Purpose::Totp, user.id, &sealed)
        .map_err(Error::internal)?;
    let Some(last_step) = second_factor::check(state, tx, user.id, async |_| match code {
        Code::App(number) => Ok(Secret::from_bytes(secret).step_of(*number, now)),
        Code::Recovery(_) | Code::Nonsense => Ok(None),
    })
    .await?
    else {
        return Err(second_factor::wrong_code());
    };
    totp::set(tx, user.id, &totp::Secret { sealed, last_step }, now).await?;
    totp::forget_begun(tx, user.id).await?;
    tell(state, tx, &user, SecondFactorChange::TotpAdded).await?;
    let codes = first_codes(state, tx, user.id).await?;
    tracing::info!(user_id = %user.id, "an authenticator app was set up");
    Ok((user, codes))
}

pub(crate) async fn remove(state: &AppState, user: UserId, session: SessionId) -> Result<()> {
    let mut tx = state.pool.begin().await?;
    let (user, _) = lock_for_change(state, &mut tx, user, session).await?;
    if !totp::remove(&mut tx, user.id).await? {
        return Err(Error::not_found("authenticator app"));
    }
    after_removal(state, &mut tx, &user).await?;
    tell(state, &mut tx, &user, SecondFactorChange::TotpRemoved).await?;
    tx.commit().await?;
    tracing::info!(user_id = %user.id, "an authenticator app was removed");
    Ok(())
}

pub(crate) async fn new_codes(
    state: &AppState,
    user: UserId,
    session: SessionId,
) -> Result<Vec<String>> {
    let mut tx = state.pool.begin().await?;
    let (user, factors) = lock_for_change(state, &mut tx, user, session).await?;
    if !factors.any() {
        return Err(Error::conflict(
            "no_second_factor",
            "There is no second factor whose loss the codes would make good.",
        ));
    }
    let codes = make_codes(state, &mut tx, user.id).await?;
    let change = SecondFactorChange::RecoveryCodesReplaced;
    tell(state, &mut tx, &user, change).await?;
    tx.commit().await?;
    Ok(codes)
}

/// The codes that come with the first factor; none if there are some. The user's row is locked.
pub(crate) async fn first_codes(
    state: &AppState,
    tx: &mut PgConnection,
    user: UserId,
) -> Result<Vec<String>> {
    if recovery_codes::count(tx, user).await? > 0 {
        return Ok(Vec::new());
    }
    make_codes(state, tx, user).await
}

async fn make_codes(state: &AppState, tx: &mut PgConnection, user: UserId) -> Result<Vec<String>> {
    let codes = [(); RecoveryCode::COUNT].map(|()| RecoveryCode::new(&state.random));
    let hashes: Vec<Vec<u8>> = codes.iter().map(RecoveryCode::hash).collect();
    recovery_codes::replace(tx, user, &hashes, state.clock.now()).await?;
    Ok(codes.iter().map(RecoveryCode::text).collect())
}

/// After a factor was removed: if it was the last one, the recovery codes go too, which would be a way in for nothing. Those
/// who must have one cannot remove it, only replace it. The user's row is locked.
pub(crate) async fn after_removal(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
) -> Result<()> {
    if factors(tx, user.id).await?.any() {
        return Ok(());
    }
    if second_factor::required(state, user) {
        return Err(Error::conflict(
            "second_factor_required",
            "The shop wants a second factor of its staff: set up another one, which replaces this one.",
        ));
    }
    Ok(recovery_codes::remove_all(tx, user.id).await?)
}

/// Removes everything that takes the place of a password, or belongs to it. The user's row is locked.
pub(crate) async fn forget_all(tx: &mut PgConnection, user: UserId) -> Result<()> {
    totp::remove(tx, user).await?;
    totp::forget_begun(tx, user).await?;
    passkeys::remove_all(tx, user).await?;
    recovery_codes::remove_all(tx, user).await?;
    Ok(())
}

/// Takes all factors off a user who lost them, in the name of a staff member, and ends the user's sessions: whoever asked the
/// staff for it gets in only by the password.
pub(crate) async fn reset_by_staff(state: &AppState, staff: &Acting, id: UserId) -> Result<()> {
    if staff.user_id() == id {
        return Err(Error::conflict(
            "cannot_change_self",
            "You cannot reset your own second factor: remove it, or ask a colleague.",
        ));
    }
    let mut tx = state.pool.begin().await?;
    let user = manage::lock_for_staff(&mut tx, staff, id).await?;
    if !factors(&mut tx, id).await?.any() {
        return Ok(());
    }
    forget_all(&mut tx, id).await?;
    let revoked = revoke::end(state, &mut tx, id, Which::All, Why::SecondFactor).await?;
    tell(state, &mut tx, &user, SecondFactorChange::ResetByStaff).await?;
    let (before, after) = (
        json!({ "second_factor": true }),
        json!({ "second_factor": false }),
    );
    let target = format!("user:{id}");
    let act = staff.did("user.reset_second_factor", target, before, after);
    state.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    tracing::info!(by = %staff.user_id(), user_id = %id, "staff reset a user's second factor");
    state.announce(revoked).await;
    Ok(())
}

/// Tells the user of a change, so that they hear of one that was not theirs.
pub(crate) async fn tell(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    change: SecondFactorChange,
) -> Result<()> {
    let mail = Mail::SecondFactorChanged {
        name: user.name.clone(),
        change,
    };
    recovery::mail(state, tx, &user.email, mail).await
}

/// A QR code as an image of one path, black on white whatever the page's colours: cameras want it so.
fn qr(text: &str) -> Result<String> {
    let code = QRBuilder::new(text)
        .ecl(ECL::M)
        .build()
        .map_err(|error| Error::internal(anyhow::anyhow!("no QR code: {error:?}")))?;
    let dark = (0..code.size).flat_map(|y| {
        let row = code.data.get(y * code.size..(y + 1) * code.size);
        let row = row.unwrap_or_default().iter().enumerate();
        row.filter(|(_, module)| module.value())
            .map(move |(x, _)| format!("M{x} {y}h1v1h-1z"))
    });
    let path: String = dark.collect();
    // Four modules of quiet around it.
    let side = code.size + 8;
    Ok(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 {side} {side}" width="240" height="240" role="img" aria-label="QR code" shape-rendering="crispEdges"><path fill="#fff" d="M-4 -4h{side}v{side}h-{side}z"/><path d="{path}"/></svg>"##
    ))
}
