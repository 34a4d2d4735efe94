//! The books, to which rows are only added.

use primitives::{PaymentId, PostingId, RefundId, Timestamp};
use sqlx::PgConnection;

use crate::domain::ledger::Posting;

/// Posts a movement of money in the transaction that writes what moved. The same movement again is no second one: false is answered.
///
/// The caller holds the order's lock. With another amount than the first time it is an error, since one of both is a lie.
pub(crate) async fn post(
    conn: &mut PgConnection,
    id: PostingId,
    posting: &Posting,
    at: Timestamp,
) -> sqlx::Result<bool> {
    let entries = posting.entries();
    let currency = posting.amount.currency();
    let accounts = entries.map(|entry| entry.account.as_str().to_owned());
    let amounts = entries.map(|entry| entry.amount);
    let written = sqlx::query!(
        "INSERT INTO ledger_entries (posting_id, order_id, payment_id, kind, account, amount, currency, at, reference)
         SELECT $1, $2, $3, $4, side.account, side.amount, $5, $6, $7 FROM unnest($8::text[], $9::bigint[]) AS side (account, amount)
         ON CONFLICT ON CONSTRAINT ledger_entries_once DO NOTHING",
        id.uuid(),
        posting.order_id.uuid(),
        posting.payment_id.uuid(),
        posting.movement.as_str(),
        currency.code(),
        at as Timestamp,
        posting.reference,
        &accounts,
        &amounts,
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if written == 2 {
        return Ok(true);
    }
    let same = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM ledger_entries l JOIN unnest($4::text[], $5::bigint[]) AS side (account, amount) USING (account, amount)
            WHERE l.kind = $1 AND l.reference = $2 AND l.payment_id = $3"#,
        posting.movement.as_str(),
        posting.reference,
        posting.payment_id.uuid(),
        &accounts,
        &amounts,
    )
    .fetch_one(conn)
    .await?;
    if written == 0 && same == 2 {
        return Ok(false);
    }
    Err(sqlx::Error::Protocol(format!(
        "{} {} was posted before, with other sides",
        posting.movement.as_str(),
        posting.reference
    )))
}

/// Payments made within a time that took money of which the ledger knows nothing.
pub(crate) async fn unposted_charges(
    conn: &mut PgConnection,
    (from, until): (Timestamp, Timestamp),
) -> sqlx::Result<Vec<PaymentId>> {
    sqlx::query_scalar!(
        r#"SELECT p.id AS "id: PaymentId" FROM payments p
            WHERE p.id >= uuid_floor($1) AND p.id < uuid_floor($2) AND p.amount_captured > 0 AND p.provider <> 'none'
              AND NOT EXISTS (SELECT FROM ledger_entries l WHERE l.order_id = p.order_id AND l.payment_id = p.id AND l.kind IN ('charge', 'capture'))
            ORDER BY p.id LIMIT 1000"#,
        from as Timestamp,
        until as Timestamp
    )
    .fetch_all(conn)
    .await
}

/// Refunds made within a time that succeeded and of which the ledger knows nothing.
pub(crate) async fn unposted_refunds(
    conn: &mut PgConnection,
    (from, until): (Timestamp, Timestamp),
) -> sqlx::Result<Vec<RefundId>> {
    sqlx::query_scalar!(
        r#"SELECT r.id AS "id: RefundId" FROM refunds r
            WHERE r.id >= uuid_floor($1) AND r.id < uuid_floor($2) AND r.status IN ('succeeded', 'reversed')
              AND NOT EXISTS (SELECT FROM ledger_entries l WHERE l.kind = 'refund' AND l.reference = r.id::text)
            ORDER BY r.id LIMIT 1000"#,
        from as Timestamp,
        until as Timestamp
    )
    .fetch_all(conn)
    .await
}
