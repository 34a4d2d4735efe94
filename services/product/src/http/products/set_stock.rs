//! `PUT /api/products/{id}/stock`

use auth_token::{Acting, Seller};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use http_kit::{Error, FieldErrors, IdempotentJson, Json, Path, Problem, Result};
use primitives::{LocationId, ProductId, VariantId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::stock::Correction;
use crate::domain::text::{Reason, Units};
use crate::http::access;
use crate::http::precondition::Expected;
use crate::store::stock::Cause;
use crate::workflows::once::Once;
use crate::workflows::products;
use crate::workflows::stock::{self, At};

/// An absolute count (`set`), or a difference (`delta`) with its reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetStock {
    /// May be left out for a product with one variant.
    variant_id: Option<VariantId>,
    /// Where; the first active place unless told.
    location_id: Option<LocationId>,
    /// Units that lie there.
    set: Option<Units>,
    /// Units more, or fewer.
    delta: Option<i32>,
    /// Why; required with `delta`.
    reason: Option<Reason>,
}

/// What lies there now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StockLevel {
    variant_id: VariantId,
    /// Units that lie there.
    on_hand: i32,
    /// Those of them that are held for orders.
    reserved: i32,
    /// Units that can be had.
    available: i32,
}

impl SetStock {
    fn correction(&self) -> Result<Correction> {
        let mut errors = FieldErrors::new();
        let correction = match (self.set, self.delta) {
            (Some(units), None) => Some(Correction::Set(units.get())),
            (None, Some(units)) => Some(Correction::Delta(units)),
            (None, None) => {
                errors.push("set", "required", "is required, or delta with a reason");
                None
            }
            (Some(_), Some(_)) => {
                errors.push("delta", "not_allowed", "must not be given with set");
                None
            }
        };
        if self.delta.is_some() && self.reason.is_none() {
            errors.push("reason", "required", "is required with delta");
        }
        errors.into_result()?;
        correction.ok_or_else(|| {
            Error::internal(anyhow::anyhow!("an accepted body without a correction"))
        })
    }
}

/// Corrects the units of a variant at a place; the ledger keeps why. What comes in serves first what is owed.
#[utoipa::path(
    put, path = "/api/products/{id}/stock", tag = "products", security(("bearer" = [])),
    params(("id" = ProductId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    request_body = SetStock,
    responses(
        (status = 200, body = StockLevel),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`stock_reserved`, `location_inactive`", body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
        (status = 422, description = "`validation_failed`, `idempotency_key_reused`", body = Problem),
    )
)]
pub(crate) async fn set_stock(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Path(id): Path<ProductId>,
    Expected(expected): Expected,
    request: IdempotentJson<SetStock>,
) -> Result<Response> {
    let body = &request.body;
    let correction = body.correction()?;
    let cx = &state.context;
    let once = Once {
        caller: seller.user_id,
        key: request.key.as_ref(),
        hash: &request.hash,
    };
    let mut tx = cx.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &seller).await?;
    if let Some(answer) = once.before(&mut tx).await? {
        return Ok(answered(&answer));
    }
    expected.check(locked.version)?;
    let variant_id = access::variant_of(&mut tx, id, body.variant_id).await?;
    let reason = body.reason.as_deref();
    let at = At {
        variant: variant_id,
        location: body.location_id,
        correction,
    };
    let cause = Cause {
        reason,
        actor: Some(seller.user_id),
        ..Cause::default()
    };
    let levels = stock::correct_at(&mut tx, cx, &[at], cause).await?;
    let (before, level) = levels.get(&variant_id).copied().unwrap_or_default();
    let version = products::touch(&mut tx, cx, &locked).await?;
    if level != before {
        let staff = Acting::of(&seller);
        let change = (
            json!({ "variant_id": variant_id, "on_hand": before.on_hand }),
            json!({ "variant_id": variant_id, "on_hand": level.on_hand, "reason": reason }),
        );
        products::audit(&mut tx, cx, staff.as_ref(), "product.set_stock", id, change).await?;
    }
    let answer = json!({ "version": version, "level": StockLevel {
        variant_id,
        on_hand: level.on_hand,
        reserved: level.reserved,
        available: level.free(),
    } });
    once.save(&mut tx, &answer, cx.clock.now()).await?;
    tx.commit().await?;
    Ok(answered(&answer))
}

/// An answer as it is saved: the level, and the product's version for its tag.
fn answered(answer: &Value) -> Response {
    let version = answer["version"].as_i64().unwrap_or_default();
    (
        [(header::ETAG, format!("\"{version}\""))],
        Json(&answer["level"]),
    )
        .into_response()
}
