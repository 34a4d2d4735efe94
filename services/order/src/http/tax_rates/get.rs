use auth_token::Staff;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Problem, etag};
use primitives::TaxRateId;

use super::TaxRateView;
use crate::app::AppState;
use crate::store;

/// A tax rate (admin)
#[utoipa::path(get, path = "/api/tax-rates/{id}", operation_id = "getTaxRate", tag = "taxes", params(("id" = TaxRateId, Path)),
    responses((status = 200, body = TaxRateView), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _staff: Staff<ManageSettings>,
    Path(id): Path<TaxRateId>,
    headers: HeaderMap,
) -> http_kit::Result<Response> {
    let mut conn = app.pool.acquire().await?;
    let found: TaxRateView = store::tax_rates::find(&mut conn, id)
        .await?
        .ok_or_else(|| Error::not_found("tax rate"))?
        .into();
    Ok(etag::respond(
        &headers,
        &etag::of_version(found.version()),
        found,
    ))
}
