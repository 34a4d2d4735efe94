use std::time::Duration;

use crate::app::AppState;
use crate::{read, store};

/// How old the value of the stock may be.
const AGE: Duration = Duration::from_secs(300);

/// Values the stock anew if the last time is long ago. The last value of a day stays as that day's.
pub(super) async fn refresh(app: &AppState) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let state = store::analytics::state(&mut conn).await?;
    if state
        .stock_as_of
        .is_some_and(|at| now.since(at) < AGE && at <= now)
    {
        return Ok(());
    }
    drop(conn);
    let values = read::stock::values(&mut *app.product_db.acquire().await?).await?;
    let mut tx = app.pool.begin().await?;
    store::stock_values::replace(&mut tx, now, &app.time_zone, &values).await?;
    tx.commit().await?;
    Ok(())
}
