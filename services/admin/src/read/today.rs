//! Two stretches of time side by side: this day, and the same hours of another.

use primitives::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

/// From, and until just before.
pub(crate) type Stretch = (Timestamp, Timestamp);

/// Checkouts that were started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Checkouts {
    pub(crate) started: i64,
    /// Those of them that became an order.
    pub(crate) confirmed: i64,
    pub(crate) started_before: i64,
    pub(crate) confirmed_before: i64,
}

pub(crate) async fn checkouts(
    conn: &mut PgConnection,
    now: Stretch,
    before: Stretch,
) -> sqlx::Result<Checkouts> {
    // An id says when its order was made: so only the parts of the table are read that can be meant.
    sqlx::query_as(
        "SELECT n.started, n.confirmed, b.started AS started_before, b.confirmed AS confirmed_before
           FROM (SELECT count(*) AS started, count(confirmed_at) AS confirmed FROM orders
                  WHERE id >= $1 AND placed_at >= $2 AND placed_at <= $3) n,
                (SELECT count(*) AS started, count(confirmed_at) AS confirmed FROM orders
                  WHERE id >= $4 AND id < $5 AND placed_at >= $6 AND placed_at < $7) b",
    )
    .bind(made_at(now.0))
    .bind(now.0)
    .bind(now.1)
    .bind(made_at(before.0))
    .bind(made_at(before.1))
    .bind(before.0)
    .bind(before.1)
    .fetch_one(conn)
    .await
}

/// Customers with a new account, now and before. An account's id says when it was made.
pub(crate) async fn customers(
    conn: &mut PgConnection,
    now: Stretch,
    before: Stretch,
) -> sqlx::Result<(i64, i64)> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM users WHERE role = 'customer' AND id >= $1),
                (SELECT count(*) FROM users WHERE role = 'customer' AND id >= $2 AND id < $3)",
    )
    .bind(made_at(now.0))
    .bind(made_at(before.0))
    .bind(made_at(before.1))
    .fetch_one(conn)
    .await
}

/// The least id (UUIDv7) that can have been made at a time.
fn made_at(at: Timestamp) -> Uuid {
    Uuid::from_u128(u128::from(at.unix_millis()) << 80)
}
