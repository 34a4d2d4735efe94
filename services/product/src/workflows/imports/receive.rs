//! Taking a file in as it comes: read, checked as far as it can be by itself, and kept row by row.

use auth_token::Acting;
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use http_kit::{Error, IdempotencyKey};
use primitives::{Currency, ImportId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::app::Context;
use crate::domain::import::cells::bare;
use crate::domain::import::columns::{Column, Columns, WrongHeading};
use crate::domain::import::reader::Reader;
use crate::domain::import::{Format, Row, plan};
use crate::error::ImportError;
use crate::store::imports::{self as store, Import, New, NewRow, Status};
use crate::workflows::once::Once;

/// Rows that are kept in one statement, unless they are long.
const BATCH_ROWS: usize = 1000;
/// Bytes after which a statement has enough.
const BATCH_BYTES: i64 = 2 * 1024 * 1024;

/// What somebody wants imported.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) requested_by: UserId,
    pub(crate) seller_id: UserId,
    pub(crate) by_staff: bool,
    pub(crate) format: Format,
    pub(crate) dry_run: bool,
    pub(crate) currency: Currency,
    /// The most rows that it may have.
    pub(crate) max_rows: i32,
    /// Makes a repetition harmless.
    pub(crate) key: Option<IdempotencyKey>,
}

/// What came of an upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Received {
    pub(crate) id: ImportId,
    pub(crate) ignored_columns: Vec<String>,
}

/// Receives a file and lets it wait for its turn; or, with the import that it mends, lets that one go on with it. A file that cannot
/// be read, or whose header is wrong, leaves nothing behind; nor does one that came before with the same key.
pub(crate) async fn receive<S>(
    cx: &Context,
    request: &Request,
    mends: Option<&Import>,
    staff: Option<&Acting>,
    bytes: S,
) -> Result<Received, ImportError>
where
    S: Stream<Item = Result<Bytes, http_kit::Error>> + Unpin + Send,
{
    let mut receiving = Receiving {
        cx,
        request,
        mends,
        id: ImportId::new(cx.clock.now(), &cx.random),
        file: None,
        number: 1,
        batch: Vec::new(),
        batch_bytes: 0,
        rows: 0,
        hash: Sha256::new(),
    };
    let received = match receiving.read(bytes).await {
        Ok(()) => receiving.hand_over(staff).await,
        Err(error) => Err(error),
    };
    if received.is_err() && receiving.file.is_some() {
        // If this fails too, the job that sweeps finds it.
        let mut db = cx.pool.acquire().await?;
        store::delete(&mut db, receiving.id).await?;
    }
    received
}

/// The columns that are kept, and where in the file they are.
struct File {
    columns: Columns,
    order: Vec<usize>,
    mended: Option<usize>,
    width: usize,
}

struct Receiving<'a> {
    cx: &'a Context,
    request: &'a Request,
    mends: Option<&'a Import>,
    id: ImportId,
    file: Option<File>,
    /// Of the last row read; the header is row 1.
    number: i32,
    batch: Vec<NewRow>,
    batch_bytes: i64,
    rows: i32,
    /// Of the file.
    hash: Sha256,
}

impl Receiving<'_> {
    async fn read<S>(&mut self, mut bytes: S) -> Result<(), ImportError>
    where
        S: Stream<Item = Result<Bytes, http_kit::Error>> + Unpin + Send,
    {
        let (mut reader, mut rows) = (Reader::new(), Vec::new());
        while let Some(piece) = bytes.next().await {
            let piece = piece.map_err(ImportError::Body)?;
            self.hash.update(&piece);
            reader.feed(&piece, &mut rows)?;
            self.take(&mut rows, reader.delimiter()).await?;
        }
        reader.finish(&mut rows)?;
        self.take(&mut rows, reader.delimiter()).await?;
        self.keep().await?;
        if self.rows == 0 {
            Err(ImportError::NoRows)
        } else {
            Ok(())
        }
    }

    async fn take(
        &mut self,
        rows: &mut Vec<Vec<String>>,
        delimiter: u8,
    ) -> Result<(), ImportError> {
        for cells in rows.drain(..) {
            if self.file.is_none() {
                self.begin(cells, delimiter).await?;
                continue;
            }
            self.number += 1;
            // Spreadsheets leave empty rows behind.
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                self.add(cells);
            }
            if self.rows > self.request.max_rows {
                return Err(ImportError::TooManyRows(self.request.max_rows));
            }
            if self.batch.len() >= BATCH_ROWS || self.batch_bytes >= BATCH_BYTES {
                self.keep().await?;
            }
        }
        Ok(())
    }

    /// Understands the header.
    async fn begin(&mut self, headings: Vec<String>, delimiter: u8) -> Result<(), ImportError> {
        let columns = Columns::new(self.request.format, headings).map_err(ImportError::Header)?;
        let (mended, width) = (columns.place(&Column::MendedRow), columns.len());
        self.file = Some(match self.mends {
            None => File {
                order: (0..width).collect(),
                columns,
                mended,
                width,
            },
            Some(import) => {
                let order = order(&columns, &import.headings).map_err(ImportError::Header)?;
                let columns = Columns::new(import.format, import.headings.clone())
                    .map_err(ImportError::Header)?;
                File {
                    order,
                    columns,
                    mended,
                    width,
                }
            }
        });
        let Some(file) = &self.file else {
            return Ok(());
        };
        let request = self.request;
        let new = New {
            id: self.id,
            requested_by: request.requested_by,
            seller_id: request.seller_id,
            by_staff: request.by_staff,
            format: request.format,
            dry_run: request.dry_run,
            currency: request.currency.code().to_owned(),
            delimiter,
            headings: file.columns.headings().to_vec(),
        };
        let mut db = self.cx.pool.acquire().await?;
        Ok(store::insert(&mut db, &new, &self.cx.clock).await?)
    }

    fn add(&mut self, cells: Vec<String>) {
        let Some(file) = &self.file else { return };
        let mended = file
            .mended
            .and_then(|place| cells.get(place))
            .and_then(|cell| cell.trim().parse().ok());
        // A row of another length is kept as it is: its error shows it so.
        let cells = if cells.len() == file.width && self.mends.is_some() {
            file.order
                .iter()
                .map(|place| cells[*place].clone())
                .collect()
        } else {
            cells
        };
        let row = Row {
            number: self.number,
            cells,
        };
        let cell = |column: &Column| {
            file.columns
                .cell(&row, column)
                .filter(|cell| !cell.is_empty())
        };
        let sku = cell(&Column::Sku).map(|sku| match cell(&Column::Seller) {
            Some(seller) => format!("{seller} {sku}"),
            None => sku.to_owned(),
        });
        let bytes = row.cells.iter().map(|cell| cell.len() as i64 + 1).sum();
        let handle = plan::group(&file.columns, &row);
        self.batch.push(NewRow {
            handle,
            sku,
            mended,
            bytes,
            row,
        });
        self.batch_bytes += bytes;
        self.rows += 1;
    }

    async fn keep(&mut self) -> Result<(), ImportError> {
        if !self.batch.is_empty() {
            let mut db = self.cx.pool.acquire().await?;
            store::add_rows(&mut db, self.id, &self.batch, &self.cx.clock).await?;
            self.batch.clear();
            self.batch_bytes = 0;
        }
        Ok(())
    }

    async fn hand_over(&self, staff: Option<&Acting>) -> Result<Received, ImportError> {
        let (cx, request) = (self.cx, self.request);
        let wanted = json!({ "format": request.format, "dry_run": request.dry_run, "seller_id": request.seller_id, "rows": self.rows });
        let hash = self
            .hash
            .clone()
            .chain_update(wanted.to_string())
            .finalize();
        let once = Once {
            caller: request.requested_by,
            key: request.key.as_ref(),
            hash: &hash,
        };
        let mut tx = cx.pool.begin().await?;
        if let Some(known) = once.before(&mut tx).await? {
            store::delete(&mut tx, self.id).await?;
            tx.commit().await?;
            return Ok(serde_json::from_value(known).map_err(Error::internal)?);
        }
        let (id, action) = match self.mends {
            None => {
                store::queue(&mut tx, self.id, &cx.clock).await?;
                (self.id, "product.import")
            }
            Some(import) => {
                match store::lock(&mut tx, import.id).await? {
                    Some(Status::Finished) => {}
                    Some(status) => return Err(ImportError::Status(status)),
                    None => return Err(ImportError::Gone),
                }
                store::take_mended(&mut tx, import.id, self.id, &cx.clock).await?;
                (import.id, "product.import_retry")
            }
        };
        if let Some(staff) = staff {
            let act = staff.did(action, format!("import:{id}"), Value::Null, wanted);
            cx.publisher.publish(&mut tx, &act).await?;
        }
        let ignored_columns = self
            .file
            .as_ref()
            .map(|file| file.columns.ignored())
            .unwrap_or_default();
        let received = Received {
            id,
            ignored_columns,
        };
        once.save(&mut tx, &json!(received), cx.clock.now()).await?;
        tx.commit().await?;
        Ok(received)
    }
}

/// Where in a file of mended rows the columns of the first file are.
fn order(columns: &Columns, headings: &[String]) -> Result<Vec<usize>, Vec<WrongHeading>> {
    let places = headings.iter().map(|heading| {
        let found = columns
            .headings()
            .iter()
            .position(|other| bare(other).trim() == bare(heading).trim());
        found.ok_or_else(|| WrongHeading {
            heading: heading.clone(),
            code: "missing_column",
            message: "was in the first file, and must be in this one",
        })
    });
    let (found, missing): (Vec<_>, Vec<_>) = places.partition(Result::is_ok);
    if missing.is_empty() {
        Ok(found.into_iter().flatten().collect())
    } else {
        Err(missing.into_iter().filter_map(Result::err).collect())
    }
}
