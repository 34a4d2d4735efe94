use std::time::Duration;

use auth_token::Role;
use contracts::events::UserDisabled;
use http_kit::{Error, Result};
use primitives::UserId;

use crate::app::AppState;
use crate::domain::token::ACCESS_LIFETIME;
use crate::domain::user::{Name, User};
use crate::store::sessions::{Which, Why};
use crate::store::{revocations, users};
use crate::workflows::revoke;

/// What staff change of a user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) role: Option<Role>,
    pub(crate) disabled: Option<bool>,
}

/// Changes a user in the name of a staff member, who cannot change themselves: so there is always an admin left.
pub(crate) async fn change(
    state: &AppState,
    by: UserId,
    id: UserId,
    change: Change,
) -> Result<User> {
    if by == id {
        return Err(Error::conflict(
            "cannot_change_self",
            "You cannot change your own role or disable yourself.",
        ));
    }
    let mut tx = state.pool.begin().await?;
    let mut user = users::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    // After the lock: tokens that were signed before it carry an earlier time.
    let now = state.clock.now();
    let role = change.role.unwrap_or(user.role);
    let disabled = change.disabled.unwrap_or(user.disabled_at.is_some());
    let (role_changed, shut, opened) = (
        role != user.role,
        disabled && user.disabled_at.is_none(),
        !disabled && user.disabled_at.is_some(),
    );
    let mut revoked = Vec::new();
    user.role = role;
    if role_changed {
        let before = now + Duration::from_millis(1);
        revoked.extend(revocations::of_user(&mut tx, id, before, now + ACCESS_LIFETIME).await?);
    }
    if shut {
        user.disabled_at = Some(now);
        revoked.extend(revoke::end(state, &mut tx, id, Which::All, Why::Disabled).await?);
        state
            .publisher
            .publish(&mut tx, &UserDisabled { user_id: id })
            .await?;
    }
    if opened {
        user.disabled_at = None;
    }
    if role_changed || shut || opened {
        users::update(&mut tx, &user, now).await?;
    }
    if role_changed || opened {
        state.publisher.publish(&mut tx, &user.updated()).await?;
    }
    tx.commit().await?;
    if role_changed || shut || opened {
        tracing::info!(by = %by, user_id = %id, %role, disabled, "staff changed a user");
    }
    state.announce(revoked).await;
    Ok(user)
}

/// What a user changes of themselves.
pub(crate) async fn rename(state: &AppState, id: UserId, name: &Name) -> Result<User> {
    let mut tx = state.pool.begin().await?;
    let mut user = users::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    if user.name != name.as_str() {
        user.name = name.as_str().to_owned();
        users::update(&mut tx, &user, state.clock.now()).await?;
        state.publisher.publish(&mut tx, &user.updated()).await?;
    }
    tx.commit().await?;
    Ok(user)
}
