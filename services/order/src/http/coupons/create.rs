use auth_token::Staff;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotentJson, Json, OnConstraint as _, Problem};
use primitives::CouponId;
use serde_json::{Value, json};

use super::{CouponInput, CouponView, taken};
use crate::app::AppState;
use crate::store;
use crate::workflows::once::Once;

/// Make a coupon (admin)
#[utoipa::path(post, path = "/api/coupons", operation_id = "createCoupon", tag = "coupons", request_body = CouponInput,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = CouponView), (status = 409, body = Problem, description = "coupon_code_taken"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageCoupons>,
    request: IdempotentJson<CouponInput>,
) -> http_kit::Result<(StatusCode, Json<Value>)> {
    let staff = staff.acting();
    let (once, body) = Once::of(&staff, request);
    let now = app.clock.now();
    let coupon = body.into_coupon(CouponId::new(now, &app.random), app.currency(), now, 1)?;
    let id = coupon.id;
    let mut tx = app.pool.begin().await?;
    if let Some(made) = once.known(&mut tx).await? {
        return Ok((StatusCode::CREATED, Json(made)));
    }
    store::coupons::insert(&mut tx, &coupon)
        .await
        .on_constraint("coupons_code_unique", taken)?;
    let after = json!(CouponView::from(coupon));
    let act = staff.did(
        "coupon.create",
        format!("coupon:{id}"),
        Value::Null,
        after.clone(),
    );
    once.keep(&mut tx, StatusCode::CREATED, &after, now).await?;
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(after)))
}
