use auth_token::Staff;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, IfMatch, Path, Problem};
use primitives::TaxRateId;
use serde_json::{Value, json};

use super::TaxRateView;
use crate::app::AppState;
use crate::store;

/// Delete a tax rate (admin); orders keep what it did
#[utoipa::path(delete, path = "/api/tax-rates/{id}", operation_id = "deleteTaxRate", tag = "taxes", params(("id" = TaxRateId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 412, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageSettings>,
    Path(id): Path<TaxRateId>,
    expected: IfMatch,
) -> http_kit::Result<StatusCode> {
    let staff = staff.acting();
    let mut tx = app.pool.begin().await?;
    let before = store::tax_rates::remove(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("tax rate"))?;
    expected.check(before.version)?;
    let before = json!(TaxRateView::from(before));
    let target = format!("tax_rate:{id}");
    let act = staff.did("tax_rate.delete", target, before, Value::Null);
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
