use auth_token::Staff;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use http_kit::{Cursor, Json, Limit, Page, Problem, Query};
use primitives::CountryCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::TaxRateView;
use crate::app::AppState;
use crate::store;
use crate::store::tax_rates::Position;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TaxRatesQuery {
    /// Only those of a country.
    #[param(value_type = Option<String>)]
    country: Option<CountryCode>,
    /// How many items to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// Tax rates, by country and region (admin)
#[utoipa::path(get, path = "/api/tax-rates", operation_id = "listTaxRates", tag = "taxes", params(TaxRatesQuery),
    responses((status = 200, body = Page<TaxRateView>), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _staff: Staff<ManageSettings>,
    Query(query): Query<TaxRatesQuery>,
) -> http_kit::Result<Json<Page<TaxRateView>>> {
    let after: Option<Position> = query.cursor.as_ref().map(Cursor::decode).transpose()?;
    let limit = query.limit.unwrap_or_default();
    let mut conn = app.pool.acquire().await?;
    let country = query.country.as_ref();
    let found = store::tax_rates::list(&mut conn, country, after, limit.fetch()).await?;
    let page = Page::cut(found, limit, Position::of)?;
    Ok(Json(page.map(TaxRateView::from)))
}
