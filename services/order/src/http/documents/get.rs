use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Problem, Query};
use primitives::OrderId;

use super::Wanted;
use crate::app::AppState;
use crate::documents::{self, Format};
use crate::workflows;
use crate::workflows::access::{self, Caller};

/// An order's invoice or credit note by its number, as a page or a PDF
#[utoipa::path(get, path = "/api/orders/{id}/documents/{number}", operation_id = "getDocument", tag = "orders",
    params(("id" = OrderId, Path), ("number" = String, Path), Wanted),
    responses((status = 200, content((String = "text/html"), (Vec<u8> = "application/pdf"))), (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path((id, number)): Path<(OrderId, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> http_kit::Result<Response> {
    let mut conn = app.pool.acquire().await?;
    access::readable(&mut conn, &caller, id).await?;
    drop(conn);
    let issued = workflows::documents::of_order(&app, id).await?;
    let document = issued
        .iter()
        .find(|document| document.number == number)
        .ok_or_else(|| Error::not_found("document"))?;
    let sheet = documents::issued(&document.number, document.issued_at, &document.content.0);
    documents::answer(sheet, Format::of(wanted.format, &headers), &document.number).await
}
