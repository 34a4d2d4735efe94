//! What a person has to see to: one open item for each kind and subject.

use primitives::{OrderId, Timestamp, WorkItemId};
use serde_json::Value;
use sqlx::PgConnection;

/// A row of `work_items`.
#[derive(Debug, Clone)]
pub(crate) struct WorkItem {
    pub(crate) id: WorkItemId,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) order_id: Option<OrderId>,
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

/// Something to be seen to.
pub(crate) struct NewWorkItem<'a> {
    pub(crate) id: WorkItemId,
    pub(crate) kind: &'a str,
    /// Such as `payment:<id>`.
    pub(crate) subject: &'a str,
    pub(crate) order_id: Option<OrderId>,
    /// What is wrong. The same details that somebody said to ignore are not raised again.
    pub(crate) details: &'a Value,
}

/// Raises an item, or counts an open one as seen again; false if somebody said to ignore it.
pub(crate) async fn raise(
    conn: &mut PgConnection,
    item: &NewWorkItem<'_>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO work_items (id, kind, subject, order_id, details, raised_at, last_seen_at)
         SELECT $1, $2, $3, $4, $5, $6, $6
          WHERE NOT EXISTS (SELECT FROM work_items WHERE kind = $2 AND subject = $3 AND resolution = 'ignored' AND details = $5)
         ON CONFLICT (kind, subject) WHERE status = 'open'
         DO UPDATE SET details = excluded.details, last_seen_at = excluded.last_seen_at, seen = work_items.seen + 1",
        item.id.uuid(),
        item.kind,
        item.subject,
        item.order_id.map(OrderId::uuid),
        item.details,
        now as Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Closes the open items of some kinds about subjects with which nothing is wrong any more.
pub(crate) async fn gone(
    conn: &mut PgConnection,
    kinds: &[String],
    subjects: &[String],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE work_items SET status = 'resolved', resolution = 'gone', resolved_by = 'system', resolved_at = $3
          WHERE status = 'open' AND kind = ANY($1) AND subject = ANY($2)",
        kinds,
        subjects,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What somebody did about an item.
pub(crate) struct Resolution<'a> {
    /// `done` or `ignored`.
    pub(crate) resolution: &'a str,
    pub(crate) note: Option<&'a str>,
    pub(crate) by: &'a str,
}

/// Closes an open item; false if it is not open.
pub(crate) async fn resolve(
    conn: &mut PgConnection,
    id: WorkItemId,
    resolution: &Resolution<'_>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE work_items SET status = 'resolved', resolution = $2, note = $3, resolved_by = $4, resolved_at = $5 WHERE id = $1 AND status = 'open'",
        id.uuid(),
        resolution.resolution,
        resolution.note,
        resolution.by,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Which items are wanted.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<&'static str>,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) after: Option<WorkItemId>,
    pub(crate) limit: i64,
}

/// Newest first.
pub(crate) async fn list(conn: &mut PgConnection, filter: &Filter) -> sqlx::Result<Vec<WorkItem>> {
    sqlx::query_as!(
        WorkItem,
        r#"SELECT id AS "id: WorkItemId", kind, subject, order_id AS "order_id: OrderId", details, status, seen, raised_at, last_seen_at,
                  resolution, note, resolved_by, resolved_at
             FROM work_items
            WHERE ($1::text IS NULL OR status = $1) AND ($2::uuid IS NULL OR order_id = $2) AND ($3::uuid IS NULL OR id < $3)
            ORDER BY id DESC LIMIT $4"#,
        filter.status,
        filter.order_id.map(OrderId::uuid),
        filter.after.map(WorkItemId::uuid),
        filter.limit
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: WorkItemId,
) -> sqlx::Result<Option<WorkItem>> {
    sqlx::query_as!(
        WorkItem,
        r#"SELECT id AS "id: WorkItemId", kind, subject, order_id AS "order_id: OrderId", details, status, seen, raised_at, last_seen_at,
                  resolution, note, resolved_by, resolved_at
             FROM work_items WHERE id = $1"#,
        id.uuid()
    )
    .fetch_optional(conn)
    .await
}
