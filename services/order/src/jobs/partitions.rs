use crate::app::AppState;
use crate::store;

/// So many months ahead have their partition: as long as all processes of this service may rest.
const AHEAD: i32 = 3;

/// Makes the partitions of the coming months, and keeps the planner's statistics of all of them together.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let mut conn = app.pool.acquire().await?;
    let made = store::partitions::make(&mut conn, app.clock.now(), AHEAD).await?;
    store::partitions::analyse(&mut conn).await?;
    Ok(usize::try_from(made)?)
}
