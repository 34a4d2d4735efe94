//! `payment_customers`: users whom the provider knows.

use primitives::{Timestamp, UserId};
use sqlx::PgConnection;

/// The provider's id of a user.
pub(crate) async fn find(conn: &mut PgConnection, user: UserId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "SELECT provider_ref FROM payment_customers WHERE user_id = $1 AND erase_at IS NULL",
        user as UserId
    )
    .fetch_optional(conn)
    .await
}

/// Remembers the provider's id of a user. The provider answers the same id to a repetition.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    user: UserId,
    reference: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO payment_customers (user_id, provider_ref, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        user as UserId,
        reference,
        now as Timestamp
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Asks for a user to be forgotten at the provider.
pub(crate) async fn erase(
    conn: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE payment_customers SET erase_at = $2 WHERE user_id = $1 AND erase_at IS NULL",
        user as UserId,
        now as Timestamp
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes users to be forgotten and puts off their next try, so that a crash repeats them.
pub(crate) async fn claim_erasures(
    conn: &mut PgConnection,
    now: Timestamp,
    next_try_at: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "UPDATE payment_customers SET erase_at = $2
          WHERE user_id IN (SELECT user_id FROM payment_customers WHERE erase_at <= $1 ORDER BY erase_at LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING provider_ref",
        now as Timestamp,
        next_try_at as Timestamp,
        limit
    )
    .fetch_all(conn)
    .await
}

/// The provider has forgotten them.
pub(crate) async fn forget(conn: &mut PgConnection, reference: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM payment_customers WHERE provider_ref = $1",
        reference
    )
    .execute(conn)
    .await
    .map(drop)
}
