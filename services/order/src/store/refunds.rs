use primitives::{Money, OrderId, PaymentId, RefundId, Timestamp};
use sqlx::PgConnection;

use super::money;
use crate::domain::payment::ProviderName;
use crate::domain::refund::RefundState;

/// A refund that the provider is to do, or has done.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) id: RefundId,
    pub(crate) payment_id: PaymentId,
    pub(crate) order_id: OrderId,
    pub(crate) state: RefundState,
    pub(crate) amount: Money,
    /// Who gives the money back.
    pub(crate) provider: ProviderName,
    pub(crate) payment_ref: Option<String>,
    pub(crate) provider_ref: Option<String>,
}

struct Row {
    id: RefundId,
    payment_id: PaymentId,
    order_id: OrderId,
    status: String,
    amount: i64,
    currency: String,
    provider: String,
    payment_ref: Option<String>,
    provider_ref: Option<String>,
}

impl TryFrom<Row> for Refund {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            payment_id: row.payment_id,
            order_id: row.order_id,
            state: super::parse(&row.status)?,
            amount: money(row.amount, &row.currency)?,
            provider: super::parse(&row.provider)?,
            payment_ref: row.payment_ref,
            provider_ref: row.provider_ref,
        })
    }
}

/// Writes a refund to be done; the reconciler does it.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    id: RefundId,
    payment_id: PaymentId,
    amount: i64,
    reason: Option<&str>,
    actor: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO refunds (id, payment_id, status, amount, reason, actor, next_try_at, created_at, updated_at)
         VALUES ($1, $2, 'pending', $3, $4, $5, $6, $6, $6)",
        id.uuid(),
        payment_id.uuid(),
        amount,
        reason,
        actor,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn find(conn: &mut PgConnection, id: RefundId) -> sqlx::Result<Option<Refund>> {
    sqlx::query_as!(
        Row,
        r#"SELECT r.id AS "id: RefundId", r.payment_id AS "payment_id: PaymentId", p.order_id AS "order_id: OrderId", r.status,
                  r.amount, p.currency, p.provider, p.provider_ref AS payment_ref, r.provider_ref
             FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE r.id = $1"#,
        id.uuid()
    )
    .fetch_optional(conn)
    .await?
    .map(TryInto::try_into)
    .transpose()
}

pub(crate) async fn find_by_reference(
    conn: &mut PgConnection,
    reference: &str,
) -> sqlx::Result<Option<RefundId>> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: RefundId" FROM refunds WHERE provider_ref = $1"#,
        reference
    )
    .fetch_optional(conn)
    .await
}

/// Takes refunds that are due and puts off their next try by a growing delay, so that a crash repeats them.
pub(crate) async fn claim_due(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<RefundId>> {
    sqlx::query_scalar!(
        r#"UPDATE refunds
              SET attempts = attempts + 1, next_try_at = $1 + least(interval '10 seconds' * power(2, least(attempts, 10)), interval '1 hour')
            WHERE id IN (SELECT id FROM refunds WHERE status = 'pending' AND next_try_at <= $1
                          ORDER BY next_try_at LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING id AS "id: RefundId""#,
        now as Timestamp,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Remembers the provider's id of a refund that is under way.
pub(crate) async fn set_reference(
    conn: &mut PgConnection,
    id: RefundId,
    reference: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE refunds SET provider_ref = $2, updated_at = $3 WHERE id = $1",
        id.uuid(),
        reference,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what became of a refund. The caller holds the order's lock.
pub(crate) async fn record(
    conn: &mut PgConnection,
    id: RefundId,
    state: RefundState,
    reference: &str,
    failure: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE refunds SET status = $2, provider_ref = $3, failure = $4, updated_at = $5 WHERE id = $1",
        id.uuid(),
        state.as_str(),
        reference,
        failure,
        now as Timestamp
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}
