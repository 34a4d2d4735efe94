use anyhow::Context;
use auth_token::Role;
use primitives::UserId;
use secrecy::ExposeSecret;

use crate::app::AppState;
use crate::domain::password::NewPassword;
use crate::domain::user::User;
use crate::store::{claims, credentials, users};
use crate::workflows::register;

/// Makes the first admin from the settings, if there is no admin yet. Who has verified that address
/// becomes admin, and their password stays; who merely claims it does not.
pub(crate) async fn first_admin(state: &AppState) -> anyhow::Result<()> {
    let (Some(email), Some(password)) =
        (&state.settings.admin_email, &state.settings.admin_password)
    else {
        return Ok(());
    };
    let mut tx = state
        .pool
        .begin()
        .await
        .context("cannot reach the database")?;
    if users::has_admin_locked(&mut tx).await? {
        return Ok(());
    }
    let now = state.clock.now();
    match claims::owner(&mut tx, email).await? {
        Some(user) => {
            let user = User {
                role: Role::Admin,
                ..user
            };
            users::update(&mut tx, &user, now).await?;
            state.publisher.publish(&mut tx, &user.updated()).await?;
        }
        None => {
            let password = NewPassword::try_from(password.expose_secret().to_owned())
                .map_err(|complaint| anyhow::anyhow!("ADMIN_PASSWORD {complaint}"))?;
            if let Some(weakness) = password.weakness(email.as_str()) {
                anyhow::bail!("ADMIN_PASSWORD {weakness}");
            }
            let hash = register::hash(state, &password, email).await?;
            let user = User {
                id: UserId::new(now, &state.random),
                email: email.clone(),
                email_verified_at: Some(now),
                name: "Admin".to_owned(),
                role: Role::Admin,
                disabled_at: None,
                disabled_reason: None,
                created_at: now,
                version: 1,
            };
            users::insert(&mut tx, &user).await?;
            credentials::set(&mut tx, user.id, &hash, now).await?;
            state.publisher.publish(&mut tx, &user.registered()).await?;
        }
    }
    tx.commit().await?;
    tracing::info!("made the first admin");
    Ok(())
}
