//! What is left of a customer whose account is deleted.

use primitives::{EmailAddress, OrderId, Timestamp, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// The address of nobody: stands in orders whose customer's account is deleted, and gets no mail.
pub(crate) const NOBODY: &str = "deleted@account.invalid";

/// Whether mail to this address would go nowhere.
pub(crate) fn is_nobody(email: &EmailAddress) -> bool {
    email.as_str() == NOBODY
}

/// Notes that the account is gone, drops its open cart, and asks for its saved cards to be removed at the provider.
pub(crate) async fn begin(
    conn: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO erased_users (user_id, erased_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        user as UserId,
        now as Timestamp,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM carts WHERE user_id = $1 AND status = 'open'",
        user as UserId
    )
    .execute(&mut *conn)
    .await?;
    super::customers::erase(conn, user, now).await
}

/// Users of whom something may be left, claimed until the transaction ends.
pub(crate) async fn claim_open(
    conn: &mut PgConnection,
    limit: i64,
) -> Result<Vec<UserId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "id: UserId" FROM erased_users e
            WHERE done_at IS NULL
              AND (NOT EXISTS (SELECT FROM orders o WHERE o.user_id = e.user_id AND o.anonymised_at IS NULL)
                   OR EXISTS (SELECT FROM orders o WHERE o.user_id = e.user_id AND o.anonymised_at IS NULL AND o.status IN ('completed', 'cancelled')
                                 AND NOT EXISTS (SELECT FROM refunds r WHERE r.payment_id = (SELECT p.id FROM payments p WHERE p.order_id = o.id)
                                                    AND r.status = 'pending')))
            ORDER BY erased_at LIMIT $1 FOR UPDATE SKIP LOCKED"#,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Takes out of the user's finished orders what the books do not need, and answers which those were. An order that was paid for
/// has an invoice, which the law wants kept whole: its billing address stays, without the telephone. Of addresses that go, the
/// country stays: the tax depends on it.
pub(crate) async fn anonymise(
    conn: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<OrderId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        r#"WITH gone AS (SELECT '{"name": "-", "line1": "-", "line2": null, "city": "", "region": null, "postal_code": "", "phone": null}'::jsonb AS address)
           UPDATE orders o
              SET email = $2, note = NULL, guest_token_hash = NULL, anonymised_at = $3, updated_at = $3, version = version + 1,
                  shipping_address = shipping_address || gone.address,
                  billing_address = billing_address || CASE WHEN confirmed_at IS NULL THEN gone.address ELSE '{"phone": null}'::jsonb END
             FROM gone
            WHERE user_id = $1 AND anonymised_at IS NULL AND status IN ('completed', 'cancelled')
              AND NOT EXISTS (SELECT FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE p.order_id = o.id AND r.status = 'pending')
        RETURNING id AS "id: OrderId""#,
        user as UserId,
        NOBODY,
        now as Timestamp,
    )
    .fetch_all(&mut *conn)
    .await?;
    let done: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "UPDATE returns SET comment = NULL, answer = NULL WHERE order_id = ANY($1)",
        &done
    )
    .execute(&mut *conn)
    .await?;
    // A guest's coupon was counted by address.
    sqlx::query!(
        "UPDATE coupon_redemptions SET customer = $1 WHERE order_id = ANY($2) AND customer <> $1",
        user.to_string(),
        &done
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE erased_users SET done_at = $2
          WHERE user_id = $1 AND done_at IS NULL AND NOT EXISTS (SELECT FROM orders WHERE user_id = $1 AND anonymised_at IS NULL)",
        user as UserId,
        now as Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(ids)
}
