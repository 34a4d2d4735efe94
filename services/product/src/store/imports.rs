//! Imports: the rows of a file, grouped into products, and what became of each.

use primitives::{Clock, ImportId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::import::{Format, Row, RowError};

/// Where an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = ImportStatus)]
pub(crate) enum Status {
    /// The file is not here yet, whole.
    Uploading,
    /// Waits for its turn.
    Queued,
    Running,
    /// Every product was tried.
    Finished,
    Cancelled,
}

/// An import.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) id: ImportId,
    pub(crate) requested_by: UserId,
    pub(crate) seller_id: UserId,
    pub(crate) by_staff: bool,
    pub(crate) format: Format,
    pub(crate) dry_run: bool,
    pub(crate) currency: String,
    pub(crate) status: Status,
    pub(crate) delimiter: String,
    pub(crate) headings: Vec<String>,
    pub(crate) total_rows: i32,
    pub(crate) processed: i32,
    pub(crate) created: i32,
    pub(crate) updated: i32,
    pub(crate) unchanged: i32,
    pub(crate) failed: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
}

impl Import {
    /// What the file has between its cells, and so the file of bad rows.
    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter.bytes().next().unwrap_or(b',')
    }
}

/// An import to be begun.
#[derive(Debug, Clone)]
pub(crate) struct New {
    pub(crate) id: ImportId,
    pub(crate) requested_by: UserId,
    pub(crate) seller_id: UserId,
    pub(crate) by_staff: bool,
    pub(crate) format: Format,
    pub(crate) dry_run: bool,
    pub(crate) currency: String,
    pub(crate) delimiter: u8,
    pub(crate) headings: Vec<String>,
}

/// Begins an import, whose rows follow.
pub(crate) async fn insert(db: &mut PgConnection, new: &New, clock: &Clock) -> sqlx::Result<()> {
    sqlx::query!(
        r#"INSERT INTO imports (id, requested_by, seller_id, by_staff, format, dry_run, currency, status, delimiter, headings, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, 'uploading', $10, $8, $9, $9)"#,
        new.id.uuid(),
        new.requested_by.uuid(),
        new.seller_id.uuid(),
        new.by_staff,
        new.format.as_str(),
        new.dry_run,
        new.currency,
        &new.headings,
        clock.now() as _,
        char::from(new.delimiter).to_string(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A row as it is kept, with the group that it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct NewRow {
    pub(crate) row: Row,
    pub(crate) handle: String,
    /// With the seller that the row names.
    pub(crate) sku: Option<String>,
    /// The bad row that it stands for.
    pub(crate) mended: Option<i32>,
    pub(crate) bytes: i64,
}

/// Keeps rows, and counts them into their products. One statement for any number.
pub(crate) async fn add_rows(
    db: &mut PgConnection,
    import: ImportId,
    rows: &[NewRow],
    clock: &Clock,
) -> sqlx::Result<()> {
    let numbers: Vec<i32> = rows.iter().map(|new| new.row.number).collect();
    let handles: Vec<String> = rows.iter().map(|new| new.handle.clone()).collect();
    let skus: Vec<Option<String>> = rows.iter().map(|new| new.sku.clone()).collect();
    let bytes: Vec<i64> = rows.iter().map(|new| new.bytes).collect();
    let mended: Vec<Option<i32>> = rows.iter().map(|new| new.mended).collect();
    let cells: Vec<serde_json::Value> = rows
        .iter()
        .map(|new| serde_json::json!(new.row.cells))
        .collect();
    sqlx::query!(
        r#"WITH added AS (
             SELECT * FROM unnest($2::int[], $3::text[], $4::text[], $5::bigint[], $6::jsonb[], $8::int[])
                      AS r (number, handle, sku, bytes, cells, mended)
           ), kept AS (
             INSERT INTO import_rows (import_id, number, handle, sku, cells, mended) SELECT $1, number, handle, sku, cells, mended FROM added
           ), grouped AS (
             INSERT INTO import_products (import_id, handle, row, rows, bytes)
             SELECT $1, handle, min(number), count(*), sum(bytes) FROM added GROUP BY handle
             ON CONFLICT (import_id, handle) DO UPDATE SET rows = import_products.rows + excluded.rows, bytes = import_products.bytes + excluded.bytes
           )
           UPDATE imports SET total_rows = total_rows + cardinality($2::int[]), updated_at = $7 WHERE id = $1"#,
        import.uuid(),
        &numbers,
        &handles,
        &skus as &[Option<String>],
        &bytes,
        &cells,
        clock.now() as _,
        &mended as &[Option<i32>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lets an import wait for its turn: its file is here.
pub(crate) async fn queue(
    db: &mut PgConnection,
    import: ImportId,
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!("UPDATE imports SET status = 'queued', updated_at = $2 WHERE id = $1 AND status = 'uploading'", import.uuid(), clock.now() as _)
        .execute(db)
        .await
        .and_then(|done| super::touched(done.rows_affected(), 1))
}

/// Forgets an import with all its rows.
pub(crate) async fn delete(db: &mut PgConnection, import: ImportId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM imports WHERE id = $1", import.uuid())
        .execute(db)
        .await?;
    Ok(())
}

/// An import by id.
pub(crate) async fn find(db: &mut PgConnection, import: ImportId) -> sqlx::Result<Option<Import>> {
    sqlx::query_as!(
        Import,
        r#"SELECT id AS "id: ImportId", requested_by AS "requested_by: UserId", seller_id AS "seller_id: UserId", by_staff, format AS "format: Format",
                  dry_run, currency, status AS "status: Status", delimiter, headings, total_rows, processed, created, updated, unchanged, failed,
                  created_at AS "created_at: Timestamp", started_at AS "started_at: Timestamp",
                  finished_at AS "finished_at: Timestamp"
             FROM imports WHERE id = $1"#,
        import.uuid()
    )
    .fetch_optional(db)
    .await
}

/// The imports that somebody asked for, or all, newest first, after one of them.
pub(crate) async fn list(
    db: &mut PgConnection,
    of: Option<UserId>,
    after: Option<ImportId>,
    limit: i64,
) -> sqlx::Result<Vec<Import>> {
    sqlx::query_as!(
        Import,
        r#"SELECT id AS "id: ImportId", requested_by AS "requested_by: UserId", seller_id AS "seller_id: UserId", by_staff, format AS "format: Format",
                  dry_run, currency, status AS "status: Status", delimiter, headings, total_rows, processed, created, updated, unchanged, failed,
                  created_at AS "created_at: Timestamp", started_at AS "started_at: Timestamp",
                  finished_at AS "finished_at: Timestamp"
             FROM imports WHERE ($1::uuid IS NULL OR requested_by = $1) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"#,
        of.map(UserId::uuid),
        after.map(ImportId::uuid),
        limit,
    )
    .fetch_all(db)
    .await
}

/// How many of somebody's imports are not done with.
pub(crate) async fn unfinished(db: &mut PgConnection, of: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM imports WHERE requested_by = $1 AND status IN ('uploading', 'queued', 'running')"#, of.uuid())
        .fetch_one(db)
        .await
}

/// Stops an import that is not done with. False if it is.
pub(crate) async fn cancel(
    db: &mut PgConnection,
    import: ImportId,
    clock: &Clock,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        r#"UPDATE imports SET status = 'cancelled', claim = NULL, leased_until = NULL, updated_at = $2, finished_at = $2
            WHERE id = $1 AND status IN ('uploading', 'queued', 'running')"#,
        import.uuid(),
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes the import that has waited longest, or one whose worker is gone, unless somebody else is taking it.
pub(crate) async fn claim(
    db: &mut PgConnection,
    claim: Uuid,
    now: Timestamp,
    until: Timestamp,
) -> sqlx::Result<Option<ImportId>> {
    sqlx::query_scalar!(
        r#"UPDATE imports SET status = 'running', claim = $1, leased_until = $3, started_at = coalesce(started_at, $2), updated_at = $2
            WHERE id = (SELECT id FROM imports WHERE status = 'queued' OR (status = 'running' AND leased_until <= $2)
                         ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
           RETURNING id AS "id: ImportId""#,
        claim,
        now as _,
        until as _,
    )
    .fetch_optional(db)
    .await
}

/// Gives an import back, so that the next worker need not wait.
pub(crate) async fn release(
    db: &mut PgConnection,
    import: ImportId,
    claim: Uuid,
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE imports SET status = 'queued', claim = NULL, leased_until = NULL, updated_at = $3 WHERE id = $1 AND status = 'running' AND claim = $2",
        import.uuid(),
        claim,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A product of an import, as its rows are grouped.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) handle: String,
    pub(crate) row: i32,
    pub(crate) rows: i32,
    pub(crate) bytes: i64,
}

/// The next products that nobody else has in hand, in the order of the file.
pub(crate) async fn next(
    db: &mut PgConnection,
    import: ImportId,
    limit: i64,
) -> sqlx::Result<Vec<Group>> {
    sqlx::query_as!(
        Group,
        r#"SELECT handle, row, rows, bytes FROM import_products WHERE import_id = $1 AND outcome IS NULL
            ORDER BY row LIMIT $2 FOR UPDATE SKIP LOCKED"#,
        import.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// The rows of products, in the order of the file.
pub(crate) async fn rows(
    db: &mut PgConnection,
    import: ImportId,
    handles: &[String],
) -> sqlx::Result<Vec<(String, Row)>> {
    let rows = sqlx::query!(
        r#"SELECT number, handle, cells AS "cells: Json<Vec<String>>" FROM import_rows WHERE import_id = $1 AND handle = ANY($2) ORDER BY number"#,
        import.uuid(),
        handles,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                row.handle,
                Row {
                    number: row.number,
                    cells: row.cells.0,
                },
            )
        })
        .collect())
}

/// Rows whose SKU an earlier row of another product has already: number of the row, and of the earlier one.
pub(crate) async fn repeated_skus(
    db: &mut PgConnection,
    import: ImportId,
    handles: &[String],
) -> sqlx::Result<Vec<(i32, i32)>> {
    let rows = sqlx::query!(
        r#"SELECT r.number, min(e.number) AS "earlier!" FROM import_rows r
             JOIN import_rows e ON e.import_id = r.import_id AND e.sku = r.sku AND e.number < r.number AND e.handle <> r.handle
            WHERE r.import_id = $1 AND r.handle = ANY($2) GROUP BY r.number"#,
        import.uuid(),
        handles,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.number, row.earlier))
        .collect())
}

/// What became of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Created,
    Updated,
    Unchanged,
    Failed(Vec<RowError>),
}

impl Outcome {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Failed(_) => "failed",
        }
    }
}

/// Writes what became of products and counts them, if the import is still this worker's; false otherwise.
pub(crate) async fn record(
    db: &mut PgConnection,
    import: ImportId,
    claim: Uuid,
    outcomes: &[(String, Outcome)],
    until: Timestamp,
    clock: &Clock,
) -> sqlx::Result<bool> {
    let handles: Vec<String> = outcomes.iter().map(|(handle, _)| handle.clone()).collect();
    let words: Vec<String> = outcomes
        .iter()
        .map(|(_, outcome)| outcome.as_str().to_owned())
        .collect();
    let errors: Vec<Option<serde_json::Value>> = outcomes
        .iter()
        .map(|(_, outcome)| match outcome {
            Outcome::Failed(errors) => Some(serde_json::json!(errors)),
            Outcome::Created | Outcome::Updated | Outcome::Unchanged => None,
        })
        .collect();
    let done = sqlx::query!(
        r#"WITH done AS (
             UPDATE import_products p SET outcome = o.outcome, errors = o.errors
               FROM unnest($3::text[], $4::text[], $5::jsonb[]) AS o (handle, outcome, errors)
              WHERE p.import_id = $1 AND p.handle = o.handle AND p.outcome IS NULL
             RETURNING p.outcome, p.rows
           ), counted AS (
             SELECT coalesce(sum(rows), 0)::int AS rows, (count(*) FILTER (WHERE outcome = 'created'))::int AS created,
                    (count(*) FILTER (WHERE outcome = 'updated'))::int AS updated, (count(*) FILTER (WHERE outcome = 'unchanged'))::int AS unchanged,
                    (count(*) FILTER (WHERE outcome = 'failed'))::int AS failed FROM done
           )
           UPDATE imports i
              SET processed = i.processed + c.rows, created = i.created + c.created, updated = i.updated + c.updated,
                  unchanged = i.unchanged + c.unchanged, failed = i.failed + c.failed, leased_until = $6, updated_at = $7
             FROM counted c WHERE i.id = $1 AND i.status = 'running' AND i.claim = $2"#,
        import.uuid(),
        claim,
        &handles,
        &words,
        &errors as &[Option<serde_json::Value>],
        until as _,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends an import if every product was tried and it is still this worker's.
pub(crate) async fn finish(
    db: &mut PgConnection,
    import: ImportId,
    claim: Uuid,
    clock: &Clock,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        r#"UPDATE imports SET status = 'finished', claim = NULL, leased_until = NULL, updated_at = $3, finished_at = $3
            WHERE id = $1 AND status = 'running' AND claim = $2
              AND NOT EXISTS (SELECT FROM import_products p WHERE p.import_id = $1 AND p.outcome IS NULL)"#,
        import.uuid(),
        claim,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A row of a product that was not imported.
#[derive(Debug, Clone)]
pub(crate) struct BadRow {
    pub(crate) row: Row,
    /// Of the whole product.
    pub(crate) errors: Vec<RowError>,
}

/// The rows of products that were not imported, after one of them, in the order of the file.
pub(crate) async fn bad_rows(
    db: &mut PgConnection,
    import: ImportId,
    after: i32,
    limit: i64,
) -> sqlx::Result<Vec<BadRow>> {
    let rows = sqlx::query!(
        r#"SELECT r.number, r.cells AS "cells: Json<Vec<String>>", p.errors AS "errors!: Json<Vec<RowError>>"
             FROM import_rows r JOIN import_products p ON p.import_id = r.import_id AND p.handle = r.handle AND p.outcome = 'failed'
            WHERE r.import_id = $1 AND r.number > $2 ORDER BY r.number LIMIT $3"#,
        import.uuid(),
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    let bad = rows.into_iter().map(|row| BadRow {
        row: Row {
            number: row.number,
            cells: row.cells.0,
        },
        errors: row.errors.0,
    });
    Ok(bad.collect())
}

/// The errors of the first products that were not imported.
pub(crate) async fn first_errors(
    db: &mut PgConnection,
    import: ImportId,
    products: i64,
) -> sqlx::Result<Vec<RowError>> {
    let lists = sqlx::query_scalar!(
        r#"SELECT errors AS "errors!: Json<Vec<RowError>>" FROM import_products WHERE import_id = $1 AND outcome = 'failed' ORDER BY row LIMIT $2"#,
        import.uuid(),
        products,
    )
    .fetch_all(db)
    .await?;
    Ok(lists.into_iter().flat_map(|list| list.0).collect())
}

/// Takes mended rows of an upload into the import that they belong to. A row that says which bad row it stands for takes its place;
/// others stand for all rows of their product. The products are tried again.
pub(crate) async fn take_mended(
    db: &mut PgConnection,
    import: ImportId,
    upload: ImportId,
    clock: &Clock,
) -> sqlx::Result<()> {
    let last = sqlx::query_scalar!(
        r#"SELECT coalesce(max(number), 1) AS "last!" FROM import_rows WHERE import_id = $1"#,
        import.uuid()
    )
    .fetch_one(&mut *db)
    .await?;
    // Products that did not fail are as the file said: nothing of theirs is replaced.
    let replaced = sqlx::query_scalar!(
        r#"DELETE FROM import_rows r USING import_products p
            WHERE r.import_id = $1 AND p.import_id = $1 AND p.handle = r.handle AND p.outcome = 'failed'
              AND (r.number IN (SELECT mended FROM import_rows WHERE import_id = $2)
                   OR r.handle IN (SELECT handle FROM import_rows WHERE import_id = $2 AND mended IS NULL))
           RETURNING r.number"#,
        import.uuid(),
        upload.uuid(),
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!(
        r#"UPDATE import_rows r
              SET import_id = $1, mended = NULL, number = CASE WHEN m.number IS NULL THEN r.number + $4 ELSE m.mended END
             FROM import_rows u
             LEFT JOIN (SELECT mended, min(number) AS number FROM import_rows WHERE import_id = $2 AND mended = ANY($3) GROUP BY mended) m
                    ON m.number = u.number
            WHERE r.import_id = $2 AND u.import_id = $2 AND u.number = r.number"#,
        import.uuid(),
        upload.uuid(),
        &replaced,
        last,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"DELETE FROM import_products p WHERE p.import_id = $1 AND p.outcome = 'failed'
              AND NOT EXISTS (SELECT FROM import_rows r WHERE r.import_id = $1 AND r.handle = p.handle)"#,
        import.uuid()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"INSERT INTO import_products (import_id, handle, row, rows, bytes)
           SELECT $1, r.handle, min(r.number), count(*), sum(octet_length(r.cells::text))
             FROM import_products u JOIN import_rows r ON r.import_id = $1 AND r.handle = u.handle
            WHERE u.import_id = $2 GROUP BY r.handle
           ON CONFLICT (import_id, handle) DO UPDATE
             SET row = excluded.row, rows = excluded.rows, bytes = excluded.bytes, outcome = NULL, errors = NULL"#,
        import.uuid(),
        upload.uuid(),
    )
    .execute(&mut *db)
    .await?;
    delete(&mut *db, upload).await?;
    sqlx::query!(
        r#"UPDATE imports i
              SET status = 'queued', claim = NULL, leased_until = NULL, started_at = NULL, finished_at = NULL, updated_at = $2,
                  total_rows = c.total, processed = c.processed, created = c.created, updated = c.updated, unchanged = c.unchanged, failed = c.failed
             FROM (SELECT coalesce(sum(rows), 0)::int AS total, coalesce(sum(rows) FILTER (WHERE outcome IS NOT NULL), 0)::int AS processed,
                          (count(*) FILTER (WHERE outcome = 'created'))::int AS created, (count(*) FILTER (WHERE outcome = 'updated'))::int AS updated,
                          (count(*) FILTER (WHERE outcome = 'unchanged'))::int AS unchanged, (count(*) FILTER (WHERE outcome = 'failed'))::int AS failed
                     FROM import_products WHERE import_id = $1) c
            WHERE i.id = $1"#,
        import.uuid(),
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks an import until the transaction ends.
pub(crate) async fn lock(db: &mut PgConnection, import: ImportId) -> sqlx::Result<Option<Status>> {
    sqlx::query_scalar!(
        r#"SELECT status AS "status: Status" FROM imports WHERE id = $1 FOR UPDATE"#,
        import.uuid()
    )
    .fetch_optional(db)
    .await
}

/// Deletes an import that nobody needs any more: one whose upload broke off, or one that ended long ago. Answers whether there was one.
pub(crate) async fn sweep(
    db: &mut PgConnection,
    broken_before: Timestamp,
    ended_before: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        r#"DELETE FROM imports WHERE id = (
             SELECT id FROM imports
              WHERE (status = 'uploading' AND updated_at < $1) OR (status IN ('finished', 'cancelled') AND updated_at < $2)
              ORDER BY updated_at LIMIT 1 FOR UPDATE SKIP LOCKED)"#,
        broken_before as _,
        ended_before as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
