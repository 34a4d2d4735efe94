//! What offers are for, and what the bench prices.

use std::collections::BTreeMap;

use primitives::{Money, ProductId, VariantId};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, QueryBuilder};
use uuid::Uuid;

use crate::domain::offers::Names;
use crate::read::{begins, contains, has_trigram, money};

/// What products and categories are called.
pub(crate) async fn names(conn: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Names> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT id, title FROM products WHERE id = ANY ($1) UNION ALL SELECT id, name FROM categories WHERE id = ANY ($1)",
    )
    .bind(ids)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Something that can be sold.
#[derive(Clone)]
pub(crate) struct Variant {
    pub(crate) id: VariantId,
    pub(crate) product_id: ProductId,
    pub(crate) sku: String,
    pub(crate) title: String,
    /// Such as `blue, M`.
    pub(crate) options: String,
    pub(crate) price: Money,
}

#[derive(FromRow)]
struct Row {
    id: VariantId,
    product_id: ProductId,
    sku: String,
    title: String,
    options: Json<BTreeMap<String, String>>,
    price: i64,
    currency: String,
}

impl Row {
    fn show(self) -> sqlx::Result<Variant> {
        Ok(Variant {
            id: self.id,
            product_id: self.product_id,
            sku: self.sku,
            title: self.title,
            options: self.options.0.into_values().collect::<Vec<_>>().join(", "),
            price: money(self.price, &self.currency)?,
        })
    }
}

/// Variants by their SKUs.
pub(crate) async fn with_skus(
    conn: &mut PgConnection,
    skus: &[String],
) -> sqlx::Result<Vec<Variant>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT v.id, v.product_id, v.sku, p.title, v.options, v.price, p.currency::text AS currency
           FROM product_variants v JOIN products p ON p.id = v.product_id
          WHERE v.sku = ANY ($1) AND v.archived_at IS NULL",
    )
    .bind(skus)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::show).collect()
}

/// Variants of products on sale whose title or SKUs contain a text; begin with it, where it is very short.
pub(crate) async fn search(
    conn: &mut PgConnection,
    q: &str,
    limit: i64,
) -> sqlx::Result<Vec<Variant>> {
    let mut sql = QueryBuilder::new(
        "SELECT v.id, v.product_id, v.sku, p.title, v.options, v.price, p.currency::text AS currency
           FROM (SELECT id, title, currency FROM products WHERE status = 'active'",
    );
    if has_trigram(q) {
        sql.push(" AND id IN (SELECT id FROM product_words WHERE words ILIKE ")
            .push_bind(contains(q))
            .push(")");
    } else {
        // Some of those that begin so, found first: else the newest of all are looked through for them.
        let short = begins(&q.to_lowercase().chars().take(2).collect::<String>());
        sql.push(" AND id = ANY (ARRAY(SELECT id FROM products WHERE lower(left(title, 2)) LIKE ")
            .push_bind(short.clone())
            .push(" LIMIT 500) || ARRAY(SELECT id FROM products WHERE lower(left(skus, 2)) LIKE ")
            .push_bind(short)
            .push(" LIMIT 500))");
    }
    sql.push(" ORDER BY id DESC LIMIT ")
        .push_bind(limit)
        .push(
            ") p JOIN product_variants v ON v.product_id = p.id AND v.archived_at IS NULL
              ORDER BY p.title, v.position LIMIT ",
        )
        .push_bind(limit);
    let query = sql.build_query_as::<Row>().persistent(false);
    let rows = query.fetch_all(conn).await?;
    rows.into_iter().map(Row::show).collect()
}
