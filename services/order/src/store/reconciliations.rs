//! Comparisons with the payment provider, and what they found.

use primitives::{OrderId, ReconciliationId, Timestamp};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// A comparison to be made, or to be gone on with.
pub(crate) struct Run {
    pub(crate) id: ReconciliationId,
    pub(crate) position: Timestamp,
    pub(crate) until: Timestamp,
}

/// How many were compared, and what came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Payments that were compared.
    pub payments: i32,
    /// Refunds that were compared.
    pub refunds: i32,
    /// Disputes that were compared.
    pub disputes: i32,
    /// What the provider has and does not say to be ours.
    pub strangers: i32,
    /// Differences that were mended.
    pub healed: i32,
    /// Differences that a person has to see to.
    pub raised: i32,
}

/// What kind of comparison: of which time, and which is a crashed one's.
pub(crate) struct Begin<'a> {
    pub(crate) id: ReconciliationId,
    pub(crate) kind: &'a str,
    pub(crate) from: Timestamp,
    pub(crate) now: Timestamp,
    /// Who was not heard of since then has crashed.
    pub(crate) silent_since: Timestamp,
}

/// Begins a comparison, or takes up one that crashed; none while another process is at it.
pub(crate) async fn begin(conn: &mut PgConnection, begin: &Begin<'_>) -> sqlx::Result<Option<Run>> {
    sqlx::query_as!(
        Run,
        r#"INSERT INTO reconciliations (id, kind, status, from_at, until_at, position_at, started_at, heartbeat_at)
           VALUES ($1, $2, 'running', $3, $4, $3, $4, $4)
           ON CONFLICT (kind) WHERE status = 'running'
           DO UPDATE SET heartbeat_at = excluded.heartbeat_at WHERE reconciliations.heartbeat_at < $5
           RETURNING id AS "id: ReconciliationId", position_at AS "position!", until_at AS "until!""#,
        begin.id.uuid(),
        begin.kind,
        begin.from as Timestamp,
        begin.now as Timestamp,
        begin.silent_since as Timestamp
    )
    .fetch_optional(conn)
    .await
}

/// Leaves a comparison to be taken up; none while one of its kind runs.
pub(crate) async fn wish(
    conn: &mut PgConnection,
    begin: &Begin<'_>,
) -> sqlx::Result<Option<ReconciliationId>> {
    sqlx::query_scalar!(
        r#"INSERT INTO reconciliations (id, kind, status, from_at, until_at, position_at, started_at, heartbeat_at)
           VALUES ($1, $2, 'running', $3, $4, $3, $4, $5::timestamptz - interval '1 second')
           ON CONFLICT (kind) WHERE status = 'running' DO NOTHING
           RETURNING id AS "id: ReconciliationId""#,
        begin.id.uuid(),
        begin.kind,
        begin.from as Timestamp,
        begin.now as Timestamp,
        begin.silent_since as Timestamp
    )
    .fetch_optional(conn)
    .await
}

/// Whether a comparison is to be taken up.
pub(crate) async fn is_waiting(
    conn: &mut PgConnection,
    kind: &str,
    silent_since: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM reconciliations WHERE kind = $1 AND status = 'running' AND heartbeat_at < $2) AS "waiting!""#,
        kind,
        silent_since as Timestamp
    )
    .fetch_one(conn)
    .await
}

/// Adds to the counts of a comparison, and says that it is alive.
pub(crate) async fn advance(
    conn: &mut PgConnection,
    id: ReconciliationId,
    position: Option<Timestamp>,
    counts: Counts,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE reconciliations
            SET position_at = coalesce($2, position_at), heartbeat_at = $3, payments = payments + $4, refunds = refunds + $5,
                disputes = disputes + $6, strangers = strangers + $7, healed = healed + $8, raised = raised + $9
          WHERE id = $1 AND status = 'running'",
        id.uuid(),
        position as Option<Timestamp>,
        now as Timestamp,
        counts.payments,
        counts.refunds,
        counts.disputes,
        counts.strangers,
        counts.healed,
        counts.raised
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

pub(crate) async fn finish(
    conn: &mut PgConnection,
    id: ReconciliationId,
    error: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE reconciliations SET status = CASE WHEN $2::text IS NULL THEN 'done' ELSE 'failed' END, error = $2, finished_at = $3 WHERE id = $1",
        id.uuid(),
        error,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The moment of the first payment that Stripe may know.
pub(crate) async fn first_payment(conn: &mut PgConnection) -> sqlx::Result<Option<Timestamp>> {
    sqlx::query_scalar!(
        r#"SELECT created_at AS "at: Timestamp" FROM payments WHERE provider = 'stripe' ORDER BY id LIMIT 1"#
    )
    .fetch_optional(conn)
    .await
}

/// What was not the same.
pub(crate) struct NewDifference<'a> {
    pub(crate) reconciliation: ReconciliationId,
    pub(crate) kind: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) reference: Option<&'a str>,
    pub(crate) outcome: &'a str,
    pub(crate) ours: &'a Value,
    pub(crate) theirs: &'a Value,
}

pub(crate) async fn insert_difference(
    conn: &mut PgConnection,
    id: Uuid,
    difference: &NewDifference<'_>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO reconciliation_differences (id, reconciliation_id, kind, subject, order_id, reference, outcome, ours, theirs, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id,
        difference.reconciliation.uuid(),
        difference.kind,
        difference.subject,
        difference.order_id.map(OrderId::uuid),
        difference.reference,
        difference.outcome,
        difference.ours,
        difference.theirs,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A row of `reconciliations`.
#[derive(Debug, Clone)]
pub(crate) struct Reconciliation {
    pub(crate) id: ReconciliationId,
    pub(crate) kind: String,
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

/// Newest first; those without a difference are many, and may be left out.
pub(crate) async fn list(
    conn: &mut PgConnection,
    with_differences: bool,
    after: Option<ReconciliationId>,
    limit: i64,
) -> sqlx::Result<Vec<Reconciliation>> {
    sqlx::query_as!(
        Reconciliation,
        r#"SELECT id AS "id: ReconciliationId", kind, status, from_at, until_at, position_at, started_at, finished_at,
                  payments, refunds, disputes, strangers, healed, raised, error
             FROM reconciliations
            WHERE ($1::uuid IS NULL OR id < $1) AND (NOT $2 OR healed + raised > 0)
            ORDER BY id DESC LIMIT $3"#,
        after.map(ReconciliationId::uuid),
        with_differences,
        limit
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn exists(conn: &mut PgConnection, id: ReconciliationId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM reconciliations WHERE id = $1) AS "exists!""#,
        id.uuid()
    )
    .fetch_one(conn)
    .await
}

/// A row of `reconciliation_differences`.
#[derive(Debug, Clone)]
pub(crate) struct Difference {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) reference: Option<String>,
    pub(crate) outcome: String,
    pub(crate) ours: Value,
    pub(crate) theirs: Value,
    pub(crate) at: Timestamp,
}

/// In the order in which they were found.
pub(crate) async fn differences(
    conn: &mut PgConnection,
    id: ReconciliationId,
    after: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Difference>> {
    sqlx::query_as!(
        Difference,
        r#"SELECT id, kind, subject, order_id AS "order_id: OrderId", reference, outcome, ours, theirs, at
             FROM reconciliation_differences
            WHERE reconciliation_id = $1 AND ($2::uuid IS NULL OR id > $2)
            ORDER BY id LIMIT $3"#,
        id.uuid(),
        after,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Forgets what is older; open work items keep what matters of it.
pub(crate) async fn forget_before(conn: &mut PgConnection, before: Timestamp) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM reconciliations WHERE started_at < $1 AND status <> 'running'",
        before as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
