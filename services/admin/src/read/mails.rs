//! Mails to customers: to whom and what about, never what they say. They lie in the panel's own database, in a schema of their service.

use primitives::Timestamp;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// A mail in a list.
#[derive(Debug, FromRow)]
pub(crate) struct MailRow {
    pub(crate) id: Uuid,
    pub(crate) recipient: String,
    pub(crate) template: String,
    pub(crate) subject: String,
    /// Of the order that it is about.
    pub(crate) order_number: Option<String>,
    pub(crate) status: String,
    pub(crate) attempts: i32,
    pub(crate) next_attempt_at: Timestamp,
    pub(crate) created_at: Timestamp,
}

pub(crate) const STATUSES: [&str; 3] = ["pending", "sent", "failed"];

/// Newest first, after the given one; of all states unless one is named.
pub(crate) async fn list(
    conn: &mut PgConnection,
    status: Option<&'static str>,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<MailRow>> {
    // Written out: so the planner knows that the few of a partial index are enough.
    let of_status = match status {
        Some("failed") => "AND status = 'failed'",
        Some("sent") => "AND status = 'sent'",
        Some("pending") => "AND status = 'pending'",
        _ => "",
    };
    let sql = format!(
        "SELECT id, recipient, template, subject, order_number, status, attempts, next_attempt_at, created_at FROM notification.mails
          WHERE ($1::timestamptz IS NULL OR (created_at, id) < ($1, $2)) {of_status} ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after.map(|(at, _)| at))
        .bind(after.map(|(_, id)| id))
        .bind(limit)
        .persistent(false)
        .fetch_all(conn)
        .await
}
