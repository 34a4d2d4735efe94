//! What a person sees when a page cannot be shown.

use askama::Template;
use auth_token::CallError;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use http_kit::RequestId;

pub(crate) type Result<T> = std::result::Result<T, PageError>;

/// A page that says what went wrong, in words for people. The cause is logged, never shown.
#[derive(Debug)]
pub(crate) struct PageError {
    status: StatusCode,
    title: &'static str,
    text: String,
    cause: Option<anyhow::Error>,
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
    back: &'a str,
    request_id: &'a str,
}

impl PageError {
    pub(crate) fn not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, title: "Not found", text: "There is nothing here.".to_owned(), cause: None }
    }

    pub(crate) fn bad_request(text: &str) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, title: "That cannot be done", text: text.to_owned(), cause: None }
    }

    /// The form did not come from our page, or from an older sign-in.
    pub(crate) fn forged() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            title: "Please try again",
            text: "The form is out of date. Go back, reload the page and send it again.".to_owned(),
            cause: None,
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        if let Some(cause) = &self.cause {
            tracing::error!(error = format!("{cause:#}"), "a page failed");
        }
        let id = RequestId::current();
        let page = Message {
            title: self.title,
            text: &self.text,
            back: "/admin",
            request_id: if self.status.is_server_error() { id.as_ref().map_or("", RequestId::as_str) } else { "" },
        };
        (self.status, Html(page.render().unwrap_or_default())).into_response()
    }
}

impl From<CallError> for PageError {
    /// A service's refusal has words for people; the row may have changed since the page was made.
    fn from(error: CallError) -> Self {
        match error {
            CallError::Problem { status, ref body, .. } => Self {
                status,
                title: "That cannot be done",
                text: body["detail"].as_str().unwrap_or("The service refused the change.").to_owned(),
                cause: None,
            },
            CallError::Unavailable(_) => Self {
                status: StatusCode::SERVICE_UNAVAILABLE,
                title: "Not available right now",
                text: "The service that does this does not answer. Nothing is lost; try again in a moment.".to_owned(),
                cause: Some(error.into()),
            },
        }
    }
}

impl<E> From<E> for PageError
where
    E: Into<anyhow::Error> + Internal,
{
    fn from(error: E) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: "Not available right now",
            text: "Something behind this page does not answer. Try again in a moment.".to_owned(),
            cause: Some(error.into()),
        }
    }
}

/// Errors whose text is for the log alone.
pub(crate) trait Internal {}
impl Internal for sqlx::Error {}
impl Internal for redis::RedisError {}
impl Internal for askama::Error {}
impl Internal for serde_json::Error {}
impl Internal for tokio::time::error::Elapsed {}
