use auth_token::Staff;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotentJson, Json, Problem};
use primitives::PromotionId;
use serde_json::{Value, json};

use super::{PromotionInput, PromotionView};
use crate::app::AppState;
use crate::store;
use crate::workflows::once::Once;

/// Make an automatic promotion (admin)
#[utoipa::path(post, path = "/api/promotions", operation_id = "createPromotion", tag = "promotions", request_body = PromotionInput,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = PromotionView), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageCoupons>,
    request: IdempotentJson<PromotionInput>,
) -> http_kit::Result<(StatusCode, Json<Value>)> {
    let staff = staff.acting();
    let (once, body) = Once::of(&staff, request);
    let now = app.clock.now();
    let stored = body.into_stored(PromotionId::new(now, &app.random), app.currency(), now)?;
    let id = stored.promotion.id;
    let mut tx = app.pool.begin().await?;
    if let Some(made) = once.known(&mut tx).await? {
        return Ok((StatusCode::CREATED, Json(made)));
    }
    store::promotions::insert(&mut tx, &stored).await?;
    let after = json!(PromotionView::from(stored));
    let target = format!("promotion:{id}");
    let act = staff.did("promotion.create", target, Value::Null, after.clone());
    once.keep(&mut tx, StatusCode::CREATED, &after, now).await?;
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(after)))
}
