use auth_token::Service;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IfMatch, Json, Path};
use primitives::TaxRateId;

use crate::app::AppState;
use crate::http::tax_rates::{self, TaxRateInput, TaxRateView};

/// As `POST /api/tax-rates`
#[utoipa::path(post, path = "/internal/tax-rates", request_body = TaxRateInput, responses((status = 201, body = TaxRateView)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    service: Service,
    Json(body): Json<TaxRateInput>,
) -> http_kit::Result<(StatusCode, Json<TaxRateView>)> {
    let staff = service.acting::<ManageSettings>()?;
    let made = tax_rates::create::create(&app, &staff, body).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// As `PUT /api/tax-rates/{id}`
#[utoipa::path(put, path = "/internal/tax-rates/{id}", params(("id" = TaxRateId, Path)), request_body = TaxRateInput,
    responses((status = 200, body = TaxRateView)))]
pub(crate) async fn update(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<TaxRateId>,
    expected: IfMatch,
    Json(body): Json<TaxRateInput>,
) -> http_kit::Result<Json<TaxRateView>> {
    let staff = service.acting::<ManageSettings>()?;
    tax_rates::update::update(&app, &staff, id, expected, body)
        .await
        .map(Json)
}

/// As `DELETE /api/tax-rates/{id}`
#[utoipa::path(delete, path = "/internal/tax-rates/{id}", params(("id" = TaxRateId, Path)), responses((status = 204)))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<TaxRateId>,
) -> http_kit::Result<StatusCode> {
    let staff = service.acting::<ManageSettings>()?;
    tax_rates::remove::remove(&app, &staff, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
