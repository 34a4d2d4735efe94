use auth_token::Service;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use http_kit::{Cursor, Json, Limit, Page, Query};
use primitives::{ReconciliationId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::AppState;
use crate::store;
use crate::store::reconciliations::{Counts, Reconciliation};

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReconciliationView {
    id: ReconciliationId,
    /// `window` or `full`.
    kind: String,
    /// `running`, `done` or `failed`.
    status: String,
    /// Objects that the provider made from then …
    from: Timestamp,
    /// … to then,
    until: Timestamp,
    /// of which those before this are compared.
    position: Timestamp,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
    counts: Counts,
    /// Why it failed. What it did until then stays done.
    error: Option<String>,
}

impl From<Reconciliation> for ReconciliationView {
    fn from(run: Reconciliation) -> Self {
        Self {
            id: run.id,
            kind: run.kind,
            status: run.status,
            from: run.from_at,
            until: run.until_at,
            position: run.position_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            counts: Counts {
                payments: run.payments,
                refunds: run.refunds,
                disputes: run.disputes,
                strangers: run.strangers,
                healed: run.healed,
                raised: run.raised,
            },
            error: run.error,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListReconciliations {
    /// Only those that found something.
    with_differences: Option<bool>,
    /// How many to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// Comparisons with the payment provider, newest first
#[utoipa::path(get, path = "/internal/reconciliations", params(ListReconciliations), responses((status = 200, body = Page<ReconciliationView>)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Query(query): Query<ListReconciliations>,
) -> http_kit::Result<Json<Page<ReconciliationView>>> {
    service.staff::<ReadOrders>()?;
    let limit = query.limit.unwrap_or_default();
    let after = query
        .cursor
        .as_ref()
        .map(Cursor::decode::<ReconciliationId>)
        .transpose()?;
    let only = query.with_differences.unwrap_or_default();
    let mut conn = app.pool.acquire().await?;
    let runs = store::reconciliations::list(&mut conn, only, after, limit.fetch()).await?;
    Ok(Json(
        Page::cut(runs, limit, |run| run.id)?.map(ReconciliationView::from),
    ))
}
