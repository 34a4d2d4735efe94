//! What a person has to see to: the books and the payment provider do not agree.

use primitives::{OrderId, Timestamp, WorkItemId};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};

/// A row of order's `work_items`.
#[derive(Debug, FromRow)]
pub(crate) struct WorkItem {
    pub(crate) id: WorkItemId,
    pub(crate) kind: String,
    /// Such as `payment:<id>`.
    pub(crate) subject: String,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) number: Option<String>,
    pub(crate) details: Value,
    pub(crate) status: String,
    pub(crate) seen: i32,
    pub(crate) raised_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) resolution: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) resolved_by: Option<String>,
    pub(crate) resolved_at: Option<Timestamp>,
}

impl WorkItem {
    /// What is wrong, as a sentence.
    pub(crate) fn says(&self) -> &str {
        self.details["says"].as_str().unwrap_or_default()
    }
}

pub(crate) const STATUSES: [&str; 2] = ["open", "resolved"];

/// Which of them; an empty status means all, and so does an empty list of kinds.
pub(crate) struct Filter<'a> {
    pub(crate) status: &'a str,
    pub(crate) kinds: &'a [String],
    pub(crate) except: &'a [String],
}

/// Newest first, after the given item.
pub(crate) async fn list(
    conn: &mut PgConnection,
    filter: &Filter<'_>,
    after: Option<WorkItemId>,
    limit: i64,
) -> sqlx::Result<Vec<WorkItem>> {
    // Planned for each status: open ones are few among many, and have an index of their own.
    let of_status = match filter.status {
        "open" => "AND w.status = 'open'",
        "resolved" => "AND w.status = 'resolved'",
        _ => "",
    };
    let sql = format!(
        "{SELECT} WHERE ($1::uuid IS NULL OR w.id < $1) AND (cardinality($3::text[]) = 0 OR w.kind = ANY ($3)) AND w.kind <> ALL ($4::text[]) {of_status} ORDER BY w.id DESC LIMIT $2"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after)
        .bind(limit)
        .bind(filter.kinds)
        .bind(filter.except)
        .fetch_all(conn)
        .await
}

const SELECT: &str = "SELECT w.id, w.kind, w.subject, w.order_id, o.number::text AS number, w.details, w.status, w.seen, w.raised_at, w.last_seen_at,
                             w.resolution, w.note, w.resolved_by, w.resolved_at
                        FROM work_items w LEFT JOIN orders o ON o.id = w.order_id";

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: WorkItemId,
) -> sqlx::Result<Option<WorkItem>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} WHERE w.id = $1")))
        .bind(id)
        .fetch_optional(conn)
        .await
}
