//! What order's database says of how well money moves.

use sqlx::PgConnection;

use crate::board::Reconciliation;

/// The last comparison with the payment provider.
pub(crate) async fn reconciliation(
    conn: &mut PgConnection,
) -> sqlx::Result<Option<Reconciliation>> {
    sqlx::query_as(
        "SELECT status, started_at, finished_at, healed, raised FROM reconciliations ORDER BY started_at DESC LIMIT 1",
    )
    .fetch_optional(conn)
    .await
}
