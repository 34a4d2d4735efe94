use auth_token::Service;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use http_kit::{Error, Json, Page, PageQuery, Path, Query};
use primitives::{OrderId, ReconciliationId, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::AppState;
use crate::store;
use crate::store::reconciliations::Difference;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferenceView {
    id: Uuid,
    /// Such as `payment_behind`.
    kind: String,
    /// Such as `payment:<id>`.
    subject: String,
    order_id: Option<OrderId>,
    /// The provider's id.
    reference: Option<String>,
    /// `healed`, or `raised` as a work item.
    outcome: String,
    /// How it was here.
    ours: Value,
    /// How it was at the provider.
    theirs: Value,
    at: Timestamp,
}

impl From<Difference> for DifferenceView {
    fn from(difference: Difference) -> Self {
        Self {
            id: difference.id,
            kind: difference.kind,
            subject: difference.subject,
            order_id: difference.order_id,
            reference: difference.reference,
            outcome: difference.outcome,
            ours: difference.ours,
            theirs: difference.theirs,
            at: difference.at,
        }
    }
}

/// What a comparison found, in the order of finding
#[utoipa::path(get, path = "/internal/reconciliations/{id}/differences", params(("id" = ReconciliationId, Path), PageQuery),
    responses((status = 200, body = Page<DifferenceView>)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<ReconciliationId>,
    Query(query): Query<PageQuery>,
) -> http_kit::Result<Json<Page<DifferenceView>>> {
    service.staff::<ReadOrders>()?;
    let (after, limit) = (query.after::<Uuid>()?, query.limit());
    let mut conn = app.pool.acquire().await?;
    if !store::reconciliations::exists(&mut conn, id).await? {
        return Err(Error::not_found("reconciliation"));
    }
    let found = store::reconciliations::differences(&mut conn, id, after, limit.fetch()).await?;
    Ok(Json(
        Page::cut(found, limit, |difference| difference.id)?.map(DifferenceView::from),
    ))
}
