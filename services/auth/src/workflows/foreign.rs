//! Access tokens of identity providers, accepted as they are.
//!
//! Each identity has one session for them. Ending it, as users and staff end any session, refuses the provider's tokens from
//! before; one that was issued later begins another.

use auth_token::foreign::named_issuer;
use auth_token::{AUDIENCE, Claims, ISSUER, TokenError};
use http_kit::Error;
use primitives::{SessionId, Timestamp, TokenId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::clients::identity_provider::{IdentityProvider, Trouble};
use crate::domain::federation::token::{Bearer, Refusal, read_access_token};
use crate::domain::token::{ACCESS_LIFETIME, SESSION_LIFETIME};
use crate::domain::user::User;
use crate::store::deletions;
use crate::store::identities::{self, Identity};
use crate::store::sessions::{self, Device, Proof};
use crate::workflows::federation::{self, Resolved};
use crate::workflows::{second_factor, sign_in};

/// One of our access tokens for a provider's. It expires no later than that.
pub(crate) async fn exchange(state: &AppState, token: &str) -> Result<String, TokenError> {
    let issuer = named_issuer(token).ok_or(TokenError::Invalid)?;
    let provider = state.providers.by_issuer(&issuer);
    let provider = provider
        .filter(|provider| !provider.config.audiences.is_empty())
        .ok_or(TokenError::Invalid)?;
    let signed = provider
        .verify(token)
        .await
        .map_err(|trouble| match trouble {
            Trouble::Away(_) => TokenError::KeysUnavailable,
            Trouble::Refused(cause) => refused(provider, &cause),
        })?;
    provider.renew_in_background();
    let bearer = read_access_token(&provider.config, &signed, state.clock.now());
    let bearer = bearer.map_err(|refusal| match refusal {
        Refusal::Expired => TokenError::Expired,
        other => refused(provider, &other.into()),
    })?;
    match open(state, provider, &bearer).await {
        Ok(Some(token)) => Ok(token),
        Ok(None) => Err(TokenError::Revoked),
        Err(error) if error.code() == "account_disabled" => Err(TokenError::Revoked),
        Err(error) if error.status().is_server_error() => {
            tracing::warn!(
                error = format!("{error:?}"),
                "cannot judge a provider's token"
            );
            Err(TokenError::KeysUnavailable)
        }
        Err(error) => Err(refused(provider, &error.into())),
    }
}

fn refused(provider: &IdentityProvider, cause: &anyhow::Error) -> TokenError {
    tracing::warn!(
        provider = provider.config.id,
        error = format!("{cause:#}"),
        "a provider's token is refused"
    );
    TokenError::Invalid
}

/// Our token for whom the provider's stands for; `None` if their session ended after it was issued.
async fn open(
    state: &AppState,
    provider: &IdentityProvider,
    bearer: &Bearer,
) -> Result<Option<String>, Error> {
    let mut revoked = Vec::new();
    let mut tx = state.pool.begin().await?;
    let resolved =
        federation::resolve(state, &mut tx, provider, &bearer.profile, &mut revoked).await?;
    let Resolved::User(user, identity) = resolved else {
        return Err(federation::link_required());
    };
    // A program's token is no sign-in that would take a deletion back.
    if deletions::is_scheduled(&mut tx, user.id).await? {
        return Ok(None);
    }
    let now = state.clock.now();
    let proof = Proof {
        at: bearer
            .profile
            .authenticated_at
            .unwrap_or(bearer.profile.issued_at)
            .min(now),
        methods: federation::methods(bearer.profile.second_factor),
    };
    let session = session(state, &mut tx, provider, bearer, &identity, &proof).await?;
    // Whoever has a second factor here did not use it: their role counts for nothing then.
    let factor_missing = !bearer.profile.second_factor
        && second_factor::factors(&mut tx, user.id).await?.any()
        || sign_in::factor_missing(state, &mut tx, &user, &proof).await?;
    let token = match session {
        Some(session) => Some(sign(state, &user, session, proof, bearer, factor_missing)?),
        None => None,
    };
    tx.commit().await?;
    state.announce(revoked).await;
    Ok(token)
}

/// The session of an identity's tokens, begun if there is none. The user's row is locked.
async fn session(
    state: &AppState,
    tx: &mut PgConnection,
    provider: &IdentityProvider,
    bearer: &Bearer,
    identity: &Identity,
    proof: &Proof,
) -> Result<Option<SessionId>, Error> {
    let now = state.clock.now();
    let until = now + SESSION_LIFETIME;
    if let Some(id) = identity.token_session_id {
        match sessions::ended(tx, id).await? {
            Some(None) => {
                sessions::touch(tx, id, None, now, until).await?;
                return Ok(Some(id));
            }
            Some(Some(ended)) if bearer.profile.issued_at <= ended => return Ok(None),
            _ => {}
        }
    }
    let id = SessionId::new(now, &state.random);
    let device = Device {
        user_agent: Some(format!("Token of {}", provider.config.name)),
        ip: None,
    };
    sessions::insert(tx, id, identity.user_id, &device, proof, until).await?;
    identities::set_token_session(tx, identity.id, id).await?;
    Ok(Some(id))
}

fn sign(
    state: &AppState,
    user: &User,
    session: SessionId,
    proof: Proof,
    bearer: &Bearer,
    factor_missing: bool,
) -> Result<String, Error> {
    let now = state.clock.now();
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
        // Only if the provider says so: a token may be renewed for weeks after a proof.
        auth_time: bearer.profile.authenticated_at.map(Timestamp::unix),
        amr: proof.methods,
        factor_missing,
        scope: None,
        iat: now.unix(),
        exp: (now + ACCESS_LIFETIME).min(bearer.expires_at).unix(),
    };
    Ok(state.keys.signer().sign(&claims)?)
}
