//! A user's own view of the providers that can sign them in.

use http_kit::{Error, Result};
use primitives::{IdentityId, UserId};

use crate::app::AppState;
use crate::store::sessions::{Which, Why};
use crate::store::{credentials, identities, passkeys, users};
use crate::workflows::revoke;

/// Removes an identity, unless it is the only way to sign in. What its provider's own tokens opened ends with it.
pub(crate) async fn remove(state: &AppState, user: UserId, id: IdentityId) -> Result<()> {
    let mut tx = state.pool.begin().await?;
    users::lock(&mut tx, user).await?;
    let all = identities::list(&mut tx, user).await?;
    let identity = all.iter().find(|identity| identity.id == id);
    let identity = identity.ok_or_else(|| Error::not_found("identity"))?;
    // A provider that is no longer configured signs nobody in.
    let another = all
        .iter()
        .any(|other| other.id != id && state.providers.by_id(&other.provider).is_some());
    if !another
        && credentials::find(&mut tx, user).await?.is_none()
        && passkeys::count(&mut tx, user).await? == 0
    {
        return Err(Error::conflict(
            "last_sign_in_method",
            "This is your only way to sign in. Set a password or a passkey first.",
        ));
    }
    let revoked = match identity.token_session_id {
        Some(session) => revoke::end(state, &mut tx, user, Which::One(session), Why::Ended).await?,
        None => Vec::new(),
    };
    identities::delete(&mut tx, user, id).await?;
    tx.commit().await?;
    state.announce(revoked).await;
    Ok(())
}
