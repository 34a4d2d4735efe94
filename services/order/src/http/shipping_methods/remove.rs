use auth_token::Staff;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, IfMatch, Path, Problem};
use serde_json::{Value, json};

use super::ShippingMethodView;
use crate::app::AppState;
use crate::store;

/// Delete a shipping method (admin); orders keep what it did
#[utoipa::path(delete, path = "/api/shipping-methods/{code}", operation_id = "deleteShippingMethod", tag = "shipping methods", params(("code" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 412, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageSettings>,
    Path(code): Path<String>,
    expected: IfMatch,
) -> http_kit::Result<StatusCode> {
    let staff = staff.acting();
    let mut tx = app.pool.begin().await?;
    let before = store::shipping_methods::remove(&mut tx, &code)
        .await?
        .ok_or_else(|| Error::not_found("shipping method"))?;
    expected.check(before.version)?;
    let before = json!(ShippingMethodView::from(before));
    let target = format!("shipping_method:{code}");
    let act = staff.did("shipping_method.delete", target, before, Value::Null);
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
