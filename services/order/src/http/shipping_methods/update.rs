use auth_token::Staff;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use http_kit::{Error, IfMatch, Json, Path, Problem};
use serde_json::json;

use super::{ShippingMethodInput, ShippingMethodView};
use crate::app::AppState;
use crate::store;

/// Replace a shipping method (admin); `If-Match` guards against a change in between
#[utoipa::path(put, path = "/api/shipping-methods/{code}", operation_id = "updateShippingMethod", tag = "shipping methods", request_body = ShippingMethodInput,
    params(("code" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ShippingMethodView), (status = 412, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageSettings>,
    Path(code): Path<String>,
    expected: IfMatch,
    Json(body): Json<ShippingMethodInput>,
) -> http_kit::Result<Json<ShippingMethodView>> {
    let staff = staff.acting();
    let unknown = || Error::not_found("shipping method");
    let now = app.clock.now();
    let stored = body.into_stored(Some(&code), app.currency(), now)?;
    let mut tx = app.pool.begin().await?;
    let found = store::shipping_methods::find(&mut tx, &code)
        .await?
        .ok_or_else(unknown)?;
    expected.check(found.version)?;
    if !store::shipping_methods::update(&mut tx, &stored, found.version).await? {
        return Err(Error::stale_version());
    }
    let after = store::shipping_methods::find(&mut tx, &code)
        .await?
        .ok_or_else(unknown)?;
    let (before, after) = (
        ShippingMethodView::from(found),
        ShippingMethodView::from(after),
    );
    let target = format!("shipping_method:{code}");
    let act = staff.did(
        "shipping_method.update",
        target,
        json!(before),
        json!(after),
    );
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(Json(after))
}
