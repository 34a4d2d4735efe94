use auth_token::permissions::ManageSettings;
use auth_token::{Acting, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, OnConstraint as _, Problem};
use serde_json::{Value, json};

use super::{ShippingMethodInput, ShippingMethodView, taken};
use crate::app::AppState;
use crate::store;

/// Offer a shipping method (admin)
#[utoipa::path(post, path = "/api/shipping-methods", operation_id = "createShippingMethod", tag = "shipping methods", request_body = ShippingMethodInput,
    responses((status = 201, body = ShippingMethodView), (status = 409, body = Problem, description = "shipping_method_taken"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageSettings>,
    Json(body): Json<ShippingMethodInput>,
) -> http_kit::Result<(StatusCode, Json<ShippingMethodView>)> {
    Ok((
        StatusCode::CREATED,
        Json(create(&app, &staff.acting(), body).await?),
    ))
}

/// What the public and the internal API do.
pub(crate) async fn create(
    app: &AppState,
    staff: &Acting,
    body: ShippingMethodInput,
) -> http_kit::Result<ShippingMethodView> {
    let now = app.clock.now();
    let stored = body.into_stored(None, app.currency(), now)?;
    let code = stored.method.code.clone();
    let mut tx = app.pool.begin().await?;
    store::shipping_methods::insert(&mut tx, &stored)
        .await
        .on_constraint("shipping_methods_pkey", taken)?;
    let after = ShippingMethodView::from(stored);
    let target = format!("shipping_method:{code}");
    let act = staff.did("shipping_method.create", target, Value::Null, json!(after));
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(after)
}
