//! Who bought what: a projection of confirmed orders.

use primitives::{Clock, OrderId, ProductId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::recommendations;

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

/// Notes that a user bought what an order sold.
pub(crate) async fn add(
    db: &mut PgConnection,
    user: UserId,
    order: OrderId,
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"INSERT INTO purchases (user_id, product_id, order_id, quantity, purchased_at)
           SELECT $1, v.product_id, $2, sum(l.quantity), $3
             FROM reservation_lines l JOIN product_variants v ON v.id = l.variant_id
            WHERE l.order_id = $2
            GROUP BY v.product_id
           ON CONFLICT DO NOTHING"#,
        user.uuid(),
        order.uuid(),
        clock.now() as _,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"UPDATE reviews r SET verified_purchase = true, version = version + 1
             FROM purchases p
            WHERE p.order_id = $1 AND r.product_id = p.product_id AND r.user_id = p.user_id AND NOT r.verified_purchase"#,
        order.uuid()
    )
    .execute(&mut *db)
    .await?;
    recommendations::user_changed(db, user).await
}

/// Forgets the purchases of an order that was cancelled or paid back. What was written of them loses the mark of a purchase, unless the
/// author bought the thing another time as well. The products must be locked.
pub(crate) async fn remove(db: &mut PgConnection, order: OrderId) -> sqlx::Result<()> {
    recommendations::given_back(db, order).await?;
    sqlx::query!(
        r#"WITH gone AS (DELETE FROM purchases WHERE order_id = $1 RETURNING user_id, product_id)
           UPDATE reviews r SET verified_purchase = false, version = version + 1
             FROM gone g
            WHERE r.product_id = g.product_id AND r.user_id = g.user_id AND r.verified_purchase
              AND NOT EXISTS (SELECT FROM purchases p WHERE p.user_id = g.user_id AND p.product_id = g.product_id AND p.order_id <> $1)"#,
        order.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks the products that an order bought, in the order of their ids.
pub(crate) async fn lock_products_of(db: &mut PgConnection, order: OrderId) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT id FROM products WHERE id IN (SELECT product_id FROM purchases WHERE order_id = $1) ORDER BY id FOR NO KEY UPDATE",
        order.uuid()
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// What was heard of an order besides its confirmation, before it or after it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Notes {
    /// Whose a guest's order is now.
    pub(crate) claimed_by: Option<UserId>,
    /// Whether all of its money went back.
    pub(crate) refunded: bool,
}

/// What was heard of an order.
pub(crate) async fn notes(db: &mut PgConnection, order: OrderId) -> sqlx::Result<Option<Notes>> {
    sqlx::query_as!(
        Notes,
        r#"SELECT claimed_by AS "claimed_by: UserId", refunded_at IS NOT NULL AS "refunded!" FROM order_notes WHERE order_id = $1"#,
        order.uuid()
    )
    .fetch_optional(db)
    .await
}

/// Notes to whose account a guest's order went.
pub(crate) async fn note_claim(
    db: &mut PgConnection,
    order: OrderId,
    user: UserId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO order_notes (order_id, claimed_by) VALUES ($1, $2) ON CONFLICT (order_id) DO UPDATE SET claimed_by = $2",
        order.uuid(),
        user.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that all money of an order went back.
pub(crate) async fn note_refund(
    db: &mut PgConnection,
    order: OrderId,
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO order_notes (order_id, refunded_at) VALUES ($1, $2) ON CONFLICT (order_id) DO UPDATE SET refunded_at = $2",
        order.uuid(),
        clock.now() as _
    )
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
