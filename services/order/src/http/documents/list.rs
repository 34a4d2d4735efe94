use axum::extract::State;
use http_kit::{Json, Path, Problem};
use primitives::{Money, OrderId, RefundId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::document::Content;
use crate::store::documents::Issued;
use crate::workflows;
use crate::workflows::access::{self, Caller};

/// What was issued for an order, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Documents {
    data: Vec<DocumentView>,
}

/// An invoice or a credit note.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Document)]
pub(crate) struct DocumentView {
    /// `invoice` or `credit_note`.
    kind: String,
    /// Numbers of a kind have no gaps.
    number: String,
    issued_at: Timestamp,
    /// What was invoiced or given back.
    amount: Money,
    /// The refund that a credit note is for.
    refund_id: Option<RefundId>,
}

impl From<Issued> for DocumentView {
    fn from(issued: Issued) -> Self {
        let amount = match &issued.content.0 {
            Content::Invoice(invoice) => Money::new(invoice.total, invoice.heading.currency),
            Content::CreditNote(note) => Money::new(note.amount, note.heading.currency),
        };
        Self {
            kind: issued.kind,
            number: issued.number,
            issued_at: issued.issued_at,
            amount,
            refund_id: issued.refund_id,
        }
    }
}

/// An order's invoice and credit notes
#[utoipa::path(get, path = "/api/orders/{id}/documents", operation_id = "listDocuments", tag = "orders", params(("id" = OrderId, Path)),
    responses((status = 200, body = Documents), (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<OrderId>,
) -> http_kit::Result<Json<Documents>> {
    let mut conn = app.pool.acquire().await?;
    access::readable(&mut conn, &caller, id).await?;
    drop(conn);
    let issued = workflows::documents::of_order(&app, id).await?;
    Ok(Json(Documents {
        data: issued.into_iter().map(DocumentView::from).collect(),
    }))
}
