//! Keeping recommendations up to date, a step at a time. Each step finds its own work, is one short transaction, and may be
//! repeated; whoever has the turn does it, whatever the number of replicas.

use std::time::Duration;

use primitives::{OrderId, ProductId, Timestamp};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::app::Context;
use crate::domain::recommendation::{
    self as rules, Changes, KEPT, LIKE, Ranked, association, best, weight_at,
};
use crate::store::recommendations::{self as store, Kind, Row, Work};

/// Baskets counted in one transaction.
const BASKETS: i64 = 200;
/// Rows made anew in one transaction.
const ROWS: i64 = 20;
const DAY: Duration = Duration::from_secs(86_400);
/// What is alike changes slowly, and costs most to find out.
const SIMILAR_LASTS: Duration = Duration::from_secs(7 * 86_400);
/// Baskets older than this weigh nothing that could be seen.
const REMEMBERED: Duration = Duration::from_secs(2 * 365 * 86_400);
/// Products that are asked again when something new like them comes.
const TOLD: usize = 12;

/// Notes the basket of a confirmed order. Any number of times.
pub(crate) async fn bought(
    tx: &mut PgConnection,
    order: OrderId,
    products: impl IntoIterator<Item = ProductId>,
    at: Timestamp,
) -> sqlx::Result<()> {
    let basket = rules::basket(order, products);
    let basket: Vec<Uuid> = basket.into_iter().map(ProductId::uuid).collect();
    store::bought(tx, order, &basket, at).await
}

/// Adds to the sums what was bought and takes off what came back; answers how many baskets there were.
pub(crate) async fn count_baskets(cx: &Context) -> sqlx::Result<usize> {
    let mut tx = cx.pool.begin().await?;
    if !store::turn(&mut tx).await? {
        return Ok(0);
    }
    let baskets = store::take_open_baskets(&mut tx, BASKETS).await?;
    let mut changes = Changes::default();
    for basket in &baskets {
        let at = basket.bought_at.unix();
        if basket.wanted {
            changes.count(&basket.products, at);
        } else {
            changes.take_back(&basket.products, at);
        }
    }
    if !baskets.is_empty() {
        store::apply(&mut tx, &changes).await?;
        let touched: Vec<Uuid> = changes.products.keys().map(|id| id.uuid()).collect();
        store::ask(&mut tx, Kind::Product, &touched).await?;
    }
    // Also when nothing was done, so that the turn is over when this returns.
    tx.commit().await?;
    Ok(baskets.len())
}

/// Makes the rows of some products anew; answers how many.
pub(crate) async fn remake_products(cx: &Context) -> sqlx::Result<usize> {
    let mut tx = cx.pool.begin().await?;
    if !store::turn(&mut tx).await? {
        return Ok(0);
    }
    let work = store::work(&mut tx, Kind::Product, ROWS).await?;
    let busy = work.len() == usize::try_from(ROWS).unwrap_or(usize::MAX);
    let mut told = Vec::new();
    for Work { id, .. } in &work {
        let mut attempt = tx.begin().await?;
        match remake_product(&mut attempt, cx, ProductId::from(*id), busy).await {
            Ok(near) => {
                attempt.commit().await?;
                told.extend(near);
            }
            // One that cannot be made must not stop the others; it is tried again tomorrow.
            Err(error @ sqlx::Error::Database(_)) => {
                tracing::warn!(%error, product_id = %id, "recommendations could not be made");
                attempt.rollback().await?;
            }
            Err(error) => return Err(error),
        }
    }
    // Last, because others wait for these rows.
    store::ask(&mut tx, Kind::Product, &told).await?;
    finish(tx, Kind::Product, &work).await
}

/// Makes one row anew; answers which others shall look around again.
async fn remake_product(
    db: &mut PgConnection,
    cx: &Context,
    product: ProductId,
    busy: bool,
) -> sqlx::Result<Vec<Uuid>> {
    let now = cx.clock.now();
    let known = store::similar_of(db, product).await?;
    let Some(version) = store::version_on_sale(db, product).await? else {
        store::drop_product(db, product).await?;
        return Ok(Vec::new());
    };
    let mut told = Vec::new();
    let fresh = known.filter(|(of, at, _)| *of == version && now.since(*at) < SIMILAR_LASTS);
    let (similar, similar_at) = match fresh {
        Some((_, at, similar)) => (similar, at),
        None => {
            let similar = similar(db, product).await?;
            if !busy {
                let near: Vec<Uuid> = similar.iter().take(TOLD).map(|(id, _)| id.uuid()).collect();
                told = store::tell_of(db, product, &near).await?;
            }
            (similar, now)
        }
    };
    let pairs = store::pairs_of(db, product).await?;
    let scale = weight_at(now.unix());
    let own = best(
        pairs.into_iter().map(|pair| {
            let score = association(pair.weight, pair.own_weight, pair.other_weight, scale);
            (pair.other, score)
        }),
        KEPT,
    );
    let like: Vec<Uuid> = similar.iter().take(LIKE).map(|(id, _)| id.uuid()).collect();
    let mut theirs = store::own_of(db, &like).await?;
    let like: Vec<(f64, Ranked<ProductId>)> = similar
        .iter()
        .take(LIKE)
        .map(|(id, alike)| (*alike, theirs.remove(id).unwrap_or_default()))
        .collect();
    let row = Row {
        together: rules::together(product, &own, &like),
        own,
        similar,
        version,
        similar_at,
    };
    store::put_product(db, product, &row, now).await?;
    Ok(told)
}

async fn similar(db: &mut PgConnection, product: ProductId) -> sqlx::Result<Ranked<ProductId>> {
    let described = store::described(db, product).await?;
    let Some((own, others)) = described.split_first() else {
        return Ok(Vec::new());
    };
    let traits: Vec<_> = others.iter().map(store::Described::traits).collect();
    let scores = rules::likeness(&own.traits(), &traits);
    let ids = others.iter().map(|other| other.id);
    Ok(best(ids.zip(scores), KEPT))
}

/// Makes the rows of some users anew; answers how many.
pub(crate) async fn remake_users(cx: &Context) -> sqlx::Result<usize> {
    let mut tx = cx.pool.begin().await?;
    if !store::turn(&mut tx).await? {
        return Ok(0);
    }
    let (work, now) = (
        store::work(&mut tx, Kind::User, ROWS).await?,
        cx.clock.now(),
    );
    let popular = if work.is_empty() {
        Vec::new()
    } else {
        store::popular(&mut tx).await?
    };
    let mut liked = Vec::with_capacity(work.len());
    for user in &work {
        let interests = store::interests(&mut tx, user.id, now).await?;
        let ids: Vec<Uuid> = interests.iter().map(|(id, _)| id.uuid()).collect();
        let near = store::neighbours(&mut tx, &ids).await?;
        liked.push(if interests.is_empty() {
            Vec::new()
        } else {
            rules::personal(&interests, &near, &popular)
        });
    }
    for (user, liked) in work.iter().zip(&liked) {
        store::put_user(&mut tx, *user, liked, now).await?;
    }
    finish(tx, Kind::User, &work).await
}

/// Finds out what sells best, if that is not known since `older`.
pub(crate) async fn remake_popular(cx: &Context, older: Duration) -> sqlx::Result<()> {
    let mut tx = cx.pool.begin().await?;
    let now = cx.clock.now();
    if store::turn(&mut tx).await? && store::popular_is_older(&mut tx, now - older).await? {
        let best = store::best_sellers(&mut tx, i64::try_from(KEPT).unwrap_or(i64::MAX)).await?;
        store::put_popular(&mut tx, &best, now).await?;
    }
    tx.commit().await
}

/// Asks for what is a day old to be made anew, a little at a time, so that what has faded is noticed.
pub(crate) async fn ask_for_old(cx: &Context) -> sqlx::Result<()> {
    let mut db = cx.pool.acquire().await?;
    store::refresh_older(&mut db, cx.clock.now() - DAY, ROWS).await?;
    Ok(())
}

/// Drops what has faded.
pub(crate) async fn prune(cx: &Context) -> sqlx::Result<u64> {
    let mut tx = cx.pool.begin().await?;
    if !store::turn(&mut tx).await? {
        return Ok(0);
    }
    let before = cx.clock.now() - REMEMBERED;
    let dropped = store::prune(&mut tx, rules::least_of(before.unix()), before).await?;
    tx.commit().await?;
    Ok(dropped)
}

async fn finish(
    mut tx: sqlx::Transaction<'_, sqlx::Postgres>,
    kind: Kind,
    work: &[Work],
) -> sqlx::Result<usize> {
    store::done(&mut tx, kind, work).await?;
    tx.commit().await?;
    Ok(work.len())
}
