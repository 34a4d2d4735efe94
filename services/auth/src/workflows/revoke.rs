use http_kit::Result;
use primitives::UserId;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::token::ACCESS_LIFETIME;
use crate::store::revocations::{self, Pending};
use crate::store::sessions::{self, Which, Why};
use crate::store::{challenges, users};

/// Ends sessions and writes down that their access tokens are refused. After the commit: [`AppState::announce`].
pub(crate) async fn end(
    state: &AppState,
    tx: &mut PgConnection,
    user: UserId,
    which: Which,
    why: Why,
) -> Result<Vec<Pending>> {
    let now = state.clock.now();
    // A sign-in that waits for its second factor is one of all.
    if !matches!(which, Which::One(_)) {
        challenges::end_all(tx, user, now).await?;
    }
    let ended = sessions::end(tx, user, which, why, now).await?;
    Ok(revocations::of_sessions(tx, &ended, now + ACCESS_LIFETIME).await?)
}

/// Ends sessions of a user; how many. Ending what has ended does nothing.
pub(crate) async fn end_sessions(
    state: &AppState,
    user: UserId,
    which: Which,
    why: Why,
) -> Result<usize> {
    let mut tx = state.pool.begin().await?;
    users::lock(&mut tx, user).await?;
    let revoked = end(state, &mut tx, user, which, why).await?;
    tx.commit().await?;
    let count = revoked.len();
    state.announce(revoked).await;
    Ok(count)
}
