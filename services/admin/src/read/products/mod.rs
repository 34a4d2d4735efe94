//! The catalogue as staff see it.

pub(crate) mod approvals;
pub(crate) mod detail;
pub(crate) mod list;

use sqlx::{FromRow, PgConnection};

/// What waits for staff.
#[derive(FromRow)]
pub(crate) struct Waiting {
    pub(crate) to_approve: i64,
    pub(crate) low_stock: i64,
}

/// How many products wait for a decision.
pub(crate) async fn to_approve(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM products WHERE status = 'pending_review'")
        .fetch_one(conn)
        .await
}

pub(crate) async fn waiting(conn: &mut PgConnection) -> sqlx::Result<Waiting> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM products WHERE status = 'pending_review') AS to_approve,
                (SELECT count(*) FROM low_stock l JOIN products p ON p.id = l.product_id AND p.status = 'active') AS low_stock",
    )
    .fetch_one(conn)
    .await
}
