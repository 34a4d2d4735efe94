//! `PUT /api/products/{id}/stock`

use auth_token::{Acting, Seller};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use http_kit::{Error, FieldErrors, Json, Path, Problem, Result, etag, one_field};
use primitives::{ProductId, VariantId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::stock::Correction;
use crate::domain::text::{Reason, Units};
use crate::http::access;
use crate::http::precondition::Expected;
use crate::store::variants;
use crate::workflows::{products, stock};

/// An absolute count (`set`), or a difference (`delta`) with its reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetStock {
    /// May be left out for a product with one variant.
    variant_id: Option<VariantId>,
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

/// Corrects the units of a variant; the ledger keeps why.
#[utoipa::path(
    put, path = "/api/products/{id}/stock", tag = "products", security(("bearer" = [])),
    params(("id" = ProductId, Path)),
    request_body = SetStock,
    responses(
        (status = 200, body = StockLevel),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`stock_reserved`", body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn set_stock(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Path(id): Path<ProductId>,
    Expected(expected): Expected,
    Json(body): Json<SetStock>,
) -> Result<Response> {
    let correction = body.correction()?;
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &seller).await?;
    expected.check(locked.version)?;
    let known: Vec<VariantId> = variants::ids_by_sku(&mut tx, id)
        .await?
        .into_values()
        .collect();
    let variant_id = match (body.variant_id, known.as_slice()) {
        (Some(wanted), known) if known.contains(&wanted) => wanted,
        (Some(_), _) => {
            return Err(one_field(
                "variant_id",
                "unknown",
                "is not a variant of this product",
            ));
        }
        (None, [only]) => *only,
        (None, _) => {
            return Err(one_field(
                "variant_id",
                "required",
                "is required: the product has several variants",
            ));
        }
    };
    let reason = body.reason.as_deref();
    let levels = stock::correct(
        &mut tx,
        cx,
        &[(variant_id, correction)],
        reason,
        seller.user_id,
    )
    .await?;
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
    tx.commit().await?;
    let body = StockLevel {
        variant_id,
        on_hand: level.on_hand,
        reserved: level.reserved,
        available: level.free(),
    };
    let tag = HeaderValue::from_str(&etag::of_version(version)).map_err(Error::internal)?;
    Ok(([(header::ETAG, tag)], Json(body)).into_response())
}
