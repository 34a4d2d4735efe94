use auth_token::Staff;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use http_kit::{Error, IfMatch, Json, Path, Problem};
use primitives::PromotionId;
use serde_json::json;

use super::{PromotionInput, PromotionView};
use crate::app::AppState;
use crate::store;

/// Replace a promotion (admin); `If-Match` guards against a change in between
#[utoipa::path(put, path = "/api/promotions/{id}", operation_id = "updatePromotion", tag = "promotions", request_body = PromotionInput,
    params(("id" = PromotionId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PromotionView), (status = 412, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageCoupons>,
    Path(id): Path<PromotionId>,
    expected: IfMatch,
    Json(body): Json<PromotionInput>,
) -> http_kit::Result<Json<PromotionView>> {
    let staff = staff.acting();
    let unknown = || Error::not_found("promotion");
    let now = app.clock.now();
    let stored = body.into_stored(id, app.currency(), now)?;
    let mut tx = app.pool.begin().await?;
    let found = store::promotions::find(&mut tx, id)
        .await?
        .ok_or_else(unknown)?;
    expected.check(found.version)?;
    if !store::promotions::update(&mut tx, &stored, found.version).await? {
        return Err(Error::stale_version());
    }
    let after = store::promotions::find(&mut tx, id)
        .await?
        .ok_or_else(unknown)?;
    let (before, after) = (PromotionView::from(found), PromotionView::from(after));
    let target = format!("promotion:{id}");
    let act = staff.did("promotion.update", target, json!(before), json!(after));
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(Json(after))
}
