//! What waits for a decision, and what it said when staff last decided.

use primitives::{ProductId, Timestamp, UserId};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};

/// A product that waits.
#[derive(FromRow)]
pub(crate) struct Submitted {
    pub(crate) id: ProductId,
    pub(crate) seller_id: UserId,
    pub(crate) title: String,
    pub(crate) rejection_reason: Option<String>,
    pub(crate) version: i32,
    pub(crate) updated_at: Timestamp,
    pub(crate) content: Value,
    /// Whether the last decision was an approval; nothing if there was none.
    pub(crate) approved: Option<bool>,
    pub(crate) decided_at: Option<Timestamp>,
    pub(crate) before: Option<Value>,
}

/// Those that wait longest first, after the given one.
pub(crate) async fn page(
    conn: &mut PgConnection,
    after: Option<(Timestamp, ProductId)>,
    limit: i64,
) -> sqlx::Result<Vec<Submitted>> {
    let (at, id) = after.unzip();
    sqlx::query_as(
        "SELECT p.id, p.seller_id, p.title, p.rejection_reason, p.version, p.updated_at, product_content(p.id) AS content,
                d.approved, d.decided_at, d.content AS before
           FROM products p LEFT JOIN product_decisions d ON d.product_id = p.id
          WHERE p.status = 'pending_review' AND ($1::timestamptz IS NULL OR (p.updated_at, p.id) > ($1, $2))
          ORDER BY p.updated_at, p.id LIMIT $3",
    )
    .bind(at)
    .bind(id)
    .bind(limit)
    .fetch_all(conn)
    .await
}
