use primitives::{ProductId, Timestamp};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::products::list::DAYS;

/// What lies in stock of the products of a category.
#[derive(Debug, FromRow)]
pub(crate) struct Value {
    pub(crate) currency: String,
    /// Nil for those in none.
    pub(crate) category_id: Uuid,
    pub(crate) variants: i64,
    pub(crate) units: i64,
    pub(crate) reserved: i64,
    /// By price, in minor units.
    pub(crate) value: i64,
}

/// All that lies in stock, by price. One pass over all levels: for the job, not for a page.
pub(crate) async fn values(conn: &mut PgConnection) -> sqlx::Result<Vec<Value>> {
    sqlx::query_as(
        "SELECT p.currency::text AS currency, coalesce(p.category_id, '00000000-0000-0000-0000-000000000000') AS category_id,
                count(*) FILTER (WHERE l.units > 0) AS variants, sum(l.units)::bigint AS units, sum(l.reserved)::bigint AS reserved,
                sum(l.units * v.price)::bigint AS value
           FROM (SELECT variant_id, sum(on_hand) AS units, sum(reserved) AS reserved FROM stock_levels GROUP BY variant_id) l
           JOIN product_variants v ON v.id = l.variant_id
           JOIN products p ON p.id = v.product_id
          GROUP BY 1, 2 HAVING sum(l.units) > 0",
    )
    .fetch_all(conn)
    .await
}

/// What will be sold out in fewer days is listed.
pub(crate) const SOON: i32 = 14;

/// A variant that will soon be sold out.
#[derive(Debug, FromRow)]
pub(crate) struct Cover {
    pub(crate) variant_id: Uuid,
    pub(crate) available: i64,
    /// In the days that sales are counted over.
    pub(crate) sold: i64,
    pub(crate) days: i32,
}

/// What will be sold out in fewer than [`SOON`] days if it sells as since then, the first to be so first. One pass over all sales since
/// then: for the job, not for a page.
pub(crate) async fn running_out(
    conn: &mut PgConnection,
    since: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Cover>> {
    sqlx::query_as(
        "WITH sales AS (
           SELECT variant_id, sum(owed_delta - on_hand_delta) AS sold FROM stock_movements
            WHERE kind IN ('sell', 'restock') AND created_at >= $1
            GROUP BY variant_id HAVING sum(owed_delta - on_hand_delta) > 0)
         SELECT s.variant_id, l.free AS available, s.sold, (l.free * $2 / s.sold)::int AS days
           FROM sales s
           JOIN product_variants v ON v.id = s.variant_id AND v.archived_at IS NULL
           JOIN products p ON p.id = v.product_id AND p.status = 'active'
          CROSS JOIN LATERAL (SELECT greatest(coalesce(sum(on_hand - reserved - owed), 0), 0)::bigint AS free
                                FROM stock_levels WHERE variant_id = s.variant_id) l
          WHERE l.free * $2 < s.sold * $3
          ORDER BY l.free::float8 / s.sold, s.sold DESC, s.variant_id LIMIT $4",
    )
    .bind(since)
    .bind(i64::from(DAYS))
    .bind(i64::from(SOON))
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// What staff read of such a variant.
#[derive(Debug, FromRow)]
pub(crate) struct Short {
    pub(crate) variant_id: Uuid,
    pub(crate) product_id: ProductId,
    pub(crate) title: String,
    pub(crate) sku: String,
    pub(crate) available: i64,
    pub(crate) held: i64,
}

pub(crate) async fn short(conn: &mut PgConnection, variants: &[Uuid]) -> sqlx::Result<Vec<Short>> {
    sqlx::query_as(
        "SELECT v.id AS variant_id, v.product_id, p.title, v.sku, greatest(coalesce(l.free, 0), 0)::bigint AS available, coalesce(l.held, 0)::bigint AS held
           FROM product_variants v JOIN products p ON p.id = v.product_id
          CROSS JOIN LATERAL (SELECT sum(on_hand - reserved - owed) AS free, sum(reserved) AS held FROM stock_levels WHERE variant_id = v.id) l
          WHERE v.id = ANY ($1)",
    )
    .bind(variants)
    .fetch_all(conn)
    .await
}
