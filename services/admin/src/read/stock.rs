use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

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
