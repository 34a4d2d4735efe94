use auth_token::Staff;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotentJson, Json, OnConstraint as _, Problem};
use primitives::TaxRateId;
use serde_json::{Value, json};

use super::{TaxRateInput, TaxRateView, taken};
use crate::app::AppState;
use crate::store;
use crate::workflows::once::Once;

/// Add a tax rate (admin)
#[utoipa::path(post, path = "/api/tax-rates", operation_id = "createTaxRate", tag = "taxes", request_body = TaxRateInput,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = TaxRateView), (status = 409, body = Problem, description = "tax_rate_taken"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageSettings>,
    request: IdempotentJson<TaxRateInput>,
) -> http_kit::Result<(StatusCode, Json<Value>)> {
    let staff = staff.acting();
    let (once, body) = Once::of(&staff, request);
    let now = app.clock.now();
    let stored = body.into_stored(TaxRateId::new(now, &app.random), now)?;
    let id = stored.rate.id;
    let mut tx = app.pool.begin().await?;
    if let Some(made) = once.known(&mut tx).await? {
        return Ok((StatusCode::CREATED, Json(made)));
    }
    store::tax_rates::insert(&mut tx, &stored)
        .await
        .on_constraint("tax_rates_unique", taken)?;
    let after = json!(TaxRateView::from(stored));
    let target = format!("tax_rate:{id}");
    let act = staff.did("tax_rate.create", target, Value::Null, after.clone());
    once.keep(&mut tx, StatusCode::CREATED, &after, now).await?;
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(after)))
}
