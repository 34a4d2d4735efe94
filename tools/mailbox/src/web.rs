//! The pages and the JSON.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use primitives::MailId;
use serde::Deserialize;

use crate::message::Message;
use crate::store::Store;

/// Pages load nothing but their own style, and frame only the mail.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// A mail runs nothing and calls nobody; its links open in a new tab.
const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/// `/` and `/messages/{id}` for people, `/api/messages` for programs.
pub fn router(store: Store) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/style.css", get(style))
        .route("/messages/{id}", get(show))
        .route("/messages/{id}/html", get(html))
        .route("/messages/{id}/source", get(source))
        .route("/clear", axum::routing::post(clear))
        .route("/api/messages", get(api_list).delete(api_clear))
        .route("/health", get(async || "ok"))
        .with_state(store)
}

#[derive(Deserialize)]
struct Filter {
    to: Option<String>,
}

impl Filter {
    fn to(&self) -> Option<&str> {
        self.to
            .as_deref()
            .map(str::trim)
            .filter(|to| !to.is_empty())
    }
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    mails: Vec<Arc<Message>>,
    to: String,
}

#[derive(Template)]
#[template(path = "show.html")]
struct ShowPage {
    mail: Arc<Message>,
    as_text: bool,
}

#[derive(Deserialize)]
struct View {
    #[serde(rename = "as")]
    kind: Option<String>,
}

fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(page) => (
            [
                (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
                (header::CACHE_CONTROL, "no-store"),
            ],
            Html(page),
        )
            .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn list(State(store): State<Store>, Query(filter): Query<Filter>) -> Response {
    let mails = store.list(filter.to());
    page(&ListPage {
        mails,
        to: filter.to().unwrap_or_default().to_owned(),
    })
}

async fn show(
    State(store): State<Store>,
    Path(id): Path<MailId>,
    Query(view): Query<View>,
) -> Response {
    match store.get(id) {
        Some(mail) => {
            let as_text = mail.html.is_empty() || view.kind.as_deref() == Some("text");
            page(&ShowPage { mail, as_text })
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn html(State(store): State<Store>, Path(id): Path<MailId>) -> Response {
    match store.get(id) {
        // So that links leave the frame.
        Some(mail) => (
            [(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)],
            Html(format!("<base target=\"_blank\">{}", mail.html)),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn source(State(store): State<Store>, Path(id): Path<MailId>) -> Response {
    match store.get(id) {
        Some(mail) => {
            let headers = [
                (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, mail.source.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn style() -> Response {
    (
        [(header::CONTENT_TYPE, "text/css")],
        include_str!("../templates/style.css"),
    )
        .into_response()
}

async fn clear(State(store): State<Store>) -> Response {
    store.clear();
    axum::response::Redirect::to("/").into_response()
}

async fn api_list(State(store): State<Store>, Query(filter): Query<Filter>) -> Response {
    let mails = store.list(filter.to());
    Json(mails.iter().map(AsRef::as_ref).collect::<Vec<&Message>>()).into_response()
}

async fn api_clear(State(store): State<Store>) -> StatusCode {
    store.clear();
    StatusCode::NO_CONTENT
}
