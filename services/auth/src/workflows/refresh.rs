use std::net::IpAddr;

use contracts::events::Mail;
use http_kit::{Error, Result};

use crate::app::AppState;
use crate::domain::token::{self, SESSION_LIFETIME, SESSION_LONGEST};
use crate::store::sessions::{Which, Why};
use crate::store::{refresh_tokens, sessions, users};
use crate::workflows::sign_in::{self, Tokens};
use crate::workflows::{recovery, revoke};

fn invalid() -> Error {
    Error::unauthenticated(
        "invalid_refresh_token",
        "The refresh token is not valid: sign in again.",
    )
}

/// Exchanges a refresh token for new tokens. One that was used before is in two hands, so its session ends.
pub(crate) async fn refresh(
    state: &AppState,
    given: &str,
    client: Option<IpAddr>,
) -> Result<Tokens> {
    let (now, hash) = (state.clock.now(), token::hash(given));
    let mut tx = state.pool.begin().await?;
    let owner = refresh_tokens::lock_owner(&mut tx, &hash)
        .await?
        .ok_or_else(invalid)?;
    let stored = refresh_tokens::lock(&mut tx, &hash)
        .await?
        .ok_or_else(invalid)?;
    let user = users::find(&mut tx, owner).await?.ok_or_else(invalid)?;
    if stored.used_at.is_some() {
        let revoked = revoke::end(
            state,
            &mut tx,
            owner,
            Which::One(stored.session_id),
            Why::Reuse,
        )
        .await?;
        if !revoked.is_empty() {
            tracing::warn!(user_id = %owner, session_id = %stored.session_id, "a refresh token was used twice: its session ends");
            recovery::mail(
                state,
                &mut tx,
                &user.email,
                Mail::SessionReuse {
                    name: user.name.clone(),
                },
            )
            .await?;
        }
        tx.commit().await?;
        state.announce(revoked).await;
        let detail =
            "This refresh token was used before. Its session has been ended: sign in again.";
        return Err(Error::unauthenticated("refresh_token_reused", detail));
    }
    if stored.revoked_at.is_some() || stored.expires_at <= now || user.disabled_at.is_some() {
        return Err(invalid());
    }
    refresh_tokens::mark_used(&mut tx, &hash, now).await?;
    let expires_at = (now + SESSION_LIFETIME).min(stored.session_began + SESSION_LONGEST);
    sessions::touch(&mut tx, stored.session_id, client, now, expires_at).await?;
    let tokens = sign_in::issue(state, &mut tx, &user, stored.session_id, stored.proof).await?;
    tx.commit().await?;
    Ok(tokens)
}
