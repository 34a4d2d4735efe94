//! What the payment provider told, and what became of it; never what it said, which only the order service may read.

use primitives::{OrderId, Timestamp};
use sqlx::{FromRow, PgConnection};

/// A row of order's `webhook_events`.
#[derive(Debug, FromRow)]
pub(crate) struct PaymentEvent {
    pub(crate) id: String,
    pub(crate) kind: String,
    /// The provider's name of the payment that it is about, or of its page.
    pub(crate) subject: Option<String>,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) number: Option<String>,
    pub(crate) received_at: Timestamp,
    pub(crate) processed_at: Option<Timestamp>,
    outcome: Option<String>,
    pub(crate) attempts: i32,
    pub(crate) next_try_at: Timestamp,
    pub(crate) error: Option<String>,
    pub(crate) trace_id: Option<String>,
}

impl PaymentEvent {
    /// What became of it: a word, and how it looks.
    pub(crate) fn state(&self) -> (&str, &'static str) {
        state(self.processed_at.is_some(), self.outcome.as_deref())
    }
}

/// What became of an event: a word, and how it looks.
pub(crate) fn state(done: bool, outcome: Option<&str>) -> (&str, &'static str) {
    match (done, outcome) {
        (false, _) => ("waiting", "warn"),
        (true, Some("failed")) => ("given up", "bad"),
        (true, Some("unknown")) => ("unknown", "bad"),
        (true, outcome) => (outcome.unwrap_or("applied"), "good"),
    }
}

const SELECT: &str = "SELECT w.id, w.type AS kind, w.subject, w.order_id, o.number::text AS number, w.received_at, w.processed_at, w.outcome,
                             w.attempts, w.next_try_at, w.error, w.trace_id
                        FROM webhook_events w LEFT JOIN orders o ON o.id = w.order_id";

/// Newest first, after the given one; those with an id or about what the provider calls so, if `name` says one. `amiss`: only what is given up, or
/// went wrong more than three times.
pub(crate) async fn list(
    conn: &mut PgConnection,
    amiss: bool,
    name: Option<&str>,
    after: Option<(Timestamp, String)>,
    limit: i64,
) -> sqlx::Result<Vec<PaymentEvent>> {
    // As the partial index has it.
    let only = match amiss {
        true => {
            "AND (w.outcome = 'failed' OR (w.processed_at IS NULL AND w.attempts > 3 AND (w.error IS NOT NULL OR w.attempts > 12)))"
        }
        false => "",
    };
    let sql = format!(
        "{SELECT} WHERE ($1::timestamptz IS NULL OR (w.received_at, w.id) < ($1, $2)) AND ($3::text IS NULL OR w.id = $3 OR w.subject = $3) {only}
          ORDER BY w.received_at DESC, w.id DESC LIMIT $4"
    );
    let (at, id) = after.unzip();
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(at)
        .bind(id)
        .bind(name)
        .bind(limit)
        .persistent(false)
        .fetch_all(conn)
        .await
}

pub(crate) async fn find(conn: &mut PgConnection, id: &str) -> sqlx::Result<Option<PaymentEvent>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} WHERE w.id = $1")))
        .bind(id)
        .fetch_optional(conn)
        .await
}
