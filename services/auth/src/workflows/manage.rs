use std::time::Duration;

use auth_token::permissions::{ManageUsers, Permission as _};
use auth_token::{Acting, Role};
use contracts::events::{UserDisabled, UserRoleChanged};
use http_kit::{Error, IfMatch, Result};
use primitives::{SessionId, UserId};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::text::Line;
use crate::domain::token::ACCESS_LIFETIME;
use crate::domain::user::{Name, User};
use crate::store::sessions::{Which, Why};
use crate::store::{revocations, users};
use crate::workflows::{api_keys, deletion, revoke};

/// What staff change of a user.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) role: Option<Role>,
    pub(crate) disabled: Option<bool>,
    /// Why, for other staff.
    pub(crate) reason: Option<Reason>,
}

/// Why staff shut an account.
pub(crate) type Reason = Line<500>;

/// Changes a user in the name of a staff member, who cannot change themselves. There is always an admin left.
pub(crate) async fn change(
    state: &AppState,
    staff: &Acting,
    id: UserId,
    expected: IfMatch,
    change: Change,
) -> Result<User> {
    if staff.user_id() == id {
        return Err(Error::conflict(
            "cannot_change_self",
            "You cannot change your own role or disable yourself.",
        ));
    }
    let mut tx = state.pool.begin().await?;
    let mut user = lock_for_staff(&mut tx, staff, id).await?;
    expected.check(user.version)?;
    let reason = change.reason.map(String::from);
    // After the lock: tokens that were signed before it carry an earlier time.
    let now = state.clock.now();
    let target = || format!("user:{id}");
    let leaves = change.role.is_some_and(|role| role != Role::Admin)
        || change.disabled == Some(true) && user.disabled_at.is_none();
    if user.role == Role::Admin && leaves {
        deletion::keep_an_admin(&mut tx, id).await?;
    }
    let mut revoked = Vec::new();
    let (mut news, mut acts) = (false, Vec::new());
    let was = user.role;
    if let Some(role) = change.role.filter(|role| *role != was) {
        user.role = role;
        news = true;
        let before = now + Duration::from_millis(1);
        revoked.extend(revocations::of_user(&mut tx, id, before, now + ACCESS_LIFETIME).await?);
        // What a customer made must not become a key of staff.
        if role.is_staff() {
            revoked.extend(api_keys::end(state, &mut tx, id, None).await?);
        }
        let changed = UserRoleChanged {
            user_id: id,
            before: was.as_str().to_owned(),
            after: role.as_str().to_owned(),
            by: staff.user_id(),
        };
        state.publisher.publish(&mut tx, &changed).await?;
        let before = json!({ "role": was });
        // A reason that came with both is that of shutting or opening, if that happens.
        let elsewhere = match change.disabled {
            Some(shut) => shut || user.disabled_at.is_some(),
            None => false,
        };
        let why = reason.as_ref().filter(|_| !elsewhere);
        let after = because(json!({ "role": role }), why);
        acts.push(staff.did("user.change_role", target(), before, after));
    }
    match (change.disabled, user.disabled_at) {
        (Some(true), None) => {
            user.disabled_at = Some(now);
            user.disabled_reason.clone_from(&reason);
            revoked.extend(revoke::end(state, &mut tx, id, Which::All, Why::Disabled).await?);
            // Who is shut out acts through no program either.
            revoked.extend(api_keys::end(state, &mut tx, id, None).await?);
            let shut = UserDisabled { user_id: id };
            state.publisher.publish(&mut tx, &shut).await?;
            let before = json!({ "disabled": false });
            let after = because(json!({ "disabled": true }), reason.as_ref());
            acts.push(staff.did("user.disable", target(), before, after));
        }
        // Better words.
        (Some(true), Some(_)) if reason.is_some() && reason != user.disabled_reason => {
            let shut = || json!({ "disabled": true });
            let before = because(shut(), user.disabled_reason.as_ref());
            let after = because(shut(), reason.as_ref());
            user.disabled_reason = reason;
            acts.push(staff.did("user.disable", target(), before, after));
        }
        (Some(false), Some(_)) => {
            user.disabled_at = None;
            news = true;
            let was = user.disabled_reason.take();
            let before = because(json!({ "disabled": true }), was.as_ref());
            let after = because(json!({ "disabled": false }), reason.as_ref());
            acts.push(staff.did("user.enable", target(), before, after));
        }
        _ => {}
    }
    if !acts.is_empty() {
        users::update(&mut tx, &user, now).await?;
        user.version += 1;
    }
    if news {
        state.publisher.publish(&mut tx, &user.updated()).await?;
    }
    for act in &acts {
        state.publisher.publish(&mut tx, act).await?;
    }
    tx.commit().await?;
    for act in &acts {
        tracing::info!(by = %staff.user_id(), user_id = %id, action = act.action, "staff changed a user");
    }
    state.announce(revoked).await;
    Ok(user)
}

/// What changed, with why, if somebody said.
fn because(mut change: Value, reason: Option<&String>) -> Value {
    if let Some(reason) = reason {
        change["reason"] = json!(reason);
    }
    change
}

/// Ends all sessions of a user in the name of a staff member. Without any, nothing happens.
pub(crate) async fn end_sessions(state: &AppState, staff: &Acting, id: UserId) -> Result<()> {
    let mut tx = state.pool.begin().await?;
    lock_for_staff(&mut tx, staff, id).await?;
    let revoked = revoke::end(state, &mut tx, id, Which::All, Why::Ended).await?;
    if !revoked.is_empty() {
        let (before, after) = (
            json!({ "sessions": revoked.len() }),
            json!({ "sessions": 0 }),
        );
        let act = staff.did("user.end_sessions", format!("user:{id}"), before, after);
        state.publisher.publish(&mut tx, &act).await?;
    }
    tx.commit().await?;
    state.announce(revoked).await;
    Ok(())
}

/// Ends one session of a user in the name of a staff member.
pub(crate) async fn end_session(
    state: &AppState,
    staff: &Acting,
    id: UserId,
    session: SessionId,
) -> Result<()> {
    let mut tx = state.pool.begin().await?;
    lock_for_staff(&mut tx, staff, id).await?;
    let revoked = revoke::end(state, &mut tx, id, Which::One(session), Why::Ended).await?;
    if revoked.is_empty() {
        return Err(Error::not_found("session"));
    }
    let (before, after) = (json!({ "session": session }), json!({ "session": null }));
    let act = staff.did("user.end_session", format!("user:{id}"), before, after);
    state.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    state.announce(revoked).await;
    Ok(())
}

/// Locks a user whom a staff member is about to change, and the staff member, who must still be what their token says: of two admins who
/// remove each other at once, the second is no admin any more, so one is left. Both are locked in the order of their ids, so that they
/// do not wait for each other.
pub(crate) async fn lock_for_staff(
    tx: &mut PgConnection,
    staff: &Acting,
    id: UserId,
) -> Result<User> {
    let by = staff.user_id();
    let (first, second) = (by.min(id), by.max(id));
    let first = users::lock(tx, first).await?;
    let second = users::lock(tx, second).await?;
    let (actor, user) = if by < id {
        (first, second)
    } else {
        (second, first)
    };
    actor
        .filter(|actor| actor.disabled_at.is_none() && ManageUsers::allows(actor.role))
        .ok_or_else(|| Error::forbidden("forbidden", "You may no longer do this."))?;
    user.ok_or_else(|| Error::not_found("user"))
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
