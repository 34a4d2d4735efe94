use auth_token::permissions::ManageSettings;
use auth_token::{Acting, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Path, Problem};
use primitives::TaxRateId;
use serde_json::{Value, json};

use super::TaxRateView;
use crate::app::AppState;
use crate::store;

/// Delete a tax rate (admin); orders keep what it did
#[utoipa::path(delete, path = "/api/tax-rates/{id}", operation_id = "deleteTaxRate", tag = "taxes", params(("id" = TaxRateId, Path)),
    responses((status = 204), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageSettings>,
    Path(id): Path<TaxRateId>,
) -> http_kit::Result<StatusCode> {
    remove(&app, &staff.acting(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the public and the internal API do.
pub(crate) async fn remove(app: &AppState, staff: &Acting, id: TaxRateId) -> http_kit::Result<()> {
    let mut tx = app.pool.begin().await?;
    let before = store::tax_rates::remove(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("tax rate"))?;
    let before = json!(TaxRateView::from(before));
    let target = format!("tax_rate:{id}");
    let act = staff.did("tax_rate.delete", target, before, Value::Null);
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(())
}
