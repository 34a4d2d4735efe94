use uuid::Uuid;

use super::apply::{Work, apply, source};
use super::stock;
use crate::app::AppState;
use crate::store::analytics::{self as store, Changed};
use crate::{read, store::analytics::State};

/// How many orders are counted together.
const BATCH: i64 = 250;

/// Counts what events told of, and reads in what was before there were any, until nothing is left or `stop` says so.
///
/// # Errors
/// A database does not answer. What is not counted is found again.
pub async fn catch_up(app: &AppState, stop: impl Fn() -> bool) -> anyhow::Result<()> {
    while !stop() && step(app).await? {}
    stock::refresh(app).await
}

/// Whether there may be more.
async fn step(app: &AppState) -> anyhow::Result<bool> {
    let began = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let State {
        epoch,
        time_zone,
        filled_until,
        ..
    } = store::state(&mut conn).await?;
    if time_zone != app.time_zone {
        store::start_filling(&mut conn, &app.time_zone).await?;
        return Ok(true);
    }
    let orders = store::pending(&mut conn, Changed::Order, BATCH).await?;
    let products = store::pending(&mut conn, Changed::Product, BATCH).await?;
    drop(conn);
    if !orders.is_empty() || !products.is_empty() {
        let ids: Vec<Uuid> = orders.iter().map(|order| order.id).collect();
        let work = Work {
            orders: source(app, &ids, &time_zone).await?,
            products: products.iter().map(|product| product.id).collect(),
            settled_orders: orders,
            settled_products: products,
            filled: None,
        };
        let _ = apply(app, epoch, work).await?;
        return Ok(true);
    }
    if let Some(after) = filled_until {
        let mut order_db = app.order_db.acquire().await?;
        let ids = read::sales::ids_after(&mut order_db, after, BATCH).await?;
        drop(order_db);
        let work = Work {
            orders: source(app, &ids, &time_zone).await?,
            filled: Some((time_zone, ids.last().copied())),
            ..Work::default()
        };
        let _ = apply(app, epoch, work).await?;
        return Ok(true);
    }
    // Nothing is pending here; but something may wait at order to be told, if the broker is away.
    let mut order_db = app.order_db.acquire().await?;
    let untold = read::sales::untold_since(&mut order_db).await?;
    let as_of = untold.map_or(began, |untold| untold.min(began));
    store::set_as_of(&mut *app.pool.acquire().await?, as_of).await?;
    Ok(false)
}
