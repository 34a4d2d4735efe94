//! The catalogue as staff see it.

pub(crate) mod approvals;
pub(crate) mod detail;
pub(crate) mod list;

use sqlx::PgConnection;

/// How many products wait for a decision.
pub(crate) async fn to_approve(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM products WHERE status = 'pending_review'")
        .fetch_one(conn)
        .await
}
