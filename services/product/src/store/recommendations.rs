//! What goes with what: baskets, their sums, and the rows that are read. The rules are in `domain::recommendation`.

mod candidates;
mod rows;
mod sums;

use primitives::{OrderId, Timestamp, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use candidates::{Described, described, version_on_sale};
pub(crate) use rows::{
    Row, drop_product, interests, neighbours, of_product, of_user, own_of, popular,
    popular_is_older, put_popular, put_product, put_user, refresh_older, similar_of, tell_of,
};
pub(crate) use sums::{apply, best_sellers, pairs_of, prune, take_open_baskets};

/// What may be to be made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Product,
    User,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::User => "user",
        }
    }
}

/// Notes what a confirmed order holds. Once: an order that is known stays as it is.
pub(crate) async fn bought(
    db: &mut PgConnection,
    order: OrderId,
    products: &[Uuid],
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO recommendation_baskets (order_id, products, bought_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        order.uuid(),
        products,
        at as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// An order came back: its basket counts no longer, and its buyer's taste is to be learnt anew. Before its purchases are
/// forgotten.
pub(crate) async fn given_back(db: &mut PgConnection, order: OrderId) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE recommendation_baskets SET wanted = false WHERE order_id = $1",
        order.uuid()
    )
    .execute(&mut *db)
    .await?;
    let buyers = sqlx::query_scalar!(
        "SELECT DISTINCT user_id FROM purchases WHERE order_id = $1",
        order.uuid()
    )
    .fetch_all(&mut *db)
    .await?;
    ask(db, Kind::User, &buyers).await
}

/// Products whose title, attributes, category or status may have changed.
pub(crate) async fn products_changed(db: &mut PgConnection, products: &[Uuid]) -> sqlx::Result<()> {
    ask(db, Kind::Product, products).await
}

/// Somebody's purchases or wishes changed.
pub(crate) async fn user_changed(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    ask(db, Kind::User, &[user.uuid()]).await
}

/// Asks for rows to be made anew, locked in the order of their ids.
pub(crate) async fn ask(db: &mut PgConnection, kind: Kind, ids: &[Uuid]) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO recommendation_work AS w (kind, id) SELECT $1, id FROM unnest($2::uuid[]) AS asked (id) GROUP BY id ORDER BY id
         ON CONFLICT (kind, id) DO UPDATE SET asked = w.asked + 1",
        kind.as_str(),
        ids
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Something to be made anew, and how often it had been asked for when it was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    pub(crate) id: Uuid,
    pub(crate) asked: i64,
}

/// Some of what is to be made anew.
pub(crate) async fn work(db: &mut PgConnection, kind: Kind, limit: i64) -> sqlx::Result<Vec<Work>> {
    sqlx::query_as!(
        Work,
        "SELECT id, asked FROM recommendation_work WHERE kind = $1 ORDER BY id LIMIT $2",
        kind.as_str(),
        limit
    )
    .fetch_all(db)
    .await
}

/// Strikes out what is done, unless it was asked for again meanwhile.
pub(crate) async fn done(db: &mut PgConnection, kind: Kind, work: &[Work]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = work.iter().map(|work| work.id).collect();
    let asked: Vec<i64> = work.iter().map(|work| work.asked).collect();
    // Whoever asks right now holds the row, and wants it to stay.
    sqlx::query!(
        "DELETE FROM recommendation_work WHERE kind = $1 AND id IN (
           SELECT w.id FROM recommendation_work w JOIN unnest($2::uuid[], $3::bigint[]) AS done (id, asked) USING (id, asked)
            WHERE w.kind = $1 ORDER BY w.id FOR UPDATE OF w SKIP LOCKED)",
        kind.as_str(),
        &ids,
        &asked
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether this transaction may do a step of the work now; only one does at a time, whatever the number of replicas.
pub(crate) async fn turn(db: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('recommendations', 0)) AS "mine!""#
    )
    .fetch_one(db)
    .await
}
