use std::net::IpAddr;
use std::time::Duration;

use auth_token::{AUDIENCE, Claims, ISSUER, Method};
use http_kit::{Error, Result};
use primitives::{EmailAddress, SessionId, TokenId, UserId};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::password::GivenPassword;
use crate::domain::token::{ACCESS_LIFETIME, OpaqueToken, SESSION_LIFETIME};
use crate::domain::user::User;
use crate::limits::Account;
use crate::passwords;
use crate::store::sessions::{Device, Proof};
use crate::store::{claims, credentials, deletions, refresh_tokens, sessions, users};
use crate::workflows::devices;
use crate::workflows::second_factor::{self, Challenge};

/// What a client keeps to act for its user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// For `Authorization: Bearer …`; a JWT, but clients should not look into it.
    pub(crate) access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub(crate) token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 600)]
    pub(crate) expires_in: u64,
    /// Good once, for `POST /api/auth/refresh`.
    pub(crate) refresh_token: String,
}

/// The answer to a password that does not fit, or to an address that nobody has: they must look alike.
pub(crate) fn invalid_credentials() -> Error {
    Error::unauthenticated(
        "invalid_credentials",
        "The e-mail address or the password is wrong.",
    )
}

/// The user with this address and password, and the hash that it was compared with. Of several accounts that claim the
/// address, that of who has verified it comes first. Guesses are
/// limited.
pub(crate) async fn authenticate(
    state: &AppState,
    email: &EmailAddress,
    password: &GivenPassword,
    client: Option<IpAddr>,
) -> Result<(primitives::UserId, String)> {
    let attempt = state.limits.attempt(Account::Typed(email), client).await?;
    let outcome = check_typed(state, email, password).await;
    attempt.settle(&outcome).await;
    outcome
}

async fn check_typed(
    state: &AppState,
    email: &EmailAddress,
    password: &GivenPassword,
) -> Result<(primitives::UserId, String)> {
    let mut stored = credentials::find_by_email(&mut *state.pool.acquire().await?, email).await?;
    let hashes = stored.iter().map(|stored| stored.password_hash.clone());
    let found = state
        .passwords
        .find(password.secret(), hashes.collect())
        .await?
        .ok_or_else(invalid_credentials)?;
    let salts = stored
        .iter()
        .map(|stored| passwords::salt_of(&stored.password_hash));
    let own = passwords::salt_of(&stored[found].password_hash);
    let one_salt = salts.into_iter().all(|salt| salt == own);
    let stored = stored.swap_remove(found);
    // Only who knows the password learns that the account is shut.
    if stored.disabled {
        return Err(Error::forbidden(
            "account_disabled",
            "This account has been disabled.",
        ));
    }
    if one_salt && state.passwords.is_current(&stored.password_hash) {
        return Ok((stored.user_id, stored.password_hash));
    }
    // The password is good either way: what cannot be renewed now is renewed at the next sign-in.
    let renewed = renew(state, email, password, &stored).await;
    let hash = renewed.unwrap_or_else(|error| {
        tracing::debug!(%error, "a password's hash stays as it is");
        stored.password_hash
    });
    Ok((stored.user_id, hash))
}

/// Hashes a password again, now that it is known, if it was hashed with other parameters than today's or with another salt
/// than its address's.
async fn renew(
    state: &AppState,
    email: &EmailAddress,
    password: &GivenPassword,
    stored: &credentials::Stored,
) -> Result<String> {
    let (now, old) = (state.clock.now(), &stored.password_hash);
    let own = passwords::salt_of(old).unwrap_or_default();
    let mut db = state.pool.acquire().await?;
    let salt = claims::salt(&mut db, email, &own, now).await?;
    drop(db);
    if state.passwords.is_current(old) && own == salt {
        return Ok(old.clone());
    }
    let new = state.passwords.hash(password.secret(), &salt).await?;
    let mut db = state.pool.acquire().await?;
    // If another sign-in was quicker, it made the same hash; if the password was changed, this one is refused when the user
    // is locked.
    credentials::replace(&mut db, stored.user_id, old, &new, now).await?;
    Ok(new)
}

/// Whether the password is that of somebody signed in; the hash that it was compared with, for [`users::lock_for_sign_in`].
/// Guesses are limited: the session may be stolen.
pub(crate) async fn check_password(
    state: &AppState,
    user: UserId,
    password: &GivenPassword,
    client: Option<IpAddr>,
) -> Result<String> {
    let attempt = state.limits.attempt(Account::Known(user), client).await?;
    let outcome = check_users(state, user, password).await;
    attempt.settle(&outcome).await;
    outcome
}

async fn check_users(state: &AppState, user: UserId, password: &GivenPassword) -> Result<String> {
    let hash = credentials::find(&mut *state.pool.acquire().await?, user).await?;
    let good = state
        .passwords
        .verify(password.secret(), hash.as_deref())
        .await?;
    hash.filter(|_| good).ok_or_else(invalid_credentials)
}

/// What comes of a first step that was right.
#[derive(Debug)]
pub(crate) enum Outcome {
    SignedIn(User, Tokens),
    SecondFactor(Challenge),
}

pub(crate) async fn login(
    state: &AppState,
    email: &EmailAddress,
    password: &GivenPassword,
    device: &Device,
) -> Result<Outcome> {
    let (id, hash) = authenticate(state, email, password, device.ip).await?;
    let mut tx = state.pool.begin().await?;
    let user = users::lock_for_sign_in(&mut tx, id, &hash)
        .await?
        .ok_or_else(invalid_credentials)?;
    let outcome = finish(state, &mut tx, user, &[Method::Password], device).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Opens a session, or asks for the second factor if the user has one. The user's row is locked.
pub(crate) async fn finish(
    state: &AppState,
    tx: &mut PgConnection,
    user: User,
    methods: &[Method],
    device: &Device,
) -> Result<Outcome> {
    let factors = second_factor::factors(tx, user.id).await?;
    if factors.any() {
        let challenge = second_factor::wait(state, tx, &user, factors, methods).await?;
        return Ok(Outcome::SecondFactor(challenge));
    }
    let tokens = open_session(state, tx, &user, methods, device).await?;
    Ok(Outcome::SignedIn(user, tokens))
}

/// Begins a session with its first tokens. Who comes back keeps the account whose deletion they asked for.
pub(crate) async fn open_session(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    methods: &[Method],
    device: &Device,
) -> Result<Tokens> {
    let (session, proof) = begin(state, tx, user, methods, device, SESSION_LIFETIME).await?;
    issue(state, tx, user, session, proof).await
}

/// Begins a session: the one gate through which every way of signing in goes, the admin panel's too, which needs no tokens.
/// The user's row is locked.
pub(crate) async fn begin(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    methods: &[Method],
    device: &Device,
    lifetime: Duration,
) -> Result<(SessionId, Proof)> {
    let now = state.clock.now();
    let session = SessionId::new(now, &state.random);
    let proof = Proof {
        at: now,
        methods: methods.to_vec(),
    };
    deletions::take_back(tx, user.id).await?;
    sessions::insert(tx, session, user.id, device, &proof, now + lifetime).await?;
    devices::notice(state, tx, user, device, now).await?;
    Ok((session, proof))
}

/// Whether the shop wants a second factor of this user that they do not have, or did not use in this session.
pub(crate) async fn factor_missing(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    proof: &Proof,
) -> Result<bool> {
    if !second_factor::required(state, user) {
        return Ok(false);
    }
    // Theirs is at the provider.
    if proof.methods.contains(&Method::MultiFactor) {
        return Ok(false);
    }
    let used = proof.methods.iter().any(|method| method.is_second_factor());
    Ok(!used || !second_factor::factors(tx, user.id).await?.any())
}

/// New tokens of a session. Signed while the user's row is locked, so that a change of role after it can tell them by their
/// time.
pub(crate) async fn issue(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    session: SessionId,
    proof: Proof,
) -> Result<Tokens> {
    let now = state.clock.now();
    let refresh = OpaqueToken::new(&state.random);
    refresh_tokens::insert(tx, &refresh.hash(), session, now).await?;
    let factor_missing = factor_missing(state, tx, user, &proof).await?;
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: user.id,
        sid: session,
        jti: TokenId::new(now, &state.random),
        role: user.role,
        email: user.email.clone(),
        email_verified: user.email_verified_at.is_some(),
        name: user.name.clone(),
        auth_time: Some(proof.at.unix()),
        amr: proof.methods,
        factor_missing,
        scope: None,
        iat: now.unix(),
        exp: (now + ACCESS_LIFETIME).unix(),
    };
    Ok(Tokens {
        access_token: state.keys.signer().sign(&claims)?,
        token_type: "Bearer",
        expires_in: ACCESS_LIFETIME.as_secs(),
        refresh_token: refresh.text().to_owned(),
    })
}
