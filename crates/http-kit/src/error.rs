//! The one error type of handlers: a public problem, and an internal cause that is logged and never shown.

use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::fields::{FieldError, FieldErrors};
use crate::request;

/// What a handler answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A problem (RFC 9457) to answer with. The public part and the internal cause are kept apart: the cause is logged once,
/// where the error becomes a response, and never leaves the process.
pub struct Error(Box<Inner>);

struct Inner {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    fields: Vec<FieldError>,
    extensions: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    source: Option<anyhow::Error>,
}

/// The body of every error answer, `application/problem+json`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the stable identifier is `code`.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: String,
    /// The phrase of the status.
    #[schema(example = "Not Found")]
    pub title: String,
    /// The HTTP status again.
    #[schema(example = 404)]
    pub status: u16,
    /// A sentence for people about this occurrence.
    pub detail: String,
    /// A stable word for programs.
    #[schema(example = "not_found")]
    pub code: String,
    /// To be quoted to the operators; it is in their logs.
    pub request_id: String,
    /// Every bad field, when the input was invalid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Members of one kind of problem only, such as `lines` of `insufficient_stock`.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extensions: Map<String, Value>,
}

impl Error {
    /// Any problem.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Inner {
            status,
            code,
            detail: detail.into(),
            fields: Vec::new(),
            extensions: Map::new(),
            headers: Vec::new(),
            source: None,
        }))
    }

    /// 400.
    #[must_use]
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401, with the challenge that the standard asks for.
    #[must_use]
    pub fn unauthenticated(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403.
    #[must_use]
    pub fn forbidden(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404 `not_found`; `what` completes "There is no such …".
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("There is no such {what}."),
        )
    }

    /// 409.
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 412 `stale_version`: the thing was changed since the client read it.
    #[must_use]
    pub fn stale_version() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "stale_version",
            "It was changed by somebody else in the meantime. Read it again and repeat the change.",
        )
    }

    /// 422 `idempotency_key_reused`.
    #[must_use]
    pub fn idempotency_key_reused() -> Self {
        Self::unprocessable(
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request.",
        )
    }

    /// 422 `validation_failed` with every bad field.
    #[must_use]
    pub fn validation(fields: FieldErrors) -> Self {
        let fields = fields.into_vec();
        let detail = match fields.as_slice() {
            [only] => Cow::Owned(format!(
                "{}: {}.",
                only.field,
                only.message.trim_end_matches('.')
            )),
            _ => Cow::Borrowed("Several fields are not valid."),
        };
        let mut error = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_failed",
            detail,
        );
        error.0.fields = fields;
        error
    }

    /// 422 that is not about single fields.
    #[must_use]
    pub fn unprocessable(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 429 `rate_limited` with `Retry-After`, in whole seconds rounded up.
    #[must_use]
    pub fn rate_limited(retry_after: Duration) -> Self {
        let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests. Please try again later.",
        )
        .header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// 503 `unavailable`: something this depends on is away; trying again later is right.
    #[must_use]
    pub fn unavailable(source: impl Into<anyhow::Error>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The service is not available right now. Please try again in a moment.",
        )
        .header(header::RETRY_AFTER, HeaderValue::from_static("1"))
        .caused_by(source)
    }

    /// 500 `internal`: our fault; the client learns nothing of the cause.
    #[must_use]
    pub fn internal(source: impl Into<anyhow::Error>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side.",
        )
        .caused_by(source)
    }

    /// Adds a member to the problem, such as `lines`. What cannot be serialised becomes null.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Serialize) -> Self {
        self.0.extensions.insert(
            member.to_owned(),
            serde_json::to_value(value).unwrap_or(Value::Null),
        );
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Keeps the internal cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<anyhow::Error>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The status it answers with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// Its public sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The bad fields of a `validation_failed`.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// The body it answers with (for surfaces that wrap it, such as a saved idempotent answer).
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        Problem {
            kind: "about:blank".to_owned(),
            title: self
                .0
                .status
                .canonical_reason()
                .unwrap_or("Error")
                .to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.clone().into_owned(),
            code: self.0.code.to_owned(),
            request_id: request::current_id().unwrap_or_default(),
            errors: self.0.fields.clone(),
            extensions: self.0.extensions.clone(),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match (&self.0.source, self.0.status.is_server_error()) {
            (Some(source), true) => tracing::error!(
                code = self.0.code,
                error = format!("{source:#}"),
                "request failed"
            ),
            (Some(source), false) => tracing::debug!(
                code = self.0.code,
                error = format!("{source:#}"),
                "request refused"
            ),
            // A shop that staff closed answers so on purpose.
            (None, true) if self.0.code == "maintenance" => {
                tracing::debug!(code = self.0.code, "request refused")
            }
            (None, true) => {
                tracing::error!(code = self.0.code, error = %self.0.detail, "request failed")
            }
            (None, false) => {}
        }
        let body = serde_json::to_vec(&self.to_problem()).unwrap_or_default();
        let mut response = (self.0.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.0.headers {
            headers.insert(name, value);
        }
        response.extensions_mut().insert(ProblemCode(self.0.code));
        response
    }
}

/// Left on the response, so that the request log can name the code.
#[derive(Clone, Copy)]
pub(crate) struct ProblemCode(pub(crate) &'static str);

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Error")
            .field("status", &self.0.status.as_u16())
            .field("code", &self.0.code)
            .field("detail", &self.0.detail)
            .field("fields", &self.0.fields)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {}: {}",
            self.0.status.as_u16(),
            self.0.code,
            self.0.detail
        )
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_ref()
            .map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

impl From<anyhow::Error> for Error {
    /// An `http_kit::Error` that went through `anyhow` comes out as it was; anything else is internal.
    fn from(source: anyhow::Error) -> Self {
        match source.downcast::<Error>() {
            Ok(error) => error,
            Err(source) => match source.downcast::<sqlx::Error>() {
                Ok(error) => error.into(),
                Err(source) => Self::internal(source),
            },
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(source: sqlx::Error) -> Self {
        let away = match &source {
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_) => true,
            // 53…: out of resources; 57P…: shutting down or starting; 40001, 40P01: lost a race that is worth repeating.
            sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                code.starts_with("53")
                    || code.starts_with("57P")
                    || code == "40001"
                    || code == "40P01"
            }),
            _ => false,
        };
        if away {
            Self::unavailable(source)
        } else {
            Self::internal(source)
        }
    }
}

/// Turns a violated, named constraint into an answer, where the query is made.
pub trait OnConstraint<T> {
    /// Replaces the error if it is a violation of constraint `name`; any other error is kept.
    ///
    /// # Errors
    /// The replacement or the original error.
    fn on_constraint(self, name: &str, replace: impl FnOnce() -> Error) -> Result<T>;
}

impl<T, E: Into<Error> + AsDatabaseError> OnConstraint<T> for Result<T, E> {
    fn on_constraint(self, name: &str, replace: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|error| {
            if error.constraint() == Some(name) {
                replace()
            } else {
                error.into()
            }
        })
    }
}

/// Errors in which a violated constraint can be looked for, so that `on_constraint` chains.
pub trait AsDatabaseError {
    /// The name of the violated constraint.
    fn constraint(&self) -> Option<&str>;
}

impl AsDatabaseError for sqlx::Error {
    fn constraint(&self) -> Option<&str> {
        self.as_database_error()
            .and_then(sqlx::error::DatabaseError::constraint)
    }
}

impl AsDatabaseError for Error {
    fn constraint(&self) -> Option<&str> {
        self.0
            .source
            .as_ref()?
            .downcast_ref::<sqlx::Error>()?
            .constraint()
    }
}
