//! Sheets as a page that prints on A4 as well.

use std::sync::LazyLock;

use askama::Template;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_kit::{Error, Result};
use sha2::{Digest as _, Sha256};

use super::sheet::Sheet;

const STYLE: &str = include_str!("../../templates/document.css");

#[derive(Template)]
#[template(path = "document.html")]
struct Page<'a> {
    sheets: &'a [Sheet],
    title: &'a str,
    style: &'static str,
}

pub(super) fn page(sheets: &[Sheet], title: &str) -> askama::Result<String> {
    let page = Page {
        sheets,
        title,
        style: STYLE,
    };
    page.render()
}

/// The page may do nothing but look as it does.
pub(super) fn policy() -> Result<HeaderValue> {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    });
    HeaderValue::from_str(&POLICY).map_err(Error::internal)
}
