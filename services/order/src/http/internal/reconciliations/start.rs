use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, IdempotentJson, Json};
use primitives::ReconciliationId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::workflows::once::Once;
use crate::workflows::reconcile::{self, Span};

/// Of what.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReconciliationSpan {
    /// What was made within `RECONCILE_WINDOW_HOURS`.
    Window,
    /// All there is.
    Full,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartReconciliation {
    span: ReconciliationSpan,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StartedReconciliation {
    id: ReconciliationId,
}

/// Compare with the payment provider now; it goes on in the background
#[utoipa::path(post, path = "/internal/reconciliations", params(("Idempotency-Key" = Option<String>, Header)), request_body = StartReconciliation,
    responses((status = 202, body = StartedReconciliation)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    request: IdempotentJson<StartReconciliation>,
) -> http_kit::Result<(StatusCode, Json<Value>)> {
    let staff = service.acting::<ManageOrders>()?;
    let (once, body) = Once::of(&staff, request);
    let span = match body.span {
        ReconciliationSpan::Window => Span::Window,
        ReconciliationSpan::Full => Span::Full,
    };
    let mut tx = app.pool.begin().await?;
    if let Some(begun) = once.known(&mut tx).await? {
        return Ok((StatusCode::ACCEPTED, Json(begun)));
    }
    let id = reconcile::wish(&mut tx, &app, span).await?.ok_or_else(|| {
        Error::conflict(
            "reconciliation_running",
            "Such a comparison is running already. Look at it, and wait for its end.",
        )
    })?;
    let act = staff.did(
        "reconciliation.start",
        format!("reconciliation:{id}"),
        json!({}),
        json!({ "kind": span.as_str() }),
    );
    app.publisher.publish(&mut tx, &act).await?;
    let answer = json!(StartedReconciliation { id });
    let now = app.clock.now();
    once.keep(&mut tx, StatusCode::ACCEPTED, &answer, now)
        .await?;
    tx.commit().await?;
    app.compare.notify_one();
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
