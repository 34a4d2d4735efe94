//! Keys with which programs act for their owner.

use std::time::Duration;

use auth_token::{AUDIENCE, Claims, ISSUER, Scope, TokenError};
use contracts::events::Mail;
use http_kit::{Error, Result};
use primitives::{SessionId, Timestamp, TokenId, UserId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::config::StaffSecondFactor;
use crate::domain::api_key::{ApiKey, KeyName, KeyText, MOST};
use crate::domain::token::ACCESS_LIFETIME;
use crate::domain::user::User;
use crate::store::revocations::{self, Pending};
use crate::store::{api_keys, deletions, users};
use crate::workflows::recovery::mail;
use crate::workflows::second_factor;

/// How often at most it is written down that a key is used.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// What a new key shall be.
pub(crate) struct NewKey {
    pub(crate) name: KeyName,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) expires_at: Option<Timestamp>,
}

/// Makes a key, and tells its owner by mail. Its text is known now and never again.
pub(crate) async fn create(
    state: &AppState,
    owner: UserId,
    new: NewKey,
) -> Result<(ApiKey, KeyText)> {
    let now = state.clock.now();
    let text = KeyText::new(&state.random);
    let mut tx = state.pool.begin().await?;
    // Two at once would both see room for one.
    let user = users::lock(&mut tx, owner)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    if new.scopes.contains(&Scope::PaymentsRefund) && !user.role.is_staff() {
        return Err(http_kit::one_field(
            "scopes",
            "invalid",
            "payments:refund is for the shop's staff",
        ));
    }
    if api_keys::count(&mut tx, owner, now).await? >= MOST {
        return Err(Error::conflict(
            "too_many_api_keys",
            format!("You can have {MOST} API keys: revoke one first."),
        ));
    }
    let granted = Scope::ALL
        .into_iter()
        .filter(|scope| new.scopes.contains(scope));
    let key = ApiKey {
        id: SessionId::new(now, &state.random),
        user_id: owner,
        name: new.name.into(),
        prefix: text.prefix().to_owned(),
        scopes: granted.map(|scope| scope.as_str().to_owned()).collect(),
        created_at: now,
        last_used_at: None,
        expires_at: new.expires_at,
        revoked_at: None,
    };
    api_keys::insert(&mut tx, &key, &text.hash()).await?;
    let created = Mail::ApiKeyCreated {
        name: user.name.clone(),
        key_name: key.name.clone(),
        prefix: key.prefix.clone(),
    };
    mail(state, &mut tx, &user.email, created).await?;
    tx.commit().await?;
    Ok((key, text))
}

/// Revokes a key; whether there was one to revoke.
pub(crate) async fn revoke(state: &AppState, owner: UserId, id: SessionId) -> Result<bool> {
    let mut tx = state.pool.begin().await?;
    users::lock(&mut tx, owner).await?;
    let revoked = end(state, &mut tx, owner, Some(id)).await?;
    tx.commit().await?;
    let found = !revoked.is_empty();
    state.announce(revoked).await;
    Ok(found)
}

/// Revokes one key of a user, or all. After the commit: [`AppState::announce`].
pub(crate) async fn end(
    state: &AppState,
    tx: &mut PgConnection,
    owner: UserId,
    only: Option<SessionId>,
) -> Result<Vec<Pending>> {
    let now = state.clock.now();
    let ended = api_keys::revoke(tx, owner, only, now).await?;
    Ok(revocations::of_sessions(tx, &ended, now + ACCESS_LIFETIME).await?)
}

/// One of our access tokens for a key.
pub(crate) async fn exchange(state: &AppState, given: &str) -> Result<String, TokenError> {
    let text = KeyText::parse(given).ok_or(TokenError::Invalid)?;
    let judged = judge(state, &text.hash()).await;
    judged.unwrap_or_else(|error| {
        tracing::warn!(error = format!("{error:#}"), "an API key cannot be judged");
        Err(TokenError::ExchangeUnavailable)
    })
}

/// The inner error is the key's, the outer one ours. Signed while the owner's row is locked, so that what changes them can tell
/// the token by its time.
async fn judge(state: &AppState, hash: &[u8]) -> anyhow::Result<Result<String, TokenError>> {
    let mut tx = state.pool.begin().await?;
    let Some(owner) = api_keys::lock_owner(&mut tx, hash).await? else {
        return Ok(Err(TokenError::Invalid));
    };
    let (Some(user), Some(key)) = (
        users::find(&mut tx, owner).await?,
        api_keys::find_by_hash(&mut tx, hash).await?,
    ) else {
        return Ok(Err(TokenError::Invalid));
    };
    let now = state.clock.now();
    let shut = user.disabled_at.is_some() || deletions::is_scheduled(&mut tx, owner).await?;
    if key.revoked_at.is_some() || shut {
        return Ok(Err(TokenError::Revoked));
    }
    if key.expires_at.is_some_and(|expires| expires <= now) {
        return Ok(Err(TokenError::Expired));
    }
    api_keys::touch(&mut tx, key.id, now, now - NOTED_EVERY).await?;
    // No program gives a second factor, but its owner must have one where the shop wants it.
    let wanted = state.settings.staff_second_factor != StaffSecondFactor::Optional;
    let factor_missing =
        wanted && user.role.is_staff() && !second_factor::factors(&mut tx, owner).await?.any();
    let token = token(state, &user, &key, factor_missing)?;
    tx.commit().await?;
    Ok(Ok(token))
}

fn token(
    state: &AppState,
    user: &User,
    key: &ApiKey,
    factor_missing: bool,
) -> anyhow::Result<String> {
    let now = state.clock.now();
    let exp = now + ACCESS_LIFETIME;
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: user.id,
        sid: key.id,
        jti: TokenId::new(now, &state.random),
        role: user.role,
        email: user.email.clone(),
        email_verified: user.email_verified_at.is_some(),
        name: user.name.clone(),
        auth_time: None,
        amr: vec![],
        factor_missing,
        scope: Some(key.scopes()),
        iat: now.unix(),
        exp: key.expires_at.map_or(exp, |end| exp.min(end)).unix(),
    };
    state.keys.signer().sign(&claims)
}
