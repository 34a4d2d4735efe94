use auth_token::permissions::ManageCoupons;
use auth_token::{Acting, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Problem};
use primitives::PromotionId;
use serde_json::{Value, json};

use super::{PromotionInput, PromotionView};
use crate::app::AppState;
use crate::store;

/// Make an automatic promotion (admin)
#[utoipa::path(post, path = "/api/promotions", operation_id = "createPromotion", tag = "promotions", request_body = PromotionInput,
    responses((status = 201, body = PromotionView), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageCoupons>,
    Json(body): Json<PromotionInput>,
) -> http_kit::Result<(StatusCode, Json<PromotionView>)> {
    Ok((
        StatusCode::CREATED,
        Json(create(&app, &staff.acting(), body).await?),
    ))
}

/// What the public and the internal API do.
pub(crate) async fn create(
    app: &AppState,
    staff: &Acting,
    body: PromotionInput,
) -> http_kit::Result<PromotionView> {
    let now = app.clock.now();
    let stored = body.into_stored(PromotionId::new(now, &app.random), app.currency(), now)?;
    let id = stored.promotion.id;
    let mut tx = app.pool.begin().await?;
    store::promotions::insert(&mut tx, &stored).await?;
    let after = PromotionView::from(stored);
    let target = format!("promotion:{id}");
    let act = staff.did("promotion.create", target, Value::Null, json!(after));
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(after)
}
