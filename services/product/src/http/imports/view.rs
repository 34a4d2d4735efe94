//! Imports as clients see them.

use primitives::{Clock, ImportId, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::import::{Format, RowError};
use crate::store::imports::{self as store, Status};

/// A file that is, was or will be imported.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub(crate) struct View {
    id: ImportId,
    status: Status,
    format: Format,
    /// Nothing is changed, only tried.
    dry_run: bool,
    /// Whose products they are.
    seller_id: UserId,
    /// Rows after the header.
    total_rows: i32,
    /// Rows of products that are done with, whatever came of them.
    processed: i32,
    /// Products that were made; on a dry run those that would be.
    created: i32,
    /// Products that were changed.
    updated: i32,
    /// Products that were already as the file says.
    unchanged: i32,
    /// Products that were refused: `GET …/errors` has their rows.
    failed: i32,
    /// Seconds that it will still take, as far as one can tell while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_left: Option<u64>,
    created_at: Timestamp,
    #[schema(nullable)]
    started_at: Option<Timestamp>,
    #[schema(nullable)]
    finished_at: Option<Timestamp>,
    /// Columns of the file that are of no use here; only in the answer to the upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ignored_columns: Option<Vec<String>>,
    /// What is wrong with the first products that were refused; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) errors: Option<Vec<RowError>>,
}

impl View {
    pub(super) fn new(import: store::Import, clock: &Clock) -> Self {
        Self {
            seconds_left: seconds_left(&import, clock),
            id: import.id,
            status: import.status,
            format: import.format,
            dry_run: import.dry_run,
            seller_id: import.seller_id,
            total_rows: import.total_rows,
            processed: import.processed,
            created: import.created,
            updated: import.updated,
            unchanged: import.unchanged,
            failed: import.failed,
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
            ignored_columns: None,
            errors: None,
        }
    }
}

/// As long for each row that is left as for those that are done.
fn seconds_left(import: &store::Import, clock: &Clock) -> Option<u64> {
    let started = import
        .started_at
        .filter(|_| import.status == Status::Running && import.processed > 0)?;
    let spent = clock.now().since(started).as_secs();
    let (done, left) = (
        u64::try_from(import.processed).ok()?,
        u64::try_from(import.total_rows - import.processed).ok()?,
    );
    Some(spent * left / done)
}
