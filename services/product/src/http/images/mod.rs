//! `/api/products/{id}/images`

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod reorder;
pub(crate) mod update;
pub(crate) mod upload;
pub(crate) mod view;

use http_kit::{Result, one_field};
use primitives::{ProductId, VariantId};
use sqlx::PgConnection;

use crate::store::variants;

/// The variants that a picture shows must be the product's.
async fn check_variants(
    db: &mut PgConnection,
    product: ProductId,
    wanted: &[VariantId],
) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let known = variants::ids_by_sku(db, product).await?;
    if wanted.iter().all(|id| known.values().any(|own| own == id)) {
        Ok(())
    } else {
        Err(one_field(
            "variant_ids",
            "unknown",
            "names a variant that this product does not have",
        ))
    }
}
