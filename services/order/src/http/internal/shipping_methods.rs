use auth_token::Service;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IfMatch, Json, Path};

use crate::app::AppState;
use crate::http::shipping_methods::{self, ShippingMethodInput, ShippingMethodView};

/// As `POST /api/shipping-methods`
#[utoipa::path(post, path = "/internal/shipping-methods", request_body = ShippingMethodInput, responses((status = 201, body = ShippingMethodView)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    service: Service,
    Json(body): Json<ShippingMethodInput>,
) -> http_kit::Result<(StatusCode, Json<ShippingMethodView>)> {
    let staff = service.acting::<ManageSettings>()?;
    let made = shipping_methods::create::create(&app, &staff, body).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// As `PUT /api/shipping-methods/{code}`
#[utoipa::path(put, path = "/internal/shipping-methods/{code}", params(("code" = String, Path)), request_body = ShippingMethodInput,
    responses((status = 200, body = ShippingMethodView)))]
pub(crate) async fn update(
    State(app): State<AppState>,
    service: Service,
    Path(code): Path<String>,
    expected: IfMatch,
    Json(body): Json<ShippingMethodInput>,
) -> http_kit::Result<Json<ShippingMethodView>> {
    let staff = service.acting::<ManageSettings>()?;
    shipping_methods::update::update(&app, &staff, code, expected, body)
        .await
        .map(Json)
}

/// As `DELETE /api/shipping-methods/{code}`
#[utoipa::path(delete, path = "/internal/shipping-methods/{code}", params(("code" = String, Path)), responses((status = 204)))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    service: Service,
    Path(code): Path<String>,
) -> http_kit::Result<StatusCode> {
    let staff = service.acting::<ManageSettings>()?;
    shipping_methods::remove::remove(&app, &staff, code).await?;
    Ok(StatusCode::NO_CONTENT)
}
