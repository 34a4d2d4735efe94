use auth_token::{AUDIENCE, Claims, ISSUER, Method};
use http_kit::{Error, Result};
use primitives::{EmailAddress, SessionId, TokenId};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::password::GivenPassword;
use crate::domain::token::{ACCESS_LIFETIME, OpaqueToken, SESSION_LIFETIME};
use crate::domain::user::User;
use crate::store::sessions::{Device, Proof};
use crate::store::{credentials, refresh_tokens, sessions, users};

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

/// The user with this address and password, and the hash that it was compared with.
pub(crate) async fn authenticate(
    state: &AppState,
    email: &EmailAddress,
    password: &GivenPassword,
) -> Result<(primitives::UserId, String)> {
    let stored = credentials::find_by_email(&mut *state.pool.acquire().await?, email).await?;
    let hash = stored.as_ref().map(|stored| stored.password_hash.as_str());
    let good = state.passwords.verify(password.secret(), hash).await?;
    let stored = stored.filter(|_| good).ok_or_else(invalid_credentials)?;
    // Only who knows the password learns that the account is shut.
    if stored.disabled {
        return Err(Error::forbidden(
            "account_disabled",
            "This account has been disabled.",
        ));
    }
    Ok((stored.user_id, stored.password_hash))
}

pub(crate) async fn login(
    state: &AppState,
    email: &EmailAddress,
    password: &GivenPassword,
    device: &Device,
) -> Result<(User, Tokens)> {
    let (id, hash) = authenticate(state, email, password).await?;
    let mut tx = state.pool.begin().await?;
    let user = users::lock_for_sign_in(&mut tx, id, &hash)
        .await?
        .ok_or_else(invalid_credentials)?;
    let tokens = open_session(state, &mut tx, &user, &[Method::Password], device).await?;
    tx.commit().await?;
    Ok((user, tokens))
}

/// Begins a session with its first tokens.
pub(crate) async fn open_session(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    methods: &[Method],
    device: &Device,
) -> Result<Tokens> {
    let now = state.clock.now();
    let session = SessionId::new(now, &state.random);
    let proof = Proof {
        at: now,
        methods: methods.to_vec(),
    };
    sessions::insert(tx, session, user.id, device, &proof, now + SESSION_LIFETIME).await?;
    issue(state, tx, user, session, proof).await
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
        factor_missing: false,
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
