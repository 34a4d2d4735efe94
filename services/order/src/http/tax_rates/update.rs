use auth_token::Staff;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use http_kit::{Error, IfMatch, Json, OnConstraint as _, Path, Problem};
use primitives::TaxRateId;
use serde_json::json;

use super::{TaxRateInput, TaxRateView, taken};
use crate::app::AppState;
use crate::store;

/// Replace a tax rate (admin); `If-Match` guards against a change in between
#[utoipa::path(put, path = "/api/tax-rates/{id}", operation_id = "updateTaxRate", tag = "taxes", request_body = TaxRateInput,
    params(("id" = TaxRateId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = TaxRateView), (status = 412, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageSettings>,
    Path(id): Path<TaxRateId>,
    expected: IfMatch,
    Json(body): Json<TaxRateInput>,
) -> http_kit::Result<Json<TaxRateView>> {
    let staff = staff.acting();
    let unknown = || Error::not_found("tax rate");
    let now = app.clock.now();
    let stored = body.into_stored(id, now)?;
    let mut tx = app.pool.begin().await?;
    let found = store::tax_rates::find(&mut tx, id)
        .await?
        .ok_or_else(unknown)?;
    expected.check(found.version)?;
    if !store::tax_rates::update(&mut tx, &stored, found.version)
        .await
        .on_constraint("tax_rates_unique", taken)?
    {
        return Err(Error::stale_version());
    }
    let after = store::tax_rates::find(&mut tx, id)
        .await?
        .ok_or_else(unknown)?;
    let (before, after) = (TaxRateView::from(found), TaxRateView::from(after));
    let target = format!("tax_rate:{id}");
    let act = staff.did("tax_rate.update", target, json!(before), json!(after));
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(Json(after))
}
