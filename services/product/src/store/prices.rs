//! The price history: at which prices the variants of a product were offered to the public, and when.

use primitives::{Clock, ProductId};
use sqlx::PgConnection;

/// Notes at which prices a product's variants are offered from now on. Called after whatever may change that; when nothing did,
/// it changes nothing.
pub(crate) async fn record(
    db: &mut PgConnection,
    product: ProductId,
    clock: &Clock,
) -> sqlx::Result<()> {
    let now = clock.now();
    sqlx::query!(
        r#"UPDATE price_history h SET valid_until = greatest($2, h.valid_from)
             FROM product_variants v JOIN products p ON p.id = v.product_id
            WHERE v.product_id = $1 AND h.variant_id = v.id AND h.valid_until IS NULL
              AND (p.status <> 'active' OR v.archived_at IS NOT NULL
                   OR (h.price, h.currency, h.compare_at_price) IS DISTINCT FROM (v.price, p.currency, v.compare_at_price))"#,
        product.uuid(),
        now as _,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"INSERT INTO price_history (variant_id, price, compare_at_price, currency, valid_from)
           SELECT v.id, v.price, v.compare_at_price, p.currency, $2 FROM product_variants v JOIN products p ON p.id = v.product_id
            WHERE v.product_id = $1 AND v.archived_at IS NULL AND p.status = 'active'
           ON CONFLICT (variant_id) WHERE valid_until IS NULL DO NOTHING"#,
        product.uuid(),
        now as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
