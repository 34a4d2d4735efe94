//! `payment_captures`: taking money that is held.

use primitives::{CaptureId, Money, PaymentId, Timestamp};
use sqlx::PgConnection;

/// Writes a capture to be done; a job does it.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    id: CaptureId,
    payment_id: PaymentId,
    amount: i64,
    actor: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO payment_captures (id, payment_id, status, amount, actor, next_try_at, created_at, updated_at)
         VALUES ($1, $2, 'pending', $3, $4, $5, $5, $5)",
        id.uuid(),
        payment_id.uuid(),
        amount,
        actor,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A capture that the provider is to do, or has done.
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    pub(crate) id: CaptureId,
    pub(crate) payment_id: PaymentId,
    pub(crate) status: String,
    pub(crate) amount: Money,
}

struct Row {
    id: CaptureId,
    payment_id: PaymentId,
    status: String,
    amount: i64,
    currency: String,
}

impl TryFrom<Row> for Capture {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            payment_id: row.payment_id,
            status: row.status,
            amount: super::money(row.amount, &row.currency)?,
        })
    }
}

pub(crate) async fn find(conn: &mut PgConnection, id: CaptureId) -> sqlx::Result<Option<Capture>> {
    sqlx::query_as!(
        Row,
        r#"SELECT c.id AS "id: CaptureId", c.payment_id AS "payment_id: PaymentId", c.status, c.amount, p.currency
             FROM payment_captures c JOIN payments p ON p.id = c.payment_id WHERE c.id = $1"#,
        id.uuid()
    )
    .fetch_optional(conn)
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// The capture of a payment that is under way or done: there is one at most.
pub(crate) async fn open_or_done(
    conn: &mut PgConnection,
    payment: PaymentId,
) -> sqlx::Result<Option<Capture>> {
    sqlx::query_as!(
        Row,
        r#"SELECT c.id AS "id: CaptureId", c.payment_id AS "payment_id: PaymentId", c.status, c.amount, p.currency
             FROM payment_captures c JOIN payments p ON p.id = c.payment_id WHERE c.payment_id = $1 AND c.status <> 'failed'"#,
        payment.uuid()
    )
    .fetch_optional(conn)
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// How much was asked to be taken of a payment.
pub(crate) async fn wanted(
    conn: &mut PgConnection,
    payment: PaymentId,
) -> sqlx::Result<Option<i64>> {
    Ok(open_or_done(conn, payment)
        .await?
        .map(|capture| capture.amount.amount()))
}

/// Takes captures that are due and puts off their next try by a growing delay, so that a crash repeats them.
pub(crate) async fn claim_due(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<CaptureId>> {
    sqlx::query_scalar!(
        r#"UPDATE payment_captures
              SET attempts = attempts + 1, next_try_at = $1 + least(interval '10 seconds' * power(2, least(attempts, 10)), interval '1 hour')
            WHERE id IN (SELECT id FROM payment_captures WHERE status = 'pending' AND next_try_at <= $1
                          ORDER BY next_try_at LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING id AS "id: CaptureId""#,
        now as Timestamp,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Ends a payment's capture that is under way, if there is one: done, or failed for a reason.
pub(crate) async fn finish(
    conn: &mut PgConnection,
    payment: PaymentId,
    failure: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE payment_captures SET status = CASE WHEN $2::text IS NULL THEN 'succeeded' ELSE 'failed' END, failure = $2, updated_at = $3
          WHERE payment_id = $1 AND status = 'pending'",
        payment.uuid(),
        failure,
        now as Timestamp
    )
    .execute(conn)
    .await
    .map(drop)
}
