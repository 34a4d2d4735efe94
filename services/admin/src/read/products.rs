use primitives::{Money, ProductId};
use sqlx::{FromRow, PgConnection};

use super::{contains, money};

/// A product in a list.
pub(crate) struct ProductRow {
    pub(crate) id: ProductId,
    pub(crate) title: String,
    pub(crate) skus: String,
    pub(crate) category: String,
    pub(crate) status: String,
    pub(crate) price: String,
    pub(crate) on_hand: i64,
    pub(crate) reserved: i64,
    pub(crate) available: i64,
}

#[derive(FromRow)]
struct Row {
    id: ProductId,
    title: String,
    skus: String,
    category: Option<String>,
    status: String,
    currency: String,
    price_min: i64,
    price_max: i64,
    on_hand: i64,
    reserved: i64,
}

/// Newest first, after the given product.
pub(crate) async fn list(
    conn: &mut PgConnection,
    q: &str,
    status: &str,
    low_stock: bool,
    after: Option<ProductId>,
    limit: i64,
) -> sqlx::Result<Vec<ProductRow>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT p.id, p.title, p.skus, c.name AS category, p.status, p.currency, p.price_min, p.price_max,
                coalesce(s.on_hand, 0)::bigint AS on_hand, coalesce(s.reserved, 0)::bigint AS reserved
           FROM products p
           LEFT JOIN categories c ON c.id = p.category_id
           LEFT JOIN LATERAL (SELECT sum(l.on_hand) AS on_hand, sum(l.reserved) AS reserved
                                FROM product_variants v JOIN stock_levels l ON l.variant_id = v.id
                               WHERE v.product_id = p.id AND v.archived_at IS NULL) s ON true
          WHERE ($1 = '' OR p.title ILIKE $2 OR p.skus ILIKE $2) AND ($3 = '' OR p.status = $3) AND ($4::uuid IS NULL OR p.id < $4)
            AND (NOT $5 OR EXISTS (SELECT FROM product_variants v WHERE v.product_id = p.id AND v.archived_at IS NULL AND v.low_stock_threshold >=
                                     (SELECT greatest(0, sum(l.on_hand - l.reserved - l.owed)) FROM stock_levels l WHERE l.variant_id = v.id)))
          ORDER BY p.id DESC LIMIT $6",
    )
    .bind(q)
    .bind(contains(q))
    .bind(status)
    .bind(after)
    .bind(low_stock)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let (min, max): (Money, Money) = (
                money(row.price_min, &row.currency)?,
                money(row.price_max, &row.currency)?,
            );
            Ok(ProductRow {
                id: row.id,
                title: row.title,
                skus: row.skus,
                category: row.category.unwrap_or_default(),
                status: row.status,
                price: if min == max {
                    min.to_string()
                } else {
                    format!("{min} – {max}")
                },
                on_hand: row.on_hand,
                reserved: row.reserved,
                available: row.on_hand - row.reserved,
            })
        })
        .collect()
}

/// What waits for staff.
#[derive(FromRow)]
pub(crate) struct Waiting {
    pub(crate) to_approve: i64,
    pub(crate) low_stock: i64,
}

pub(crate) async fn waiting(conn: &mut PgConnection) -> sqlx::Result<Waiting> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM products WHERE status = 'pending_review') AS to_approve,
                (SELECT count(*) FROM product_variants v JOIN products p ON p.id = v.product_id AND p.status = 'active'
                  WHERE v.archived_at IS NULL AND v.low_stock_threshold >=
                    (SELECT greatest(0, sum(l.on_hand - l.reserved - l.owed)) FROM stock_levels l WHERE l.variant_id = v.id)) AS low_stock",
    )
    .fetch_one(conn)
    .await
}
