//! Changing the address: the old one agrees, the new one confirms.

use std::time::Duration;

use contracts::events::Mail;
use http_kit::{Error, OnConstraint, Result, one_field};
use primitives::{EmailAddress, UserId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::token::{self, ACCESS_LIFETIME, EMAIL_CHANGE_LIFETIME, OpaqueToken};
use crate::domain::user::User;
use crate::passwords;
use crate::store::email_changes::{self, EmailChange, Hashes, Link};
use crate::store::revocations::Pending;
use crate::store::{claims, credentials, one_time_tokens, revocations, users};
use crate::workflows::recovery::{invalid_token, mail};
use crate::workflows::register::account_exists;

/// Asks both addresses. If the new one is somebody else's, they hear of it, and nobody gets the link that would confirm: the
/// asker sees no difference.
pub(crate) async fn ask(state: &AppState, id: UserId, new_email: &EmailAddress) -> Result<()> {
    let now = state.clock.now();
    let (approve, confirm) = (
        OpaqueToken::new(&state.random),
        OpaqueToken::new(&state.random),
    );
    let mut tx = state.pool.begin().await?;
    let user = users::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("user"))?;
    if user.email == *new_email {
        return Err(one_field(
            "new_email",
            "unchanged",
            "is your address already",
        ));
    }
    let owner = claims::owner(&mut tx, new_email).await?;
    let hashes = Hashes {
        approve: &approve.hash(),
        confirm: &confirm.hash(),
    };
    let expires_at = now + EMAIL_CHANGE_LIFETIME;
    email_changes::replace(&mut tx, id, new_email, hashes, now, expires_at).await?;
    // An address that was never verified may be a stranger's: it is not asked.
    if user.email_verified_at.is_some() {
        let approve = Mail::EmailChangeApprove {
            name: user.name.clone(),
            new_email: new_email.clone(),
            url: state.settings.link("approve-email-change", approve.text()),
        };
        mail(state, &mut tx, &user.email, approve).await?;
    }
    let confirm = match owner {
        Some(owner) => account_exists(state, owner),
        None => Mail::EmailChangeConfirm {
            name: user.name,
            url: state.settings.link("confirm-email-change", confirm.text()),
        },
    };
    mail(state, &mut tx, new_email, confirm).await?;
    tx.commit().await?;
    Ok(())
}

/// Uses one of the two links. `None` when the address has changed by it, else the link that is still missing.
pub(crate) async fn follow(state: &AppState, link: Link, given: &str) -> Result<Option<Link>> {
    let hash = token::hash(given);
    let mut tx = state.pool.begin().await?;
    let id = email_changes::user_of(&mut tx, &hash)
        .await?
        .ok_or_else(invalid_token)?;
    let user = users::lock(&mut tx, id).await?.ok_or_else(invalid_token)?;
    let change = email_changes::mark(&mut tx, link, &hash, state.clock.now())
        .await?
        .filter(|change| change.user_id == id && user.disabled_at.is_none())
        .ok_or_else(invalid_token)?;
    let missing = missing(&change, user.email_verified_at.is_some());
    let revoked = match missing {
        Some(_) => Vec::new(),
        None => apply(state, &mut tx, user, change.new_email).await?,
    };
    tx.commit().await?;
    state.announce(revoked).await;
    Ok(missing)
}

/// The link without which an address does not change.
fn missing(change: &EmailChange, old_is_verified: bool) -> Option<Link> {
    if change.confirmed_at.is_none() {
        Some(Link::Confirm)
    } else if change.approved_at.is_none() && old_is_verified {
        Some(Link::Approve)
    } else {
        None
    }
}

/// Sessions go on; access tokens that say the old address do not.
async fn apply(
    state: &AppState,
    tx: &mut PgConnection,
    user: User,
    new_email: EmailAddress,
) -> Result<Vec<Pending>> {
    // After the lock: tokens that were signed before it carry an earlier time.
    let now = state.clock.now();
    users::change_email(tx, user.id, &new_email, now)
        .await
        .on_constraint("users_verified_email", invalid_token)?;
    // The password keeps its hash, so the address takes over its salt.
    let hash = credentials::find(tx, user.id).await?;
    if let Some(salt) = hash.and_then(|hash| passwords::salt_of(&hash)) {
        claims::set_salt(tx, &new_email, &salt, now).await?;
    }
    email_changes::cancel(tx, user.id).await?;
    one_time_tokens::revoke_all(tx, user.id, now).await?;
    let changed = User {
        email: new_email.clone(),
        email_verified_at: Some(now),
        ..user.clone()
    };
    state.publisher.publish(tx, &changed.updated()).await?;
    if user.email_verified_at.is_some() {
        let name = user.name;
        let changed = Mail::EmailChanged { name, new_email };
        mail(state, tx, &user.email, changed).await?;
    }
    let before = now + Duration::from_millis(1);
    Ok(revocations::of_user(tx, user.id, before, now + ACCESS_LIFETIME).await?)
}
