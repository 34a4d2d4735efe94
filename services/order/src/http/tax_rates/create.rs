use auth_token::permissions::ManageSettings;
use auth_token::{Acting, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, OnConstraint as _, Problem};
use primitives::TaxRateId;
use serde_json::{Value, json};

use super::{TaxRateInput, TaxRateView, taken};
use crate::app::AppState;
use crate::store;

/// Add a tax rate (admin)
#[utoipa::path(post, path = "/api/tax-rates", operation_id = "createTaxRate", tag = "taxes", request_body = TaxRateInput,
    responses((status = 201, body = TaxRateView), (status = 409, body = Problem, description = "tax_rate_taken"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageSettings>,
    Json(body): Json<TaxRateInput>,
) -> http_kit::Result<(StatusCode, Json<TaxRateView>)> {
    Ok((
        StatusCode::CREATED,
        Json(create(&app, &staff.acting(), body).await?),
    ))
}

/// What the public and the internal API do.
pub(crate) async fn create(
    app: &AppState,
    staff: &Acting,
    body: TaxRateInput,
) -> http_kit::Result<TaxRateView> {
    let now = app.clock.now();
    let stored = body.into_stored(TaxRateId::new(now, &app.random), now)?;
    let id = stored.rate.id;
    let mut tx = app.pool.begin().await?;
    store::tax_rates::insert(&mut tx, &stored)
        .await
        .on_constraint("tax_rates_unique", taken)?;
    let after = TaxRateView::from(stored);
    let target = format!("tax_rate:{id}");
    let act = staff.did("tax_rate.create", target, Value::Null, json!(after));
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(after)
}
