use auth_token::Staff;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, IfMatch, Path, Problem};
use primitives::PromotionId;
use serde_json::{Value, json};

use super::PromotionView;
use crate::app::AppState;
use crate::store;

/// Delete a promotion (admin); orders keep what it did
#[utoipa::path(delete, path = "/api/promotions/{id}", operation_id = "deletePromotion", tag = "promotions", params(("id" = PromotionId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 412, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageCoupons>,
    Path(id): Path<PromotionId>,
    expected: IfMatch,
) -> http_kit::Result<StatusCode> {
    let staff = staff.acting();
    let mut tx = app.pool.begin().await?;
    let before = store::promotions::remove(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("promotion"))?;
    expected.check(before.version)?;
    let before = json!(PromotionView::from(before));
    let target = format!("promotion:{id}");
    let act = staff.did("promotion.delete", target, before, Value::Null);
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
