//! Events that a service has written and the broker has not confirmed yet.

use primitives::Timestamp;
use sqlx::{FromRow, PgConnection};

/// More are not counted one by one.
pub(crate) const COUNTED: i64 = 10_000;

/// What waits in an outbox.
#[derive(Debug, FromRow)]
pub(crate) struct Lag {
    /// At most [`COUNTED`].
    pub(crate) rows: i64,
    /// When the one was written that waits longest.
    pub(crate) oldest: Option<Timestamp>,
    /// How often it was tried.
    pub(crate) tries: i32,
}

/// The same table stands in each service's database.
pub(crate) async fn lag(conn: &mut PgConnection) -> sqlx::Result<Lag> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) counted) AS rows, first.created_at AS oldest, coalesce(first.attempts, 0) AS tries
           FROM (SELECT) always LEFT JOIN (SELECT created_at, attempts FROM outbox ORDER BY seq LIMIT 1) first ON true",
    )
    .bind(COUNTED)
    .fetch_one(conn)
    .await
}
