use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Problem, Query};
use primitives::OrderId;

use super::Wanted;
use crate::app::AppState;
use crate::documents::{self, Format};
use crate::domain::document::Kind;
use crate::workflows;
use crate::workflows::access::{self, Caller};

/// An order's invoice, as a page or a PDF
#[utoipa::path(get, path = "/api/orders/{id}/invoice", operation_id = "getInvoice", tag = "orders", params(("id" = OrderId, Path), Wanted),
    responses((status = 200, content((String = "text/html"), (Vec<u8> = "application/pdf"))),
        (status = 409, body = Problem, description = "not_invoiced: nothing was paid"), (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<OrderId>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> http_kit::Result<Response> {
    let mut conn = app.pool.acquire().await?;
    access::readable(&mut conn, &caller, id).await?;
    drop(conn);
    let issued = workflows::documents::of_order(&app, id).await?;
    let invoice = issued
        .iter()
        .find(|document| document.kind == Kind::Invoice.as_str())
        .ok_or_else(|| {
            Error::conflict(
                "not_invoiced",
                "There is an invoice when the order is paid.",
            )
        })?;
    let sheet = documents::issued(&invoice.number, invoice.issued_at, &invoice.content.0);
    documents::answer(sheet, Format::of(wanted.format, &headers), &invoice.number).await
}
