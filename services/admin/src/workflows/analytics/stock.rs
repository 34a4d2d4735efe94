use std::time::Duration;

use crate::app::AppState;
use crate::read::products::list::DAYS;
use crate::{read, store};

/// How old the value of the stock may be, and what is known of what will soon be sold out.
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
    let mut product_db = app.product_db.acquire().await?;
    let values = read::stock::values(&mut product_db).await?;
    let since = now - Duration::from_secs(u64::from(DAYS) * 24 * 3600);
    let most = store::home::MOST + 1;
    let cover = read::stock::running_out(&mut product_db, since, most).await?;
    drop(product_db);
    let mut tx = app.pool.begin().await?;
    store::stock_values::replace(&mut tx, now, &app.time_zone, &values).await?;
    store::home::replace_cover(&mut tx, &cover).await?;
    tx.commit().await?;
    Ok(())
}
