//! The second step of a sign-in, and codes wherever they are asked for.

use std::time::Duration;

use auth_token::Method;
use contracts::events::SecondFactorChange;
use http_kit::{Error, Result};
use primitives::UserId;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::config::StaffSecondFactor;
use crate::domain::code::Code;
use crate::domain::token::{self, CHALLENGE_LIFETIME, OpaqueToken};
use crate::domain::totp::Secret;
use crate::domain::user::User;
use crate::sealing::Purpose;
use crate::store::sessions::Device;
use crate::store::{challenges, passkeys, recovery_codes, totp, users, wrong_codes};
use crate::workflows::enrolment;
use crate::workflows::sign_in::{self, Tokens};

/// How many wrong codes a waiting sign-in takes.
const FAILURES_OF_A_CHALLENGE: i32 = 5;
/// How many wrong codes a user may send in a row, whatever the sign-in, before codes are refused for the rest of
/// [`WRONG_CODES_WINDOW`]. Three of a million codes are good at a time, so a thief with the password has a chance of three in a
/// thousand for each day of trying.
const WRONG_CODES: i32 = 10;
const WRONG_CODES_WINDOW: Duration = Duration::from_secs(15 * 60);

/// What a user has besides the password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Factors {
    /// An authenticator app.
    pub(crate) totp: bool,
    /// Passkeys.
    pub(crate) passkeys: bool,
    /// Codes for emergencies that are left; no factor by themselves.
    pub(crate) recovery_codes: i64,
}

impl Factors {
    /// Whether signing in needs a second step.
    pub(crate) fn any(self) -> bool {
        self.totp || self.passkeys
    }

    /// The words of the API for what the second step may be.
    fn words(self) -> Vec<&'static str> {
        let all = [
            (self.totp, "totp"),
            (self.passkeys, "passkey"),
            (self.recovery_codes > 0, "recovery_code"),
        ];
        all.into_iter()
            .filter_map(|(has, word)| has.then_some(word))
            .collect()
    }
}

pub(crate) async fn factors(db: &mut PgConnection, user: UserId) -> Result<Factors> {
    Ok(Factors {
        totp: totp::find(&mut *db, user).await?.is_some(),
        passkeys: passkeys::count(&mut *db, user).await? > 0,
        recovery_codes: recovery_codes::count(db, user).await?,
    })
}

/// Whether the shop wants a second factor of this user.
pub(crate) fn required(state: &AppState, user: &User) -> bool {
    state.settings.staff_second_factor == StaffSecondFactor::Required && user.role.is_staff()
}

/// A sign-in that waits for its second factor, as the client gets it.
#[derive(Debug)]
pub(crate) struct Challenge {
    pub(crate) token: OpaqueToken,
    pub(crate) methods: Vec<&'static str>,
}

/// Notes what was proved, and waits for the rest. The user's row is locked.
pub(crate) async fn wait(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    factors: Factors,
    methods: &[Method],
) -> Result<Challenge> {
    let (token, now) = (OpaqueToken::new(&state.random), state.clock.now());
    let until = now + CHALLENGE_LIFETIME;
    challenges::insert(tx, &token.hash(), user.id, methods, now, until).await?;
    Ok(Challenge {
        token,
        methods: factors.words(),
    })
}

/// A sign-in that waits, locked together with its user.
pub(crate) struct Waiting {
    pub(crate) user: User,
    hash: Vec<u8>,
    methods: Vec<Method>,
}

pub(crate) fn over() -> Error {
    Error::unauthenticated(
        "invalid_mfa_token",
        "This sign-in has waited too long or failed too often: begin again with the password.",
    )
}

/// The sign-in that waits under a token. Changing the password, or disabling the user, has ended it.
pub(crate) async fn waiting(
    state: &AppState,
    tx: &mut PgConnection,
    mfa_token: &str,
) -> Result<Waiting> {
    let hash = token::hash(mfa_token);
    let owner = challenges::owner(tx, &hash).await?.ok_or_else(over)?;
    let user = users::lock(tx, owner).await?;
    let user = user.filter(|user| user.disabled_at.is_none());
    let challenge = challenges::lock(tx, &hash, state.clock.now()).await?;
    let challenge = challenge.filter(|challenge| challenge.failures < FAILURES_OF_A_CHALLENGE);
    match (user, challenge) {
        (Some(user), Some(challenge)) => Ok(Waiting {
            user,
            hash,
            methods: challenge.methods,
        }),
        _ => Err(over()),
    }
}

impl Waiting {
    /// The second factor was wrong; the caller commits.
    pub(crate) async fn failed(&self, tx: &mut PgConnection) -> Result<()> {
        Ok(challenges::count_failure(tx, &self.hash).await?)
    }

    /// The second factor was right: the sign-in is used up. The user, and all that was proved.
    pub(crate) async fn passed(
        self,
        state: &AppState,
        tx: &mut PgConnection,
        method: Method,
    ) -> Result<(User, Vec<Method>)> {
        challenges::use_up(tx, &self.hash, state.clock.now()).await?;
        let mut methods = self.methods;
        methods.push(method);
        Ok((self.user, methods))
    }
}

/// The second step of a sign-in, by a code.
pub(crate) async fn verify(
    state: &AppState,
    mfa_token: &str,
    code: &Code,
    device: &Device,
) -> Result<(User, Tokens)> {
    let mut tx = state.pool.begin().await?;
    let Some((user, methods)) = pass(state, &mut tx, mfa_token, code).await? else {
        tx.commit().await?;
        return Err(wrong_code());
    };
    let tokens = sign_in::open_session(state, &mut tx, &user, &methods, device).await?;
    tx.commit().await?;
    Ok((user, tokens))
}

/// The user of the sign-in that waits, and all that was proved; nothing if the code is wrong. The caller commits in any case.
pub(crate) async fn pass(
    state: &AppState,
    tx: &mut PgConnection,
    mfa_token: &str,
    code: &Code,
) -> Result<Option<(User, Vec<Method>)>> {
    let waiting = waiting(state, tx, mfa_token).await?;
    if check_code(state, tx, &waiting.user, code).await? {
        Ok(Some(waiting.passed(state, tx, Method::OneTimeCode).await?))
    } else {
        waiting.failed(tx).await?;
        Ok(None)
    }
}

pub(crate) fn wrong_code() -> Error {
    Error::unauthenticated(
        "invalid_credentials",
        "The code is wrong, or was used before.",
    )
}

/// Whether a code is good; it is not a second time. The user's row is locked. Wrong ones are counted, so the caller commits in
/// any case.
pub(crate) async fn check_code(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    code: &Code,
) -> Result<bool> {
    let good = check(state, tx, user.id, async |tx| match code {
        Code::App(number) => check_app(state, tx, user.id, *number).await,
        Code::Recovery(code) => {
            let now = state.clock.now();
            let taken = recovery_codes::take(tx, user.id, &code.hash(), now).await?;
            Ok(taken.then_some(()))
        }
        Code::Nonsense => Ok(None),
    });
    let good = good.await?.is_some();
    if good && matches!(code, Code::Recovery(_)) {
        enrolment::tell(state, tx, user, SecondFactorChange::RecoveryCodeUsed).await?;
    }
    Ok(good)
}

/// One try with a code: nothing if it was wrong. The user's row is locked, so that tries come one after the other, and none
/// escapes the count. The caller commits in any case.
pub(crate) async fn check<T>(
    state: &AppState,
    tx: &mut PgConnection,
    user: UserId,
    try_it: impl AsyncFnOnce(&mut PgConnection) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let now = state.clock.now();
    if let Some(wrong) = wrong_codes::find(tx, user).await? {
        let ago = now.since(wrong.since);
        if wrong.count >= WRONG_CODES && ago < WRONG_CODES_WINDOW {
            return Err(Error::rate_limited(WRONG_CODES_WINDOW - ago));
        }
    }
    let good = try_it(&mut *tx).await?;
    match good {
        Some(_) => wrong_codes::forget(tx, user).await?,
        None => wrong_codes::count(tx, user, now, now - WRONG_CODES_WINDOW).await?,
    }
    Ok(good)
}

async fn check_app(
    state: &AppState,
    tx: &mut PgConnection,
    user: UserId,
    number: u32,
) -> Result<Option<()>> {
    let Some(stored) = totp::find(tx, user).await? else {
        return Ok(None);
    };
    let secret = state
        .sealing
        .unseal(Purpose::Totp, user, &stored.sealed)
        .map_err(Error::internal)?;
    match Secret::from_bytes(secret).step_of(number, state.clock.now()) {
        Some(step) => Ok(totp::use_step(tx, user, step).await?.then_some(())),
        None => Ok(None),
    }
}
