//! ETags of products. A product's answer also shows its stock, which changes far more often than the product; so its tag is
//! its version and a hash of the answer: `"7-1c9f…"`. The hash makes caches right, and only the version guards updates.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_kit::{Error, IfMatch, Result, etag};
use serde::Serialize;

/// The version that an update expects, from `If-Match`: the tag of an answer, or just `"7"`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected(pub(crate) IfMatch);

impl<S: Send + Sync> FromRequestParts<S> for Expected {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(IfMatch(None)));
        };
        let value = value.to_str().unwrap_or_default().trim();
        if value == "*" {
            return Ok(Self(IfMatch(None)));
        }
        // Compression on the way may have made the tag weak; the version in it is as good as before.
        let tag = value.strip_prefix("W/").unwrap_or(value);
        let version = tag
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .and_then(|tag| tag.split('-').next());
        let version = version
            .and_then(|version| version.parse().ok())
            .ok_or_else(Error::stale_version)?;
        Ok(Self(IfMatch(Some(version))))
    }
}

/// Answers a product, or 304 if the client has just this answer already.
pub(crate) fn respond(
    request: &HeaderMap,
    version: i32,
    body: &impl Serialize,
) -> Result<Response> {
    Ok(etag::respond(request, &tag(version, body)?, body))
}

/// Answers a product that was just written.
pub(crate) fn written(status: StatusCode, version: i32, body: &impl Serialize) -> Result<Response> {
    let tag = HeaderValue::from_str(&tag(version, body)?).map_err(Error::internal)?;
    Ok((status, [(header::ETAG, tag)], http_kit::Json(body)).into_response())
}

fn tag(version: i32, body: &impl Serialize) -> Result<String> {
    let body = serde_json::to_vec(body).map_err(Error::internal)?;
    let hash = etag::of_bytes(&body);
    Ok(format!("\"{version}-{}\"", hash.trim_matches('"')))
}
