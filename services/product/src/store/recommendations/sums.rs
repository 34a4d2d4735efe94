//! Baskets and what they add up to.

use primitives::{OrderId, ProductId, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::recommendation::{Changes, Sum};

/// A basket that is to be counted, or taken back.
#[derive(Debug, Clone)]
pub(crate) struct Basket {
    pub(crate) products: Vec<ProductId>,
    pub(crate) bought_at: Timestamp,
    pub(crate) wanted: bool,
}

/// Takes some baskets whose contribution is not what it should be, and notes that it is now. The caller changes the sums in the
/// same transaction.
pub(crate) async fn take_open_baskets(
    db: &mut PgConnection,
    limit: i64,
) -> sqlx::Result<Vec<Basket>> {
    let rows = sqlx::query!(
        r#"UPDATE recommendation_baskets SET counted = wanted WHERE order_id IN (
             SELECT order_id FROM recommendation_baskets WHERE wanted <> counted ORDER BY order_id LIMIT $1 FOR UPDATE SKIP LOCKED)
           RETURNING order_id AS "order_id: OrderId", products AS "products: Vec<ProductId>", bought_at AS "bought_at: Timestamp", wanted"#,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Basket {
            products: row.products,
            bought_at: row.bought_at,
            wanted: row.wanted,
        })
        .collect())
}

/// Adds changes to the sums. What no basket holds any more has no row.
pub(crate) async fn apply(db: &mut PgConnection, changes: &Changes<ProductId>) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = changes.products.keys().map(|id| id.uuid()).collect();
    let (orders, weights) = columns(changes.products.values());
    sqlx::query!(
        "INSERT INTO recommendation_items AS i (product_id, orders, weight) SELECT * FROM unnest($1::uuid[], $2::integer[], $3::float8[])
         ON CONFLICT (product_id) DO UPDATE SET orders = i.orders + excluded.orders, weight = greatest(0, i.weight + excluded.weight)",
        &ids,
        &orders,
        &weights
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM recommendation_items WHERE product_id = ANY($1) AND orders <= 0",
        &ids
    )
    .execute(&mut *db)
    .await?;
    let low: Vec<Uuid> = changes.pairs.keys().map(|(low, _)| low.uuid()).collect();
    let high: Vec<Uuid> = changes.pairs.keys().map(|(_, high)| high.uuid()).collect();
    let (orders, weights) = columns(changes.pairs.values());
    sqlx::query!(
        "INSERT INTO recommendation_pairs AS p (low_id, high_id, orders, weight)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::float8[])
         ON CONFLICT (low_id, high_id) DO UPDATE SET orders = p.orders + excluded.orders, weight = greatest(0, p.weight + excluded.weight)",
        &low,
        &high,
        &orders,
        &weights
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM recommendation_pairs p USING unnest($1::uuid[], $2::uuid[]) AS c (low_id, high_id)
          WHERE p.low_id = c.low_id AND p.high_id = c.high_id AND p.orders <= 0",
        &low,
        &high
    )
    .execute(db)
    .await?;
    Ok(())
}

fn columns<'a>(sums: impl Iterator<Item = &'a Sum>) -> (Vec<i32>, Vec<f64>) {
    sums.map(|sum| (sum.orders, sum.weight)).unzip()
}

/// A product that was bought together with another.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) other: ProductId,
    /// Of the baskets that hold both.
    pub(crate) weight: f64,
    /// Of the baskets that hold the other.
    pub(crate) other_weight: f64,
    /// Of the baskets that hold this one.
    pub(crate) own_weight: f64,
}

/// Of a bestseller's thousands of partners, those that weigh most are enough.
const MOST_PARTNERS: i64 = 1000;

/// What is on sale and was bought together with a product.
pub(crate) async fn pairs_of(db: &mut PgConnection, product: ProductId) -> sqlx::Result<Vec<Pair>> {
    sqlx::query_as!(
        Pair,
        r#"SELECT p.other AS "other!: ProductId", p.weight AS "weight!", theirs.weight AS "other_weight!", own.weight AS "own_weight!"
             FROM (SELECT * FROM (SELECT high_id AS other, weight FROM recommendation_pairs WHERE low_id = $1
                                  UNION ALL SELECT low_id, weight FROM recommendation_pairs WHERE high_id = $1) p
                    ORDER BY weight DESC, other LIMIT $2) p
             JOIN recommendation_items theirs ON theirs.product_id = p.other
             JOIN recommendation_items own ON own.product_id = $1
             JOIN products o ON o.id = p.other AND o.status = 'active'"#,
        product.uuid(),
        MOST_PARTNERS
    )
    .fetch_all(db)
    .await
}

/// What sells best of all that is on sale, with the weight of its baskets, and then what is newest.
pub(crate) async fn best_sellers(
    db: &mut PgConnection,
    limit: i64,
) -> sqlx::Result<Vec<(ProductId, f64)>> {
    let rows = sqlx::query!(
        r#"(SELECT i.product_id AS "id!: ProductId", i.weight AS "weight!" FROM recommendation_items i
              JOIN products p ON p.id = i.product_id AND p.status = 'active' ORDER BY i.weight DESC, i.product_id LIMIT $1)
           UNION ALL
           (SELECT p.id, 0::float8 FROM products p WHERE p.status = 'active'
               AND NOT EXISTS (SELECT FROM recommendation_items i WHERE i.product_id = p.id) ORDER BY p.id DESC LIMIT $1)
           LIMIT $1"#,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.weight)).collect())
}

/// Drops what has faded: pairs whose weight is below `least`, baskets older than `before`, and those that were given back.
pub(crate) async fn prune(
    db: &mut PgConnection,
    least: f64,
    before: Timestamp,
) -> sqlx::Result<u64> {
    let pairs = sqlx::query!("DELETE FROM recommendation_pairs WHERE weight < $1", least)
        .execute(&mut *db)
        .await?;
    let baskets = sqlx::query!(
        "DELETE FROM recommendation_baskets WHERE wanted = counted AND (NOT wanted OR bought_at < $1)",
        before as _
    )
    .execute(db)
    .await?;
    Ok(pairs.rows_affected() + baskets.rows_affected())
}
