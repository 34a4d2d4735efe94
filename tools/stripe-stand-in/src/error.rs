//! Stripe's error envelope.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// A refusal: an HTTP status and `{"error": {…}}`.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    fields: Map<String, Value>,
}

impl ApiError {
    /// An error of one of Stripe's types: `api_error`, `card_error`, `idempotency_error`, `invalid_request_error`.
    #[must_use]
    pub fn new(status: StatusCode, kind: &str, message: impl Into<String>) -> Self {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), kind.into());
        fields.insert("message".to_owned(), message.into().into());
        Self { status, fields }
    }

    /// 400: the request makes no sense.
    #[must_use]
    pub fn invalid(param: Option<&str>, message: String) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message);
        match param {
            Some(param) => error.with("param", param),
            None => error,
        }
    }

    /// 404: there is no such object.
    #[must_use]
    pub fn missing(what: &str, param: &str, id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            format!("No such {what}: '{id}'"),
        )
        .with("param", param)
        .code("resource_missing")
    }

    /// 401: no key, or a wrong one.
    #[must_use]
    pub fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", message)
    }

    /// 500.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "api_error",
            "An unknown error occurred. (This one was asked for.)",
        )
    }

    /// Adds the stable code and the address of its page.
    #[must_use]
    pub fn code(self, code: &str) -> Self {
        self.with("code", code).with(
            "doc_url",
            format!(
                "https://stripe.com/docs/error-codes/{}",
                code.replace('_', "-")
            ),
        )
    }

    /// Adds any other field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// The error's fields without the envelope, as `last_payment_error` holds them.
    #[must_use]
    pub fn fields(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    /// The answer's body.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({ "error": self.fields })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
