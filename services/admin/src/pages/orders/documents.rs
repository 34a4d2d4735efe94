//! Invoices and packing slips, as order makes them.

use auth_token::permissions::ReadOrders;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse as _, Response};
use primitives::OrderId;
use serde::Deserialize;

use super::path;
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::Path;
use crate::session::May;

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Invoice,
    PackingSlip,
}

/// A PDF to read or print, passed on as it comes.
pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path((id, kind)): Path<(OrderId, Kind)>,
) -> Result<Response> {
    let kind = match kind {
        Kind::Invoice => "invoice",
        Kind::PackingSlip => "packing-slip",
    };
    let from = format!("/internal/api/orders/{id}/{kind}?format=pdf");
    let behalf = session.on_behalf_of();
    let call = app.order.call(Method::GET, &from, Some(&behalf))?;
    let answer = call.patiently().stream().await;
    let answer = answer.map_err(|error| PageError::from(error).back_to(&path(id)))?;
    let name = format!("inline; filename=\"{kind}.pdf\"");
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(answer.bytes_stream())).into_response())
}
