use auth_token::Service;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IfMatch, Json, Path};
use primitives::CouponId;

use crate::app::AppState;
use crate::http::coupons::{self, CouponInput, CouponView};

/// As `POST /api/coupons`
#[utoipa::path(post, path = "/internal/coupons", request_body = CouponInput, responses((status = 201, body = CouponView)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    service: Service,
    Json(body): Json<CouponInput>,
) -> http_kit::Result<(StatusCode, Json<CouponView>)> {
    let staff = service.acting::<ManageCoupons>()?;
    let made = coupons::create::create(&app, &staff, body).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// As `PUT /api/coupons/{id}`
#[utoipa::path(put, path = "/internal/coupons/{id}", params(("id" = CouponId, Path)), request_body = CouponInput,
    responses((status = 200, body = CouponView)))]
pub(crate) async fn update(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<CouponId>,
    expected: IfMatch,
    Json(body): Json<CouponInput>,
) -> http_kit::Result<Json<CouponView>> {
    let staff = service.acting::<ManageCoupons>()?;
    coupons::update::update(&app, &staff, id, expected, body)
        .await
        .map(Json)
}

/// As `DELETE /api/coupons/{id}`
#[utoipa::path(delete, path = "/internal/coupons/{id}", params(("id" = CouponId, Path)), responses((status = 204)))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<CouponId>,
) -> http_kit::Result<StatusCode> {
    let staff = service.acting::<ManageCoupons>()?;
    coupons::remove::remove(&app, &staff, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
