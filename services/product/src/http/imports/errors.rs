//! `GET /api/products/imports/{id}/errors`

use auth_token::Seller;
use axum::extract::State;
use axum::response::Response;
use futures::stream::try_unfold;
use http_kit::{Error, Path, Problem, Result};
use primitives::ImportId;

use crate::app::AppState;
use crate::domain::import::cells::{bare, guarded};
use crate::domain::import::columns::{ERROR_HEADING, ROW_HEADING};
use crate::domain::import::sentence;
use crate::http::csv;
use crate::store::imports::{self as store, BadRow, Import};

/// Rows in a piece of the answer.
const PAGE: i64 = 500;

/// The rows of all products that were refused, as they were sent, with what is wrong in the column `import_error`. Mended, they can be
/// sent to `POST …/retry`.
#[utoipa::path(
    get, path = "/api/products/imports/{id}/errors", tag = "import and export", security(("bearer" = [])),
    params(("id" = ImportId, Path)),
    responses(
        (status = 200, description = "CSV, UTF-8 with a byte order mark, so that a spreadsheet shows it well", body = String, content_type = "text/csv"),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
pub(crate) async fn import_errors(
    State(state): State<AppState>,
    Seller(principal): Seller,
    Path(id): Path<ImportId>,
) -> Result<Response> {
    let mut db = state.context.pool.acquire().await?;
    let import = super::find(&mut db, id, &principal).await?;
    drop(db);
    let name = format!("import-{id}-errors.csv");
    let pieces = try_unfold(
        (state, import, None::<i32>),
        |(state, import, after)| async move {
            let mut db = state.context.pool.acquire().await?;
            let rows = store::bad_rows(&mut db, import.id, after.unwrap_or(0), PAGE).await?;
            let last = rows.last().map(|bad| bad.row.number);
            let records = after
                .is_none()
                .then(|| header(&import))
                .into_iter()
                .chain(rows.iter().map(|bad| record(&import, bad)));
            let piece = csv::piece(import.delimiter(), after.is_none(), records)?;
            // The first piece has the header, and so is never empty.
            Ok::<_, Error>(
                (!piece.is_empty())
                    .then(|| (piece, (state, import, Some(last.unwrap_or(i32::MAX))))),
            )
        },
    );
    csv::answer(&name, pieces)
}

fn header(import: &Import) -> Vec<String> {
    let headings = import.headings.iter().map(|heading| guarded(bare(heading)));
    let own = |heading: &&String| ![ROW_HEADING, ERROR_HEADING].contains(&heading.as_str());
    let mut header: Vec<String> = headings.collect();
    header.retain(|heading| own(&heading));
    header.extend([ROW_HEADING.to_owned(), ERROR_HEADING.to_owned()]);
    header
}

/// A row in the form in which no spreadsheet runs it, whatever form it was sent in.
fn record(import: &Import, bad: &BadRow) -> Vec<String> {
    let cell = |place: usize| {
        bad.row
            .cells
            .get(place)
            .map(|cell| guarded(bare(cell)))
            .unwrap_or_default()
    };
    let own = |heading: &str| [ROW_HEADING, ERROR_HEADING].contains(&heading);
    let kept = (0..)
        .zip(&import.headings)
        .filter(|(_, heading)| !own(heading));
    let mut record: Vec<String> = kept.map(|(place, _)| cell(place)).collect();
    record.extend([
        bad.row.number.to_string(),
        guarded(&sentence(&bad.errors, bad.row.number)),
    ]);
    record
}
