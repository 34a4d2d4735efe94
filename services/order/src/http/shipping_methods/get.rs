use auth_token::Staff;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Problem, etag};

use super::ShippingMethodView;
use crate::app::AppState;
use crate::store;

/// A shipping method (admin)
#[utoipa::path(get, path = "/api/shipping-methods/{code}", operation_id = "getShippingMethod", tag = "shipping methods", params(("code" = String, Path)),
    responses((status = 200, body = ShippingMethodView), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _staff: Staff<ManageSettings>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> http_kit::Result<Response> {
    let mut conn = app.pool.acquire().await?;
    let found: ShippingMethodView = store::shipping_methods::find(&mut conn, &code)
        .await?
        .ok_or_else(|| Error::not_found("shipping method"))?
        .into();
    Ok(etag::respond(
        &headers,
        &etag::of_version(found.version()),
        found,
    ))
}
