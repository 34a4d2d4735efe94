//! Variants: what is stocked and sold.

use std::collections::{BTreeMap, HashMap};

use primitives::{Clock, ProductId, UserId, VariantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::product::{Dimensions, VariantDraft};
use crate::domain::text::{Grams, Millimetres};

/// Reading what others need to know of a variant.
pub(crate) mod snapshot {
    use primitives::{Currency, Money};

    /// An amount of a product's currency, as the row has it.
    pub(crate) fn money(amount: i64, currency: &str) -> sqlx::Result<Money> {
        currency
            .parse::<Currency>()
            .map(|currency| Money::new(amount, currency))
            .map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

/// The variants of a product that are not archived, by SKU.
pub(crate) async fn ids_by_sku(
    db: &mut PgConnection,
    product: ProductId,
) -> sqlx::Result<HashMap<String, VariantId>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: VariantId", sku FROM product_variants WHERE product_id = $1 AND archived_at IS NULL"#,
        product.uuid()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.sku, row.id)).collect())
}

/// Writes the variants of a product as they shall be from now on: those in the list are made or changed, the others archived.
/// The list's order is the order in which they are shown. The threshold is that of new ones. One statement to archive, one to write.
pub(crate) async fn replace(
    db: &mut PgConnection,
    product: ProductId,
    variants: &[(VariantId, &VariantDraft)],
    low_stock_threshold: i32,
    clock: &Clock,
) -> sqlx::Result<()> {
    let now = clock.now();
    let ids: Vec<Uuid> = variants.iter().map(|(id, _)| id.uuid()).collect();
    let skus: Vec<String> = variants
        .iter()
        .map(|(_, draft)| draft.sku.as_str().to_owned())
        .collect();
    let prices: Vec<i64> = variants
        .iter()
        .map(|(_, draft)| draft.price.money().amount())
        .collect();
    let options: Vec<serde_json::Value> = variants
        .iter()
        .map(|(_, draft)| serde_json::json!(draft.options))
        .collect();
    let details = || variants.iter().map(|(_, draft)| &draft.details);
    let compared: Vec<Option<i64>> = details()
        .map(|details| details.compare_at_price.map(|price| price.money().amount()))
        .collect();
    let barcodes: Vec<Option<String>> = details()
        .map(|details| details.barcode.clone().map(String::from))
        .collect();
    let weights: Vec<Option<i32>> = details()
        .map(|details| details.weight.map(Grams::get))
        .collect();
    let millimetres = |side: fn(Dimensions) -> Millimetres| -> Vec<Option<i32>> {
        details()
            .map(|details| details.dimensions.map(side).map(Millimetres::get))
            .collect()
    };
    let lengths = millimetres(|dimensions| dimensions.length);
    let widths = millimetres(|dimensions| dimensions.width);
    let heights = millimetres(|dimensions| dimensions.height);
    // Those that stay get a passing value first, so that two variants may swap their options.
    sqlx::query!(
        r#"UPDATE product_variants
              SET archived_at = CASE WHEN id = ANY($2) THEN NULL ELSE $3::timestamptz END,
                  options = CASE WHEN id = ANY($2) THEN jsonb_build_object('', id) ELSE options END,
                  updated_at = $3
            WHERE product_id = $1 AND archived_at IS NULL"#,
        product.uuid(),
        &ids,
        now as _,
    )
    .execute(&mut *db)
    .await?;
    let done = sqlx::query!(
        r#"INSERT INTO product_variants (id, product_id, sku, options, price, position, created_at, updated_at, compare_at_price, barcode,
                                         weight_grams, length_mm, width_mm, height_mm, low_stock_threshold)
           SELECT id, $1, sku, options, price, position, $6, $6, compared, barcode, weight, length, width, height, $13
             FROM unnest($2::uuid[], $3::text[], $4::jsonb[], $5::bigint[], $7::bigint[], $8::text[], $9::int[], $10::int[], $11::int[], $12::int[])
                  WITH ORDINALITY AS v (id, sku, options, price, compared, barcode, weight, length, width, height, position)
           ON CONFLICT (id) DO UPDATE
             SET options = excluded.options, price = excluded.price, position = excluded.position, updated_at = excluded.updated_at,
                 compare_at_price = excluded.compare_at_price, barcode = excluded.barcode, weight_grams = excluded.weight_grams,
                 length_mm = excluded.length_mm, width_mm = excluded.width_mm, height_mm = excluded.height_mm"#,
        product.uuid(),
        &ids,
        &skus,
        &options,
        &prices,
        now as _,
        &compared as &[Option<i64>],
        &barcodes as &[Option<String>],
        &weights as &[Option<i32>],
        &lengths as &[Option<i32>],
        &widths as &[Option<i32>],
        &heights as &[Option<i32>],
        low_stock_threshold,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), variants.len())
}

/// Archives all variants of a product, so that their SKUs are free again.
pub(crate) async fn archive_all(
    db: &mut PgConnection,
    product: ProductId,
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE product_variants SET archived_at = $2, updated_at = $2 WHERE product_id = $1 AND archived_at IS NULL",
        product.uuid(),
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The variants that are not archived by SKU, of one seller or of all; several sellers may use one SKU.
pub(crate) async fn by_skus(
    db: &mut PgConnection,
    skus: &[String],
    seller: Option<UserId>,
) -> sqlx::Result<BTreeMap<String, Vec<VariantId>>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: VariantId", sku FROM product_variants
            WHERE sku = ANY($1) AND ($2::uuid IS NULL OR seller_id = $2) AND archived_at IS NULL"#,
        skus,
        seller.map(UserId::uuid),
    )
    .fetch_all(db)
    .await?;
    let mut found = BTreeMap::<String, Vec<VariantId>>::new();
    for row in rows {
        found.entry(row.sku).or_default().push(row.id);
    }
    Ok(found)
}

/// The product of a variant that is not archived.
pub(crate) async fn product_of(
    db: &mut PgConnection,
    variant: VariantId,
) -> sqlx::Result<Option<ProductId>> {
    sqlx::query_scalar!(
        r#"SELECT product_id AS "product_id: ProductId" FROM product_variants WHERE id = $1 AND archived_at IS NULL"#,
        variant.uuid()
    )
    .fetch_optional(db)
    .await
}
