//! The file in a request: its body, or a part of a form.

use auth_token::Principal;
use axum::RequestExt as _;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, header};
use futures::{StreamExt as _, TryStreamExt as _};
use http_kit::{Error, Result, one_field};

use crate::app::AppState;
use crate::store::imports::{self as store, Import};
use crate::workflows::imports::{self, Received};

/// The most imports that one may have under way.
const MOST_AT_ONCE: i64 = 5;

/// Takes the file of a request in, as it comes.
pub(super) async fn receive(
    state: &AppState,
    wanted: &imports::Request,
    mends: Option<&Import>,
    principal: &Principal,
    mut request: Request,
) -> Result<Received> {
    let limits = state.imports;
    let size = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    if size.is_some_and(|size| size > limits.max_bytes) {
        return Err(too_big(limits.max_bytes));
    }
    let mut db = state.context.pool.acquire().await?;
    if store::unfinished(&mut db, principal.user_id).await? >= MOST_AT_ONCE {
        return Err(Error::conflict(
            "too_many_imports",
            "Five of your imports are under way. Let one finish, or cancel it.",
        ));
    }
    drop(db);
    let staff = auth_token::Acting::of(principal);
    DefaultBodyLimit::max(usize::try_from(limits.max_bytes).unwrap_or(usize::MAX))
        .apply(&mut request);
    match kind(&request)? {
        Kind::Csv => {
            let body = request.into_limited_body().into_data_stream();
            let body = body
                .map_err(|error| broken(error, limits.max_bytes))
                .boxed();
            Ok(imports::receive(&state.context, wanted, mends, staff.as_ref(), body).await?)
        }
        Kind::Form => {
            let unreadable = |error: MultipartError| match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_big(limits.max_bytes),
                _ => Error::bad_request("malformed_form", "The form cannot be read.")
                    .caused_by(error),
            };
            let form = request.extract::<Multipart, _>().await;
            let mut form = form.map_err(|error| unsupported().caused_by(error))?;
            let Some(field) = form.next_field().await.map_err(unreadable)? else {
                return Err(one_field("file", "required", "is required"));
            };
            if field.name() != Some("file") {
                return Err(one_field(
                    field.name().unwrap_or_default(),
                    "unknown_field",
                    "is not a known field: the file is in `file`",
                ));
            }
            let part = field.map_err(unreadable).boxed();
            Ok(imports::receive(&state.context, wanted, mends, staff.as_ref(), part).await?)
        }
    }
}

enum Kind {
    Csv,
    Form,
}

fn kind(request: &Request) -> Result<Kind> {
    let value = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        // What programs and browsers call a CSV file.
        "text/csv"
        | "application/csv"
        | "text/tab-separated-values"
        | "text/plain"
        | "application/vnd.ms-excel" => Ok(Kind::Csv),
        "multipart/form-data" => Ok(Kind::Form),
        _ => Err(unsupported()),
    }
}

fn unsupported() -> Error {
    Error::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "The body must be text/csv, or multipart/form-data with the file in `file`.",
    )
}

fn broken(error: axum::Error, limit: u64) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return too_big(limit);
        }
        cause = error.source();
    }
    Error::bad_request("malformed_body", "The upload broke off.").caused_by(error)
}

fn too_big(limit: u64) -> Error {
    Error::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "payload_too_large",
        format!(
            "A file may have {} MiB; send the rest in another file.",
            limit / 1024 / 1024
        ),
    )
}
