//! CSV files of product, passed on as they come.

use auth_token::permissions::ManageCatalogue;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use futures::stream::try_unfold;
use primitives::ImportId;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::app::AppState;
use crate::error::Result;
use crate::input::{Path, Query};
use crate::pages::products::call;
use crate::session::{May, Session};

/// The rows that were refused, with what is wrong.
pub(super) async fn errors(
    State(app): State<AppState>,
    session: May<ManageCatalogue>,
    Path(id): Path<ImportId>,
) -> Result<Response> {
    let path = format!("/internal/api/products/imports/{id}/errors");
    pass_on(&app, &session, &path).await
}

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub(super) struct Export {
    #[serde(skip_serializing_if = "String::is_empty")]
    format: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    category: String,
}

/// The catalogue; for Excel with its mark of UTF-8.
pub(super) async fn export(
    State(app): State<AppState>,
    session: May<ManageCatalogue>,
    Query(export): Query<Export>,
) -> Result<Response> {
    let query = serde_html_form::to_string(&export).unwrap_or_default();
    let path = format!("/internal/api/products/export?bom=true&{query}");
    pass_on(&app, &session, path.trim_end_matches('&')).await
}

async fn pass_on(app: &AppState, session: &Session, path: &str) -> Result<Response> {
    let answer = call(app, session, Method::GET, path)?
        .patiently()
        .stream()
        .await?;
    let mut headers = HeaderMap::new();
    for name in [header::CONTENT_TYPE, header::CONTENT_DISPOSITION] {
        if let Some(value) = answer.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let pieces = try_unfold(answer, |mut answer| async move {
        let piece = answer.chunk().await?;
        Ok::<_, reqwest::Error>(piece.map(|piece| (piece, answer)))
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}
