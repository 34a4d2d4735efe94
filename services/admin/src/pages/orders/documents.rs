//! Invoices and packing slips, as order makes them.

use auth_token::Call;
use auth_token::permissions::ReadOrders;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse as _, Response};
use primitives::OrderId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::path;
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{Path, Query};
use crate::session::{May, Session};

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Invoice,
    PackingSlip,
}

#[derive(Deserialize, Serialize, Clone, Copy, Default)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Pdf,
    Html,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    format: Format,
}

/// To read or print, passed on as it comes.
pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path((id, kind)): Path<(OrderId, Kind)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let kind = match kind {
        Kind::Invoice => "invoice",
        Kind::PackingSlip => "packing-slip",
    };
    of_order(&app, &session, id, kind, wanted).await
}

/// By its number.
pub(super) async fn credit_note(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path((id, number)): Path<(OrderId, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !number.bytes().all(allowed) {
        return Err(PageError::not_found().back_to(&path(id)));
    }
    let document = format!("documents/{number}");
    of_order(&app, &session, id, &document, wanted).await
}

async fn of_order(
    app: &AppState,
    session: &Session,
    id: OrderId,
    document: &str,
    wanted: Wanted,
) -> Result<Response> {
    let format = match wanted.format {
        Format::Pdf => "pdf",
        Format::Html => "html",
    };
    let from = format!("/internal/api/orders/{id}/{document}?format={format}");
    let behalf = session.on_behalf_of();
    let call = app.order.call(Method::GET, &from, Some(&behalf))?;
    pass_on(call)
        .await
        .map_err(|error| error.back_to(&path(id)))
}

/// The packing slips of some orders as one document.
pub(super) async fn slips(
    app: &AppState,
    session: &Session,
    orders: &[OrderId],
    format: Format,
) -> Result<Response> {
    let behalf = session.on_behalf_of();
    let call = app
        .order
        .call(Method::POST, "/internal/packing-slips", Some(&behalf))?;
    let call = call.json(&json!({ "order_ids": orders, "format": format }));
    let passed = pass_on(call).await;
    passed.map_err(|error| error.back_to("/admin/orders"))
}

/// With what it is, what it is called, and what it may do in a browser.
async fn pass_on(call: Call<'_>) -> Result<Response> {
    let answer = call.patiently().stream().await.map_err(PageError::from)?;
    let mut headers = HeaderMap::new();
    for name in [
        header::CONTENT_TYPE,
        header::CONTENT_DISPOSITION,
        header::CONTENT_SECURITY_POLICY,
    ] {
        if let Some(value) = answer.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    Ok((headers, Body::from_stream(answer.bytes_stream())).into_response())
}
