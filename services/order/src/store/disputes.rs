//! `disputes`: what cardholders object to.

use primitives::{DisputeId, Money, OrderId, PaymentId, Timestamp};
use sqlx::PgConnection;

use super::money;
use crate::domain::dispute::DisputeState;
use crate::payments::ProviderDispute;

/// A row of `disputes`.
#[derive(Debug, Clone)]
pub(crate) struct Dispute {
    pub(crate) id: DisputeId,
    pub(crate) payment_id: PaymentId,
    pub(crate) order_id: OrderId,
    pub(crate) provider_ref: String,
    pub(crate) status: String,
    pub(crate) state: DisputeState,
    pub(crate) reason: String,
    pub(crate) amount: Money,
    pub(crate) evidence_due_at: Option<Timestamp>,
    pub(crate) opened_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
}

struct Row {
    id: DisputeId,
    payment_id: PaymentId,
    order_id: OrderId,
    provider_ref: String,
    status: String,
    state: String,
    reason: String,
    amount: i64,
    currency: String,
    evidence_due_at: Option<Timestamp>,
    opened_at: Timestamp,
    closed_at: Option<Timestamp>,
}

impl TryFrom<Row> for Dispute {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            payment_id: row.payment_id,
            order_id: row.order_id,
            provider_ref: row.provider_ref,
            status: row.status,
            state: super::parse(&row.state)?,
            reason: row.reason,
            amount: money(row.amount, &row.currency)?,
            evidence_due_at: row.evidence_due_at,
            opened_at: row.opened_at,
            closed_at: row.closed_at,
        })
    }
}

/// A statement that answers whole disputes; `$rest` follows the join with their payments.
macro_rules! select {
    ($rest:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT d.id AS "id: DisputeId", d.payment_id AS "payment_id: PaymentId", p.order_id AS "order_id: OrderId", d.provider_ref, d.status, d.state,
                      d.reason, d.amount, p.currency, d.evidence_due_at AS "evidence_due_at: Timestamp", d.opened_at,
                      d.closed_at AS "closed_at: Timestamp"
                 FROM disputes d JOIN payments p ON p.id = d.payment_id "# + $rest,
            $($argument),*
        )
    };
}

pub(crate) async fn find_by_reference(
    conn: &mut PgConnection,
    reference: &str,
) -> sqlx::Result<Option<Dispute>> {
    select!("WHERE d.provider_ref = $1", reference)
        .fetch_optional(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// A payment's disputes, oldest first.
pub(crate) async fn of_payment(
    conn: &mut PgConnection,
    payment: PaymentId,
) -> sqlx::Result<Vec<Dispute>> {
    select!(
        "WHERE d.payment_id = $1 ORDER BY d.opened_at, d.id",
        payment.uuid()
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// Newest first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    state: Option<DisputeState>,
    after: Option<(Timestamp, DisputeId)>,
    limit: i64,
) -> sqlx::Result<Vec<Dispute>> {
    select!(
        "WHERE ($1::text IS NULL OR d.state = $1) AND ($2::timestamptz IS NULL OR (d.opened_at, d.id) < ($2, $3::uuid))
         ORDER BY d.opened_at DESC, d.id DESC LIMIT $4",
        state.map(DisputeState::as_str),
        after.map(|(at, _)| at) as Option<Timestamp>,
        after.map(|(_, id)| id) as Option<DisputeId>,
        limit,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// Writes a dispute, or what is new of one. The caller holds the order's lock, and has decided on the state.
pub(crate) async fn put(
    conn: &mut PgConnection,
    id: DisputeId,
    payment: PaymentId,
    news: &ProviderDispute,
    state: DisputeState,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO disputes (id, payment_id, provider_ref, status, state, reason, amount, evidence_due_at, opened_at, closed_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $10 THEN $11::timestamptz END, $11::timestamptz)
         ON CONFLICT ON CONSTRAINT disputes_provider_ref DO UPDATE
            SET status = excluded.status, state = excluded.state, reason = excluded.reason, evidence_due_at = excluded.evidence_due_at,
                closed_at = coalesce(disputes.closed_at, excluded.closed_at), updated_at = excluded.updated_at",
        id.uuid(),
        payment.uuid(),
        news.reference,
        news.status,
        state.as_str(),
        news.reason,
        news.amount,
        news.evidence_due_at as Option<Timestamp>,
        news.opened_at as Timestamp,
        state.is_over(),
        now as Timestamp,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The provider's ids of disputes that no bank has decided.
pub(crate) async fn open(conn: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("SELECT provider_ref FROM disputes WHERE closed_at IS NULL ORDER BY id")
        .fetch_all(conn)
        .await
}
