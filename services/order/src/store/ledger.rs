//! The books, to which rows are only added.

use primitives::{PostingId, Timestamp};
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
