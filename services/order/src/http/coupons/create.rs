use auth_token::permissions::ManageCoupons;
use auth_token::{Acting, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, OnConstraint as _, Problem};
use primitives::CouponId;
use serde_json::{Value, json};

use super::{CouponInput, CouponView, taken};
use crate::app::AppState;
use crate::store;

/// Make a coupon (admin)
#[utoipa::path(post, path = "/api/coupons", operation_id = "createCoupon", tag = "coupons", request_body = CouponInput,
    responses((status = 201, body = CouponView), (status = 409, body = Problem, description = "coupon_code_taken"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageCoupons>,
    Json(body): Json<CouponInput>,
) -> http_kit::Result<(StatusCode, Json<CouponView>)> {
    let made = create(&app, &staff.acting(), body).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// What the public and the internal API do.
pub(crate) async fn create(
    app: &AppState,
    staff: &Acting,
    body: CouponInput,
) -> http_kit::Result<CouponView> {
    let now = app.clock.now();
    let coupon = body.into_coupon(CouponId::new(now, &app.random), app.currency(), now, 1)?;
    let id = coupon.id;
    let mut tx = app.pool.begin().await?;
    store::coupons::insert(&mut tx, &coupon)
        .await
        .on_constraint("coupons_code_unique", taken)?;
    let coupon = CouponView::from(coupon);
    let act = staff.did(
        "coupon.create",
        format!("coupon:{id}"),
        Value::Null,
        json!(coupon),
    );
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(coupon)
}
