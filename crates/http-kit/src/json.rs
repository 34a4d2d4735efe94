//! JSON in, strictly; JSON out.

use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::strict;

/// A JSON body. As an extractor it reports every bad field at once (422 `validation_failed`); as an answer it is plain JSON.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

/// Parses a JSON body as [`Json`] does.
///
/// # Errors
/// 400 `malformed_json`, 422 `validation_failed`.
pub fn from_slice<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let value = serde_json::from_slice(body).map_err(|error| {
        Error::bad_request(
            "malformed_json",
            format!(
                "The body is not JSON: line {}, column {}.",
                error.line(),
                error.column()
            ),
        )
        .caused_by(error)
    })?;
    strict::from_json(&value).map_err(Error::validation)
}

/// Reads the body within the limit, without parsing.
pub(crate) async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Error::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "payload_too_large",
                    "The body is too big.",
                )
            } else {
                Error::bad_request("unreadable_body", "The body could not be read.")
                    .caused_by(rejection)
            }
        })
}

pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<()> {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase());
    match essence.as_deref() {
        Some("application/json") => Ok(()),
        Some(other) if other.starts_with("application/") && other.ends_with("+json") => Ok(()),
        _ => Err(Error::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be JSON, with Content-Type: application/json.",
        )),
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        check_content_type(request.headers())?;
        from_slice(&read(request, state).await?).map(Self)
    }
}

/// `Option<Json<T>>`: none when there is no body at all.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>> {
        let typed = check_content_type(request.headers());
        let body = read(request, state).await?;
        if body.is_empty() {
            return Ok(None);
        }
        typed?;
        from_slice(&body).map(|value| Some(Self(value)))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => (
                [(
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/json"),
                )],
                body,
            )
                .into_response(),
            Err(error) => Error::internal(error).into_response(),
        }
    }
}
