//! This day, and the same hours of another.

use primitives::Timestamp;
use sqlx::PgConnection;

use super::first_id_of;

/// From, and until just before.
pub(crate) type Stretch = (Timestamp, Timestamp);

/// Checkouts that were started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Checkouts {
    pub(crate) started: i64,
    /// Those of them that became an order by then.
    pub(crate) confirmed: i64,
    /// What was so a week ago, as late.
    pub(crate) started_before: i64,
    pub(crate) confirmed_before: i64,
}

pub(crate) async fn checkouts(
    conn: &mut PgConnection,
    start: Timestamp,
    before: Stretch,
) -> sqlx::Result<Checkouts> {
    // An id says when its order was made: so only the parts of the table are read that can be meant. What was paid later was not an order then.
    sqlx::query_as(
        "SELECT n.*, b.*
           FROM (SELECT count(*) AS started, count(confirmed_at) AS confirmed FROM orders WHERE id >= $1 AND placed_at >= $2) n,
                (SELECT count(*) AS started_before, count(*) FILTER (WHERE confirmed_at < $6) AS confirmed_before
                   FROM orders WHERE id >= $3 AND id < $4 AND placed_at >= $5 AND placed_at < $6) b",
    )
    .bind(first_id_of(start))
    .bind(start)
    .bind(first_id_of(before.0))
    .bind(first_id_of(before.1))
    .bind(before.0)
    .bind(before.1)
    .fetch_one(conn)
    .await
}

/// Customers with a new account, since the start and before. An account's id says when it was made.
pub(crate) async fn customers(
    conn: &mut PgConnection,
    start: Timestamp,
    before: Stretch,
) -> sqlx::Result<(i64, i64)> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM users WHERE role = 'customer' AND id >= $1),
                (SELECT count(*) FROM users WHERE role = 'customer' AND id >= $2 AND id < $3)",
    )
    .bind(first_id_of(start))
    .bind(first_id_of(before.0))
    .bind(first_id_of(before.1))
    .fetch_one(conn)
    .await
}
