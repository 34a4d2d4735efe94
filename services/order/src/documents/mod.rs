//! Documents as HTML and as PDF: both show the same [`sheet::Sheet`].

mod compose;
mod font;
mod html;
mod layout;
mod pdf;
mod sheet;

use axum::http::header::{
    ACCEPT, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use http_kit::{Error, Result};
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) use compose::{PackingSlip, issued, packing_slip};
pub(crate) use sheet::Sheet;

/// As what a document is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Html,
    Pdf,
}

impl Format {
    /// What was asked for by name, else what the client likes better, else a page.
    pub(crate) fn of(asked: Option<Self>, headers: &HeaderMap) -> Self {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        let wants_pdf = || {
            let accept = accept.unwrap_or_default();
            let first = accept
                .split(',')
                .map(str::trim)
                .find(|kind| kind.starts_with("application/pdf") || kind.starts_with("text/html"));
            first.is_some_and(|kind| kind.starts_with("application/pdf"))
        };
        match asked {
            Some(format) => format,
            None if wants_pdf() => Self::Pdf,
            None => Self::Html,
        }
    }
}

/// The answer; `name` is what the file is called when it is saved.
pub(crate) async fn answer(sheet: Sheet, format: Format, name: &str) -> Result<Response> {
    let title = sheet.title.clone();
    answer_all(vec![sheet], title, format, name).await
}

/// Several sheets to be printed at once, each on pages of its own.
pub(crate) async fn answer_all(
    sheets: Vec<Sheet>,
    title: String,
    format: Format,
    name: &str,
) -> Result<Response> {
    let (kind, extension, body) = match format {
        Format::Html => {
            let page = html::page(&sheets, &title).map_err(Error::internal)?;
            ("text/html; charset=utf-8", "html", page.into_bytes())
        }
        Format::Pdf => {
            let file = tokio::task::spawn_blocking(move || pdf::pdf(&sheets, title))
                .await
                .map_err(Error::internal)?
                .map_err(Error::internal)?;
            ("application/pdf", "pdf", file)
        }
    };
    let plain: String = name
        .chars()
        .map(|letter| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => letter,
            _ => '-',
        })
        .collect();
    let disposition = HeaderValue::from_str(&format!("inline; filename=\"{plain}.{extension}\""))
        .map_err(Error::internal)?;
    let mut answer = body.into_response();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_DISPOSITION, disposition);
    headers.insert(CONTENT_SECURITY_POLICY, html::policy()?);
    headers.insert(VARY, HeaderValue::from_static("accept"));
    Ok(answer)
}
