//! Leaving: an account is shut at once and deleted after a while, unless its owner signs in again.

use std::time::Duration;

use auth_token::{Acting, Role};
use contracts::events::{Mail, UserDeleted};
use http_kit::{Error, IfMatch, Result};
use primitives::{Timestamp, UserId};
use serde_json::json;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::token::ACCESS_LIFETIME;
use crate::domain::user::User;
use crate::store::revocations::Pending;
use crate::store::sessions::{Which, Why};
use crate::store::{deletions, revocations, users};
use crate::workflows::{api_keys, manage, recovery, revoke};

/// How many accounts one round deletes.
const BATCH: i64 = 50;

/// Ends all that goes on in the user's name, and says when the account will be deleted.
pub(crate) async fn request(state: &AppState, id: UserId) -> Result<Timestamp> {
    let mut tx = state.pool.begin().await?;
    let user = users::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    let (due_at, revoked) = schedule(state, &mut tx, &user).await?;
    tx.commit().await?;
    state.announce(revoked).await;
    Ok(due_at)
}

/// The same in the name of a staff member, whom the user asked for it. Signing in takes it back as well.
pub(crate) async fn request_by_staff(
    state: &AppState,
    staff: &Acting,
    id: UserId,
    expected: IfMatch,
) -> Result<Timestamp> {
    if staff.user_id() == id {
        return Err(Error::conflict(
            "cannot_change_self",
            "Delete your own account where you manage it.",
        ));
    }
    let mut tx = state.pool.begin().await?;
    let user = manage::lock_for_staff(&mut tx, staff, id).await?;
    expected.check(user.version)?;
    if let Some(due_at) = deletions::of_users(&mut tx, &[id]).await?.remove(&id) {
        return Ok(due_at);
    }
    let (due_at, revoked) = schedule(state, &mut tx, &user).await?;
    let (before, after) = (
        json!({ "deletion_scheduled_at": null }),
        json!({ "deletion_scheduled_at": due_at }),
    );
    let act = staff.did(
        "user.schedule_deletion",
        format!("user:{id}"),
        before,
        after,
    );
    state.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    state.announce(revoked).await;
    Ok(due_at)
}

/// Takes a deletion back in the name of a staff member. Without one, nothing happens.
pub(crate) async fn take_back_by_staff(state: &AppState, staff: &Acting, id: UserId) -> Result<()> {
    let mut tx = state.pool.begin().await?;
    manage::lock_for_staff(&mut tx, staff, id).await?;
    let due_at = deletions::of_users(&mut tx, &[id]).await?.remove(&id);
    if deletions::take_back(&mut tx, id).await? {
        let (before, after) = (
            json!({ "deletion_scheduled_at": due_at }),
            json!({ "deletion_scheduled_at": null }),
        );
        let act = staff.did("user.keep", format!("user:{id}"), before, after);
        state.publisher.publish(&mut tx, &act).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Shuts the account until it is deleted. After the lock of the user.
async fn schedule(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
) -> Result<(Timestamp, Vec<Pending>)> {
    let id = user.id;
    if user.role == Role::Admin {
        keep_an_admin(tx, id).await?;
    }
    // After the lock: tokens that were signed before it carry an earlier time.
    let now = state.clock.now();
    let grace = Duration::from_secs(u64::from(state.settings.account_deletion_grace_days) * 86_400);
    let due_at = deletions::request(tx, id, now, now + grace).await?;
    let mut revoked = revoke::end(state, tx, id, Which::All, Why::LogoutAll).await?;
    revoked.extend(api_keys::end(state, tx, id, None).await?);
    // Also tokens without a session.
    let before = now + Duration::from_millis(1);
    revoked.extend(revocations::of_user(tx, id, before, now + ACCESS_LIFETIME).await?);
    let mail = Mail::DeletionScheduled {
        name: user.name.clone(),
        deleted_at: due_at,
        url: state.settings.public_url.to_string(),
    };
    recovery::mail(state, tx, &user.email, mail).await?;
    Ok((due_at, revoked))
}

/// Refuses to leave the shop without an admin. After the lock of the user who would stop being one.
pub(crate) async fn keep_an_admin(tx: &mut PgConnection, leaving: UserId) -> Result<()> {
    if deletions::another_admin_locked(tx, leaving).await? {
        Ok(())
    } else {
        Err(Error::conflict(
            "last_admin",
            "The shop needs an admin: make somebody else one first.",
        ))
    }
}

/// Deletes the accounts that are due; how many. Several processes share the work.
pub(crate) async fn carry_out(state: &AppState) -> Result<usize> {
    let now = state.clock.now();
    let due = deletions::due(&mut *state.pool.acquire().await?, now, BATCH).await?;
    let mut deleted = 0;
    for id in due {
        deleted += usize::from(delete(state, id, now).await?);
    }
    Ok(deleted)
}

/// Deletes one account, unless somebody else does or its owner came back.
async fn delete(state: &AppState, id: UserId, now: Timestamp) -> Result<bool> {
    let mut tx = state.pool.begin().await?;
    if !deletions::lock_due(&mut tx, id, now).await? {
        return Ok(false);
    }
    let Some(user) = users::find(&mut tx, id).await? else {
        return Ok(false);
    };
    deletions::delete_user(&mut tx, id).await?;
    state
        .publisher
        .publish(&mut tx, &UserDeleted { user_id: id })
        .await?;
    let mail = Mail::AccountDeleted {
        name: user.name.clone(),
        proved: user.email_verified_at.is_some(),
    };
    recovery::mail(state, &mut tx, &user.email, mail).await?;
    tx.commit().await?;
    Ok(true)
}
