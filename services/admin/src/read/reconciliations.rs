//! Comparisons with the payment provider, and what they found.

use primitives::{OrderId, ReconciliationId, Timestamp};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// A comparison.
#[derive(Debug, FromRow)]
pub(crate) struct Run {
    pub(crate) id: ReconciliationId,
    /// `window` or `full`.
    pub(crate) kind: String,
    /// `running`, `done` or `failed`.
    pub(crate) status: String,
    pub(crate) from_at: Timestamp,
    pub(crate) until_at: Timestamp,
    pub(crate) position_at: Timestamp,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) payments: i32,
    pub(crate) refunds: i32,
    pub(crate) disputes: i32,
    pub(crate) strangers: i32,
    pub(crate) healed: i32,
    pub(crate) raised: i32,
    pub(crate) error: Option<String>,
}

const RUN: &str = "SELECT id, kind, status, from_at, until_at, position_at, started_at, finished_at, payments, refunds, disputes, strangers, healed, raised, error
                     FROM reconciliations";

/// Newest first; those that found nothing are many, and may be left out.
pub(crate) async fn list(
    conn: &mut PgConnection,
    with_differences: bool,
    after: Option<ReconciliationId>,
    limit: i64,
) -> sqlx::Result<Vec<Run>> {
    let sql = format!(
        "{RUN} WHERE ($1::uuid IS NULL OR id < $1) AND (NOT $2 OR healed + raised > 0 OR status <> 'done') ORDER BY id DESC LIMIT $3"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after)
        .bind(with_differences)
        .bind(limit)
        .fetch_all(conn)
        .await
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: ReconciliationId,
) -> sqlx::Result<Option<Run>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{RUN} WHERE id = $1")))
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// What was not the same.
#[derive(Debug, FromRow)]
pub(crate) struct Difference {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) number: Option<String>,
    pub(crate) reference: Option<String>,
    /// `healed` or `raised`.
    pub(crate) outcome: String,
    pub(crate) ours: Value,
    pub(crate) theirs: Value,
    pub(crate) at: Timestamp,
}

/// In the order in which they were found, after the given one.
pub(crate) async fn differences(
    conn: &mut PgConnection,
    run: ReconciliationId,
    after: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Difference>> {
    sqlx::query_as(
        "SELECT d.id, d.kind, d.subject, d.order_id, o.number::text AS number, d.reference, d.outcome, d.ours, d.theirs, d.at
           FROM reconciliation_differences d LEFT JOIN orders o ON o.id = d.order_id
          WHERE d.reconciliation_id = $1 AND ($2::uuid IS NULL OR d.id > $2)
          ORDER BY d.id LIMIT $3",
    )
    .bind(run)
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}
