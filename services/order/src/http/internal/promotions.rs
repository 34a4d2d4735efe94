use auth_token::Service;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IfMatch, Json, Path};
use primitives::PromotionId;

use crate::app::AppState;
use crate::http::promotions::{self, PromotionInput, PromotionView};

/// As `POST /api/promotions`
#[utoipa::path(post, path = "/internal/promotions", request_body = PromotionInput, responses((status = 201, body = PromotionView)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    service: Service,
    Json(body): Json<PromotionInput>,
) -> http_kit::Result<(StatusCode, Json<PromotionView>)> {
    let staff = service.acting::<ManageCoupons>()?;
    let made = promotions::create::create(&app, &staff, body).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// As `PUT /api/promotions/{id}`
#[utoipa::path(put, path = "/internal/promotions/{id}", params(("id" = PromotionId, Path)), request_body = PromotionInput,
    responses((status = 200, body = PromotionView)))]
pub(crate) async fn update(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<PromotionId>,
    expected: IfMatch,
    Json(body): Json<PromotionInput>,
) -> http_kit::Result<Json<PromotionView>> {
    let staff = service.acting::<ManageCoupons>()?;
    promotions::update::update(&app, &staff, id, expected, body)
        .await
        .map(Json)
}

/// As `DELETE /api/promotions/{id}`
#[utoipa::path(delete, path = "/internal/promotions/{id}", params(("id" = PromotionId, Path)), responses((status = 204)))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<PromotionId>,
) -> http_kit::Result<StatusCode> {
    let staff = service.acting::<ManageCoupons>()?;
    promotions::remove::remove(&app, &staff, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
