//! `POST /api/inventory/stock-takes`

use auth_token::Seller;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use futures::StreamExt as _;
use http_kit::{Error, IdempotencyKey, Json, Problem, Query, Result};
use primitives::UserId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::app::AppState;
use crate::domain::count_sheet::{Row, Sheet, SheetError};
use crate::domain::text::Reason;
use crate::workflows::once::Once;
use crate::workflows::stock_takes::{PAGE, RowError, StockTake, Tally};

/// About two hundred thousand rows.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// How to take the rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TakeStock {
    /// Only say what would happen.
    dry_run: Option<bool>,
    /// Kept in the ledger with each movement.
    #[param(value_type = Option<String>, max_length = 500)]
    reason: Option<Reason>,
    /// For staff: whose variants were counted, if several sellers use the same SKUs.
    #[param(value_type = Option<String>, format = Uuid)]
    seller_id: Option<UserId>,
}

/// What became of the rows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StockTakeReport {
    /// The rows of the ledger have it as `stock_take_id`.
    id: Uuid,
    dry_run: bool,
    rows: u64,
    changed: u64,
    unchanged: u64,
    /// Rows that were not taken; the others were.
    refused: u64,
    /// Units found, less those missing.
    units: i64,
    /// The first thousand of the refused.
    errors: Vec<StockTakeError>,
}

/// Why a row was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StockTakeError {
    /// As spreadsheets number rows: the first below the header is 2.
    row: u64,
    sku: String,
    code: &'static str,
    message: String,
}

impl From<RowError> for StockTakeError {
    fn from(error: RowError) -> Self {
        Self {
            row: error.row,
            sku: error.sku,
            code: error.code,
            message: error.message,
        }
    }
}

/// Writes what was counted. The body is CSV with the columns `sku`, `counted` and, if the shop has several places, `location` (a code);
/// `counted` is what lies there and is not sold. It is read as it comes in and written in pages of 500 rows: bad rows are told, the
/// others taken.
#[utoipa::path(
    post, path = "/api/inventory/stock-takes", tag = "inventory", security(("bearer" = [])),
    params(TakeStock, ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    request_body(content = String, content_type = "text/csv", description = "`sku,location,counted`"),
    responses(
        (status = 200, body = StockTakeReport),
        (status = 400, description = "`malformed_body`", body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 413, description = "`payload_too_large`", body = Problem),
        (status = 415, description = "`unsupported_media_type`", body = Problem),
        (status = 422, description = "`malformed_csv`, `validation_failed`", body = Problem),
    )
)]
pub(crate) async fn take_stock(
    State(state): State<AppState>,
    Seller(counter): Seller,
    Query(query): Query<TakeStock>,
    key: Option<IdempotencyKey>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !kind
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("text/csv")
    {
        return Err(Error::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be text/csv.",
        ));
    }
    let cx = &state.context;
    let dry_run = query.dry_run.unwrap_or(false);
    let once = Once {
        caller: counter.user_id,
        key: key.as_ref().filter(|_| !dry_run),
        hash: b"stock-take",
    };
    let mut db = cx.pool.acquire().await?;
    if let Some(answer) = once.before(&mut db).await? {
        return Ok(Json(answer));
    }
    drop(db);
    let reason = query.reason.as_deref();
    let mut take = StockTake::begin(cx, &counter, query.seller_id, reason, dry_run).await?;
    let (mut sheet, mut rows, mut read) = (Sheet::default(), Vec::new(), 0);
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| {
            Error::bad_request("malformed_body", "The body cannot be read.").caused_by(error)
        })?;
        read += piece.len();
        if read > MAX_BYTES {
            return Err(too_large(&take.tally));
        }
        sheet
            .push(&piece, &mut rows)
            .map_err(|error| unreadable(&error, &take.tally))?;
        while rows.len() >= PAGE {
            let later: Vec<Row> = rows.split_off(PAGE);
            take.page(cx, &std::mem::replace(&mut rows, later)).await?;
        }
    }
    sheet
        .finish(&mut rows)
        .map_err(|error| unreadable(&error, &take.tally))?;
    for page in rows.chunks(PAGE) {
        take.page(cx, page).await?;
    }
    let answer = json!(report(take.id, dry_run, take.tally));
    let mut db = cx.pool.acquire().await?;
    match once.save(&mut db, &answer, cx.clock.now()).await {
        // The same came at the same time, and was ready first: what was counted is the same, and so is the answer.
        Err(error) if error.code() == "idempotency_key_reused" => {
            let known = once.before(&mut db).await?;
            Ok(Json(known.ok_or(error)?))
        }
        saved => saved.map(|()| Json(answer)),
    }
}

fn report(id: Uuid, dry_run: bool, tally: Tally) -> StockTakeReport {
    StockTakeReport {
        id,
        dry_run,
        rows: tally.rows,
        changed: tally.changed,
        unchanged: tally.unchanged,
        refused: tally.refused,
        units: tally.units,
        errors: tally.errors.into_iter().map(StockTakeError::from).collect(),
    }
}

/// The pages before stay written: how far it came is said.
fn unreadable(error: &SheetError, tally: &Tally) -> Error {
    Error::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "malformed_csv",
        error.to_string(),
    )
    .with("rows_taken", tally.rows)
}

fn too_large(tally: &Tally) -> Error {
    Error::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "payload_too_large",
        "A stock-take may have 8 MiB: send it in parts.",
    )
    .with("rows_taken", tally.rows)
}
