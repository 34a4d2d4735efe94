//! Answers that are CSV files, sent as they are made.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::Stream;
use http_kit::{Error, Result};

/// By this spreadsheets know UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Some records of a file.
pub(crate) fn piece(
    delimiter: u8,
    marked: bool,
    records: impl Iterator<Item = Vec<String>>,
) -> Result<Bytes> {
    let buffer = if marked {
        BYTE_ORDER_MARK.as_bytes().to_vec()
    } else {
        Vec::new()
    };
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(buffer);
    for record in records {
        writer.write_record(&record).map_err(Error::internal)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| Error::internal(anyhow::anyhow!("{error}")))?;
    Ok(Bytes::from(bytes))
}

/// A file to be kept. If it breaks off, the connection does, so that nobody takes half of it for all.
pub(crate) fn answer(
    name: &str,
    pieces: impl Stream<Item = Result<Bytes>> + Send + 'static,
) -> Result<Response> {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(Error::internal)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
        ),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}
