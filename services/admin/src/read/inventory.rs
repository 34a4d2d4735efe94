//! Where stock lies.

use primitives::{LocationId, ProductId, VariantId};
use sqlx::{FromRow, PgConnection};

/// A place.
#[derive(FromRow)]
pub(crate) struct Place {
    pub(crate) id: LocationId,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) active: bool,
    pub(crate) version: i32,
}

/// All of them, in the order in which they serve: there are few.
pub(crate) async fn places(conn: &mut PgConnection) -> sqlx::Result<Vec<Place>> {
    sqlx::query_as(
        "SELECT id, code, name, deactivated_at IS NULL AS active, version FROM stock_locations ORDER BY position, id",
    )
    .fetch_all(conn)
    .await
}

/// The variants with a SKU, whatever its case, and their products: of several sellers there may be several.
pub(crate) async fn by_sku(
    conn: &mut PgConnection,
    sku: &str,
) -> sqlx::Result<Vec<(ProductId, VariantId)>> {
    sqlx::query_as("SELECT product_id, id FROM product_variants WHERE lower(sku) = lower($1) AND archived_at IS NULL LIMIT 2")
        .bind(sku)
        .fetch_all(conn)
        .await
}
