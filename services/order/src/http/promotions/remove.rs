use auth_token::permissions::ManageCoupons;
use auth_token::{Acting, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Path, Problem};
use primitives::PromotionId;
use serde_json::{Value, json};

use super::PromotionView;
use crate::app::AppState;
use crate::store;

/// Delete a promotion (admin); orders keep what it did
#[utoipa::path(delete, path = "/api/promotions/{id}", operation_id = "deletePromotion", tag = "promotions", params(("id" = PromotionId, Path)),
    responses((status = 204), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageCoupons>,
    Path(id): Path<PromotionId>,
) -> http_kit::Result<StatusCode> {
    remove(&app, &staff.acting(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the public and the internal API do.
pub(crate) async fn remove(
    app: &AppState,
    staff: &Acting,
    id: PromotionId,
) -> http_kit::Result<()> {
    let mut tx = app.pool.begin().await?;
    let before = store::promotions::remove(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("promotion"))?;
    let before = json!(PromotionView::from(before));
    let target = format!("promotion:{id}");
    let act = staff.did("promotion.delete", target, before, Value::Null);
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(())
}
