//! ETags: `If-None-Match` saves a body, `If-Match` guards an update.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::json::Json;

/// The ETag of a versioned thing: `"7"`.
#[must_use]
pub fn of_version(version: i32) -> String {
    format!("\"{version}\"")
}

/// The ETag of anything without a version: a hash of its bytes.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in hash.iter().take(16) {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    tag
}

/// Answers JSON with its ETag, or 304 without a body if the client has it already. `etag` is quoted as in the header.
pub fn respond(request: &HeaderMap, etag: &str, json: impl Serialize) -> Response {
    let mut response = if matches(request, etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(json).into_response()
    };
    if let Ok(value) = HeaderValue::from_str(etag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// As [`respond`], with the hash of the body as its ETag.
pub fn respond_hashed(request: &HeaderMap, json: impl Serialize) -> Response {
    let body = match serde_json::to_vec(&json) {
        Ok(body) => body,
        Err(error) => return Error::internal(error).into_response(),
    };
    let etag = of_bytes(&body);
    let mut response = if matches(request, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (
            [(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            )],
            body,
        )
            .into_response()
    };
    if let Ok(value) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// Whether `If-None-Match` names the tag, compared weakly as the standard says.
#[must_use]
pub fn matches(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|candidate| {
            candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == etag
        })
}

/// The version that an update expects, from `If-Match: "7"`. None if the header is absent or `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<i32>);

impl IfMatch {
    /// Compares with the version that was found.
    ///
    /// # Errors
    /// 412 `stale_version`.
    pub fn check(self, found: i32) -> Result<()> {
        match self.0 {
            Some(expected) if expected != found => Err(Error::stale_version()),
            _ => Ok(()),
        }
    }

    /// The version, where an update without one is not accepted.
    ///
    /// # Errors
    /// 428 `precondition_required`.
    pub fn required(self) -> Result<i32> {
        self.0.ok_or_else(|| {
            Error::new(
                StatusCode::PRECONDITION_REQUIRED,
                "precondition_required",
                "Send If-Match with the ETag that you have read, so that nobody's change is lost.",
            )
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        let value = value.to_str().unwrap_or_default().trim();
        if value == "*" {
            return Ok(Self(None));
        }
        // A weak or foreign tag can never match a strong one of ours. Neither can a list: the API gives out one tag.
        value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .and_then(|version| version.parse().ok())
            .map(|version| Self(Some(version)))
            .ok_or_else(Error::stale_version)
    }
}
