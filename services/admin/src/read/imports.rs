//! Catalogues that came as files.

use primitives::{ImportId, Timestamp, UserId};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};

/// An import.
#[derive(FromRow)]
pub(crate) struct ImportRow {
    pub(crate) id: ImportId,
    pub(crate) requested_by: UserId,
    pub(crate) format: String,
    pub(crate) dry_run: bool,
    pub(crate) status: String,
    pub(crate) total_rows: i32,
    pub(crate) processed: i32,
    pub(crate) created: i32,
    pub(crate) updated: i32,
    pub(crate) unchanged: i32,
    pub(crate) failed: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
}

impl ImportRow {
    /// Whether something still happens to it.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "uploading" | "queued" | "running")
    }
}

const COLUMNS: &str = "id, requested_by, format, dry_run, status, total_rows, processed, created, updated, unchanged, failed, created_at, finished_at";

/// Newest first, after the given one.
pub(crate) async fn page(
    conn: &mut PgConnection,
    after: Option<ImportId>,
    limit: i64,
) -> sqlx::Result<Vec<ImportRow>> {
    let mut sql = sqlx::QueryBuilder::<sqlx::Postgres>::new("SELECT ");
    sql.push(COLUMNS).push(" FROM imports WHERE true");
    if let Some(after) = after {
        sql.push(" AND id < ").push_bind(after);
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    sql.build_query_as().fetch_all(conn).await
}

pub(crate) async fn find(conn: &mut PgConnection, id: ImportId) -> sqlx::Result<Option<ImportRow>> {
    let mut sql = sqlx::QueryBuilder::<sqlx::Postgres>::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM imports WHERE id = ")
        .push_bind(id);
    sql.build_query_as().fetch_optional(conn).await
}

/// A product of a file that was refused.
#[derive(FromRow)]
pub(crate) struct Refused {
    pub(crate) handle: String,
    pub(crate) row: i32,
    pub(crate) errors: Value,
}

impl Refused {
    /// What is wrong, a line for each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let errors = self.errors.as_array().map_or(&[][..], Vec::as_slice);
        let line = |error: &Value| {
            let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            let row = error["row"].as_i64().map(|row| format!("row {row}"));
            let parts = [row.unwrap_or_default(), text("column"), text("message")];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            parts.join(": ")
        };
        errors.iter().map(line).collect()
    }
}

pub(crate) async fn refused(
    conn: &mut PgConnection,
    id: ImportId,
    limit: i64,
) -> sqlx::Result<Vec<Refused>> {
    sqlx::query_as(
        "SELECT handle, row, errors FROM import_products WHERE import_id = $1 AND outcome = 'failed' ORDER BY row LIMIT $2",
    )
    .bind(id)
    .bind(limit)
    .fetch_all(conn)
    .await
}
