//! Who bought what: a projection of confirmed orders.

use primitives::{Clock, OrderId, ProductId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Locks the products of variants in the order of their ids; answers the product of each variant.
pub(crate) async fn lock_products(db: &mut PgConnection, variants: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT id FROM products WHERE id IN (SELECT product_id FROM product_variants WHERE id = ANY($1)) ORDER BY id FOR NO KEY UPDATE",
        variants
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Counts units sold (negative: taken back), per variant. The products must be locked.
pub(crate) async fn count_sold(
    db: &mut PgConnection,
    variants: &[Uuid],
    units: &[i32],
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"UPDATE products p SET sold_count = greatest(0, p.sold_count + s.units)
             FROM (SELECT v.product_id, sum(d.units) AS units FROM unnest($1::uuid[], $2::integer[]) AS d (variant_id, units)
                     JOIN product_variants v ON v.id = d.variant_id GROUP BY v.product_id) s
            WHERE p.id = s.product_id"#,
        variants,
        units,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that a user bought the products of an order.
pub(crate) async fn add(
    db: &mut PgConnection,
    user: UserId,
    order: OrderId,
    variants: &[Uuid],
    units: &[i32],
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"INSERT INTO purchases (user_id, product_id, order_id, quantity, purchased_at)
           SELECT $1, v.product_id, $2, sum(d.units), $5
             FROM unnest($3::uuid[], $4::integer[]) AS d (variant_id, units)
             JOIN product_variants v ON v.id = d.variant_id
            GROUP BY v.product_id
           ON CONFLICT DO NOTHING"#,
        user.uuid(),
        order.uuid(),
        variants,
        units,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets the purchases of an order that was cancelled.
pub(crate) async fn remove(db: &mut PgConnection, order: OrderId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM purchases WHERE order_id = $1", order.uuid())
        .execute(db)
        .await?;
    Ok(())
}

/// Whether a user bought a product.
pub(crate) async fn exists(
    db: &mut PgConnection,
    user: UserId,
    product: ProductId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM purchases WHERE user_id = $1 AND product_id = $2) AS "exists!""#,
        user.uuid(),
        product.uuid()
    )
    .fetch_one(db)
    .await
}
