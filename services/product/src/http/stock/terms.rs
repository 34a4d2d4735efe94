//! `PUT /api/products/{id}/stock/terms`

use auth_token::{Acting, Seller};
use axum::extract::State;
use http_kit::{Error, FieldErrors, Json, Path, Problem, Result};
use primitives::{ProductId, VariantId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{Backorder, Preorder, VariantStock, terms_of};
use crate::app::AppState;
use crate::domain::terms::Terms;
use crate::domain::text::Units;
use crate::http::access;
use crate::http::precondition::Expected;
use crate::store::locations;
use crate::workflows::{products, stock};

/// All terms on which a variant is sold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetTerms {
    /// May be left out for a product with one variant.
    variant_id: Option<VariantId>,
    /// Staff hear when the units that can be had fall to it.
    #[schema(value_type = i32, minimum = 0)]
    low_stock_threshold: Units,
    /// Sold when nothing is left; not without it.
    backorder: Option<Backorder>,
    /// Sold before its day; not without it.
    preorder: Option<Preorder>,
}

impl SetTerms {
    fn terms(&self) -> Result<Terms> {
        let mut errors = FieldErrors::new();
        let limits = [
            (
                "backorder.limit",
                self.backorder.and_then(|terms| terms.limit),
            ),
            (
                "preorder.limit",
                self.preorder.and_then(|terms| terms.limit),
            ),
        ];
        for (field, limit) in limits {
            if limit == Some(Units::ZERO) {
                errors.push(field, "invalid", "must be at least 1");
            }
        }
        errors.into_result()?;
        Ok(terms_of(
            self.low_stock_threshold,
            self.backorder,
            self.preorder,
        ))
    }
}

/// Says anew when staff hear that little is left of a variant, and whether it is sold on backorder or before its day.
#[utoipa::path(
    put, path = "/api/products/{id}/stock/terms", tag = "inventory", security(("bearer" = [])),
    params(("id" = ProductId, Path)),
    request_body = SetTerms,
    responses(
        (status = 200, body = VariantStock),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn set_terms(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Path(id): Path<ProductId>,
    Expected(expected): Expected,
    Json(body): Json<SetTerms>,
) -> Result<Json<VariantStock>> {
    let terms = body.terms()?;
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &seller).await?;
    expected.check(locked.version)?;
    let variant = access::variant_of(&mut tx, id, body.variant_id).await?;
    let places = locations::all(&mut tx).await?;
    let (before, mut items) = stock::set_terms(&mut tx, cx, variant, terms).await?;
    if before != terms {
        products::touch(&mut tx, cx, &locked).await?;
        let change = (tell(variant, before), tell(variant, terms));
        let staff = Acting::of(&seller);
        products::audit(
            &mut tx,
            cx,
            staff.as_ref(),
            "product.set_stock_terms",
            id,
            change,
        )
        .await?;
    }
    tx.commit().await?;
    let item = items
        .remove(&variant)
        .ok_or_else(|| Error::internal(anyhow::anyhow!("a locked variant without stock")))?;
    Ok(Json(VariantStock::new(item, &places)))
}

/// As the audit trail tells it.
fn tell(variant: VariantId, terms: Terms) -> serde_json::Value {
    json!({
        "variant_id": variant,
        "low_stock_threshold": terms.threshold,
        "backorder": terms.backorder.map(|limit| json!({ "limit": limit.0 })),
        "preorder": terms.preorder.map(|preorder| json!({ "available_on": preorder.available_on, "limit": preorder.limit.0 })),
    })
}
