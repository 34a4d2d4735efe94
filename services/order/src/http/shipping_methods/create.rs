use auth_token::Staff;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotentJson, Json, OnConstraint as _, Problem};
use serde_json::{Value, json};

use super::{ShippingMethodInput, ShippingMethodView, taken};
use crate::app::AppState;
use crate::store;
use crate::workflows::once::Once;

/// Offer a shipping method (admin)
#[utoipa::path(post, path = "/api/shipping-methods", operation_id = "createShippingMethod", tag = "shipping methods", request_body = ShippingMethodInput,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = ShippingMethodView), (status = 409, body = Problem, description = "shipping_method_taken"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageSettings>,
    request: IdempotentJson<ShippingMethodInput>,
) -> http_kit::Result<(StatusCode, Json<Value>)> {
    let staff = staff.acting();
    let (once, body) = Once::of(&staff, request);
    let now = app.clock.now();
    let stored = body.into_stored(None, app.currency(), now)?;
    let code = stored.method.code.clone();
    let mut tx = app.pool.begin().await?;
    if let Some(made) = once.known(&mut tx).await? {
        return Ok((StatusCode::CREATED, Json(made)));
    }
    store::shipping_methods::insert(&mut tx, &stored)
        .await
        .on_constraint("shipping_methods_pkey", taken)?;
    let after = json!(ShippingMethodView::from(stored));
    let target = format!("shipping_method:{code}");
    let act = staff.did("shipping_method.create", target, Value::Null, after.clone());
    once.keep(&mut tx, StatusCode::CREATED, &after, now).await?;
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(after)))
}
