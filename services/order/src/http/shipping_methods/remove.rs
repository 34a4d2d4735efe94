use auth_token::permissions::ManageSettings;
use auth_token::{Acting, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Path, Problem};
use serde_json::{Value, json};

use super::ShippingMethodView;
use crate::app::AppState;
use crate::store;

/// Delete a shipping method (admin); orders keep what it did
#[utoipa::path(delete, path = "/api/shipping-methods/{code}", operation_id = "deleteShippingMethod", tag = "shipping methods", params(("code" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageSettings>,
    Path(code): Path<String>,
) -> http_kit::Result<StatusCode> {
    remove(&app, &staff.acting(), code).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the public and the internal API do.
pub(crate) async fn remove(app: &AppState, staff: &Acting, code: String) -> http_kit::Result<()> {
    let mut tx = app.pool.begin().await?;
    let before = store::shipping_methods::remove(&mut tx, &code)
        .await?
        .ok_or_else(|| Error::not_found("shipping method"))?;
    let before = json!(ShippingMethodView::from(before));
    let target = format!("shipping_method:{code}");
    let act = staff.did("shipping_method.delete", target, before, Value::Null);
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(())
}
