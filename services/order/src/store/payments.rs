//! `payments`: each order has one, however many ways its customer tries to pay.

use primitives::{Money, OrderId, PaymentId, Timestamp};
use sqlx::PgConnection;

use super::money;
use crate::domain::payment::{Capture, Method, PaymentState, ProviderName, Report};

/// A row of `payments`.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) order_id: OrderId,
    pub(crate) state: PaymentState,
    pub(crate) provider: ProviderName,
    pub(crate) provider_ref: Option<String>,
    /// What the customer chose; none yet, or a free order.
    pub(crate) method: Option<Method>,
    /// Counts changes of method.
    pub(crate) attempt: i32,
    pub(crate) capture: Capture,
    /// The hosted page of this attempt.
    pub(crate) session_ref: Option<String>,
    pub(crate) amount: Money,
    pub(crate) amount_authorized: Money,
    pub(crate) amount_captured: Money,
    pub(crate) amount_refunded: Money,
    /// Until when a bank transfer is waited for.
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) failure: Option<String>,
    pub(crate) created_at: Timestamp,
}

impl Payment {
    /// What is known of it.
    pub(crate) fn report(&self) -> Report<'_> {
        Report {
            state: self.state,
            authorized: self.amount_authorized.amount(),
            captured: self.amount_captured.amount(),
            failure: self.failure.as_deref(),
        }
    }
}

struct Row {
    id: PaymentId,
    order_id: OrderId,
    status: String,
    provider: String,
    provider_ref: Option<String>,
    method: Option<String>,
    attempt: i32,
    capture: String,
    session_ref: Option<String>,
    currency: String,
    amount: i64,
    amount_authorized: i64,
    amount_captured: i64,
    amount_refunded: i64,
    due_at: Option<Timestamp>,
    failure: Option<String>,
    created_at: Timestamp,
}

impl TryFrom<Row> for Payment {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            order_id: row.order_id,
            state: super::parse(&row.status)?,
            provider: super::parse(&row.provider)?,
            provider_ref: row.provider_ref,
            method: row.method.as_deref().map(super::parse).transpose()?,
            attempt: row.attempt,
            capture: super::parse(&row.capture)?,
            session_ref: row.session_ref,
            due_at: row.due_at,
            amount: money(row.amount, &row.currency)?,
            amount_authorized: money(row.amount_authorized, &row.currency)?,
            amount_captured: money(row.amount_captured, &row.currency)?,
            amount_refunded: money(row.amount_refunded, &row.currency)?,
            failure: row.failure,
            created_at: row.created_at,
        })
    }
}

/// A statement that answers whole payments; `$rest` follows `FROM payments`.
macro_rules! select {
    ($rest:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id AS "id: PaymentId", order_id AS "order_id: OrderId", status, provider, provider_ref, method, attempt, capture, session_ref,
                      currency, amount, amount_authorized, amount_captured, amount_refunded, due_at AS "due_at: Timestamp", failure, created_at
                 FROM payments "# + $rest,
            $($argument),*
        )
    };
}

pub(crate) async fn find(conn: &mut PgConnection, id: PaymentId) -> sqlx::Result<Option<Payment>> {
    select!("WHERE id = $1", id.uuid())
        .fetch_optional(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

pub(crate) async fn find_by_order(
    conn: &mut PgConnection,
    order_id: OrderId,
) -> sqlx::Result<Option<Payment>> {
    select!("WHERE order_id = $1", order_id.uuid())
        .fetch_optional(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// The payment that Stripe knows by this id, of an intent or of a hosted page.
pub(crate) async fn find_by_reference(
    conn: &mut PgConnection,
    reference: &str,
) -> sqlx::Result<Option<Payment>> {
    select!(
        "WHERE provider = 'stripe' AND (provider_ref = $1 OR session_ref = $1)",
        reference
    )
    .fetch_optional(conn)
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// A way to pay, and what goes with it.
pub(crate) struct Choice {
    pub(crate) method: Method,
    pub(crate) capture: Capture,
    pub(crate) attempt: i32,
    pub(crate) reference: Option<String>,
    pub(crate) due_at: Option<Timestamp>,
}

/// Writes the way that the customer chose, unless one was chosen since `before` was read. The caller holds the order's lock, and has stopped what
/// was begun before.
pub(crate) async fn choose(
    conn: &mut PgConnection,
    before: &Payment,
    choice: &Choice,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE payments
            SET method = $3, provider = $4, capture = $5, attempt = $6, provider_ref = $7, session_ref = NULL, due_at = $8,
                status = 'requires_payment', failure = NULL, updated_at = $9, version = version + 1
          WHERE id = $1 AND attempt = $2 AND method IS NOT DISTINCT FROM $10 AND status IN ('requires_payment', 'failed', 'cancelled')",
        before.id.uuid(),
        before.attempt,
        choice.method.as_str(),
        choice.method.provider().as_str(),
        choice.capture.as_str(),
        choice.attempt,
        choice.reference,
        choice.due_at as Option<Timestamp>,
        now as Timestamp,
        before.method.map(Method::as_str),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Remembers the provider's ids, of the payment and of its hosted page, of an attempt that still holds; false if it does not. The same ids again
/// change nothing; others are refused.
pub(crate) async fn set_references(
    conn: &mut PgConnection,
    id: PaymentId,
    attempt: i32,
    reference: Option<&str>,
    page: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE payments SET provider_ref = coalesce($3, provider_ref), session_ref = coalesce($4, session_ref), updated_at = $5
          WHERE id = $1 AND attempt = $2 AND ($3::text IS NULL OR provider_ref IS NULL OR provider_ref = $3)
            AND ($4::text IS NULL OR session_ref IS NULL OR session_ref = $4)",
        id.uuid(),
        attempt,
        reference,
        page,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What the provider's news makes of a payment.
pub(crate) struct Recorded<'a> {
    pub(crate) state: PaymentState,
    pub(crate) authorized: i64,
    pub(crate) captured: i64,
    pub(crate) failure: Option<&'a str>,
}

/// Writes what [`crate::domain::payment::news`] has decided. The caller holds the order's lock.
pub(crate) async fn record(
    conn: &mut PgConnection,
    id: PaymentId,
    recorded: &Recorded<'_>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE payments
            SET status = $2, failure = $3, amount_authorized = $4, amount_captured = $5::bigint, updated_at = $6::timestamptz, version = version + 1,
                fee_next_try_at = CASE WHEN provider = 'stripe' AND amount_captured = 0 AND $5::bigint > 0 THEN $6::timestamptz ELSE fee_next_try_at END
          WHERE id = $1",
        id.uuid(),
        recorded.state.as_str(),
        recorded.failure,
        recorded.authorized,
        recorded.captured,
        now as Timestamp
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// Counts a refund that the provider has done, or, below zero, one that came back; the table's check keeps the sum within the charge.
pub(crate) async fn add_refunded(
    conn: &mut PgConnection,
    id: PaymentId,
    amount: i64,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE payments
            SET amount_refunded = amount_refunded + $2,
                status = CASE WHEN amount_refunded + $2 >= amount_captured THEN 'refunded'
                              WHEN amount_refunded + $2 > 0 THEN 'partially_refunded' ELSE 'succeeded' END,
                updated_at = $3, version = version + 1
          WHERE id = $1",
        id.uuid(),
        amount,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Open payments at Stripe of which nothing was heard since; they count as asked about now. Answers their orders.
pub(crate) async fn claim_unheard(
    conn: &mut PgConnection,
    now: Timestamp,
    unchecked_since: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<OrderId>> {
    sqlx::query_scalar!(
        r#"UPDATE payments SET checked_at = $1
            WHERE id IN (SELECT id FROM payments
                          WHERE status IN ('requires_payment', 'processing', 'authorized', 'failed') AND provider = 'stripe'
                            AND (provider_ref IS NOT NULL OR session_ref IS NOT NULL) AND coalesce(checked_at, created_at) < $2
                          ORDER BY coalesce(checked_at, created_at) LIMIT $3 FOR UPDATE SKIP LOCKED)
           RETURNING order_id AS "order_id: OrderId""#,
        now as Timestamp,
        unchecked_since as Timestamp,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Charges of which it is not known what the provider kept; they count as asked about until `next_try_at`.
pub(crate) async fn claim_fees(
    conn: &mut PgConnection,
    now: Timestamp,
    next_try_at: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<(PaymentId, String)>> {
    let rows = sqlx::query!(
        r#"UPDATE payments SET fee_next_try_at = $2
            WHERE id IN (SELECT id FROM payments WHERE fee_next_try_at <= $1 AND created_at > $1 - interval '30 days' ORDER BY fee_next_try_at LIMIT $3 FOR UPDATE SKIP LOCKED)
           RETURNING id AS "id: PaymentId", provider_ref"#,
        now as Timestamp,
        next_try_at as Timestamp,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.id, row.provider_ref?)))
        .collect())
}

/// It is known now, or never will be.
pub(crate) async fn fee_known(conn: &mut PgConnection, id: PaymentId) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE payments SET fee_next_try_at = NULL WHERE id = $1",
        id.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Closes a payment that nobody began, or that only people know of.
pub(crate) async fn cancel_unstarted(
    conn: &mut PgConnection,
    id: PaymentId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE payments SET status = 'cancelled', updated_at = $2, version = version + 1
          WHERE id = $1 AND (method IS NULL OR provider = 'manual') AND status = 'requires_payment'",
        id.uuid(),
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Closes a payment of which its provider has nothing that could still be paid.
pub(crate) async fn cancel_stopped(
    conn: &mut PgConnection,
    id: PaymentId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE payments SET status = 'cancelled', updated_at = $2, version = version + 1
          WHERE id = $1 AND status IN ('requires_payment', 'failed')",
        id.uuid(),
        now as Timestamp
    )
    .execute(conn)
    .await
    .map(drop)
}
