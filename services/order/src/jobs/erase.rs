use crate::app::AppState;
use crate::jobs::BATCH;
use crate::store;
use crate::workflows::erase;

/// Takes personal data out of orders that were under way when their customer's account was deleted, and are finished now.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let mut tx = app.pool.begin().await?;
    let mut count = 0;
    for user in store::erasure::claim_open(&mut tx, BATCH).await? {
        count += erase::anonymise(&mut tx, app, user).await?;
    }
    tx.commit().await?;
    Ok(count)
}
