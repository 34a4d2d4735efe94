use auth_token::Staff;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Problem, etag};
use primitives::PromotionId;

use super::PromotionView;
use crate::app::AppState;
use crate::store;

/// A promotion (admin)
#[utoipa::path(get, path = "/api/promotions/{id}", operation_id = "getPromotion", tag = "promotions", params(("id" = PromotionId, Path)),
    responses((status = 200, body = PromotionView), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _staff: Staff<ManageCoupons>,
    Path(id): Path<PromotionId>,
    headers: HeaderMap,
) -> http_kit::Result<Response> {
    let mut conn = app.pool.acquire().await?;
    let found: PromotionView = store::promotions::find(&mut conn, id)
        .await?
        .ok_or_else(|| Error::not_found("promotion"))?
        .into();
    Ok(etag::respond(
        &headers,
        &etag::of_version(found.version()),
        found,
    ))
}
