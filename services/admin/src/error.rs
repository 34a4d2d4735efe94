//! What a person sees when a page cannot be shown.

use std::time::Duration;

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
    /// Where the link on the page leads.
    back: String,
    cause: Option<anyhow::Error>,
    /// A fresh proof of who this is would help.
    stale: bool,
}

/// How a service refuses what a fresh proof of who this is would allow: RFC 9470.
pub(crate) const STALE: &str = "insufficient_user_authentication";

/// Marks an answer that a fresh proof of who this is would change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stale;

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
    back: &'a str,
    request_id: &'a str,
}

impl PageError {
    fn new(status: StatusCode, title: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            title,
            text: text.into(),
            back: "/admin".to_owned(),
            cause: None,
            stale: false,
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", "There is nothing here.")
    }

    /// They are signed in, and this is not for their role.
    pub(crate) fn forbidden() -> Self {
        let text = "Your role may not do this. An administrator can, or can change your role.";
        Self::new(StatusCode::FORBIDDEN, "Not for you", text)
    }

    pub(crate) fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Not a page",
            "Only a form leads here. Go back and send it again.",
        )
    }

    pub(crate) fn invalid(text: &str) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "That cannot be done",
            text,
        )
    }

    /// Something that this page needs does not answer; why is in the log.
    pub(crate) fn away(text: &str) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Not available right now",
            text,
        )
    }

    /// What a form is about was there when its page was made.
    pub(crate) fn gone(text: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not here any more", text)
    }

    /// Wants a fresh proof of who this is, and is then done.
    pub(crate) fn stale() -> Self {
        Self {
            stale: true,
            ..Self::new(
                StatusCode::UNAUTHORIZED,
                "Is it you?",
                "This needs a fresh proof of who you are.",
            )
        }
    }

    /// The form was opened before somebody else's change.
    pub(crate) fn changed_meanwhile() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "Somebody else changed this meanwhile",
            "Go back, look at it as it is now, and try again.",
        )
    }

    /// The form did not come from our page, or from an older sign-in.
    pub(crate) fn forged() -> Self {
        let text = "The form is out of date. Go back, reload the page and send it again.";
        Self::new(StatusCode::FORBIDDEN, "Please try again", text)
    }

    /// What went wrong, where it is not the whole page.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The same with a link to the page from which it was tried.
    pub(crate) fn back_to(self, page: &str) -> Self {
        Self {
            back: page.to_owned(),
            ..self
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
            back: &self.back,
            request_id: if self.status.is_server_error() {
                id.as_ref().map_or("", RequestId::as_str)
            } else {
                ""
            },
        };
        let mut response = (self.status, Html(page.render().unwrap_or_default())).into_response();
        if self.stale {
            response.extensions_mut().insert(Stale);
        }
        response
    }
}

impl From<CallError> for PageError {
    /// A service's refusal has words for people; the row may have changed since the page was made.
    fn from(error: CallError) -> Self {
        match error {
            CallError::Problem { status, body, .. }
                if status == StatusCode::PRECONDITION_FAILED =>
            {
                Self::new(
                    status,
                    "Somebody else changed this meanwhile",
                    format!(
                        "{} Go back, look at it as it is now, and try again.",
                        refusal(&body)
                    ),
                )
            }
            CallError::Problem { status, code, body } => Self {
                stale: code == STALE,
                ..Self::new(status, "That cannot be done", refusal(&body))
            },
            CallError::Limited { retry_after } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many tries",
                format!("Try again in {}.", in_words(retry_after)),
            ),
            CallError::Unavailable(_) => Self {
                cause: Some(error.into()),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Not available right now",
                    "The service that does this does not answer. Look whether it was done before you try again.",
                )
            },
        }
    }
}

impl From<http_kit::Error> for PageError {
    /// What the REST API would say, in words for people.
    fn from(error: http_kit::Error) -> Self {
        let status = error.status();
        match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::PRECONDITION_FAILED => Self::changed_meanwhile(),
            _ if status.is_server_error() => Self {
                cause: Some(error.into()),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Not available right now",
                    "Something behind this page does not answer. Try again in a moment.",
                )
            },
            _ => Self::new(status, "That cannot be done", error.detail().to_owned()),
        }
    }
}

/// A time to wait, rounded up: "1 second", "12 minutes".
fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs().max(1);
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60.. => (seconds.div_ceil(60), "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// A problem in words: its detail, and for invalid input what is wrong with each field.
pub(crate) fn refusal(problem: &serde_json::Value) -> String {
    let detail = problem["detail"]
        .as_str()
        .unwrap_or("The service refused the change.");
    let errors = problem["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let fields = errors.iter().filter_map(|error| {
        Some(format!(
            " {}: {}",
            error["field"].as_str()?,
            error["message"].as_str()?
        ))
    });
    std::iter::once(detail.to_owned()).chain(fields).collect()
}

impl<E> From<E> for PageError
where
    E: Into<anyhow::Error> + Internal,
{
    fn from(error: E) -> Self {
        let text = "Something behind this page does not answer. Try again in a moment.";
        Self {
            cause: Some(error.into()),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Not available right now",
                text,
            )
        }
    }
}

/// Errors whose text is for the log alone.
pub(crate) trait Internal {}
impl Internal for sqlx::Error {}
impl Internal for csv::Error {}
impl Internal for std::io::Error {}
impl Internal for anyhow::Error {}
impl Internal for redis::RedisError {}
impl Internal for askama::Error {}
impl Internal for serde_json::Error {}
impl Internal for tokio::time::error::Elapsed {}
