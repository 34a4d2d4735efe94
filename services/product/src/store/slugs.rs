//! Addresses: every slug that a product has or had is its own for ever.

use primitives::{Clock, ProductId, UserId};
use sqlx::PgConnection;

use crate::domain::status::Status;

/// Claims a slug for a product that is, or is about to be, written. False if another product has it, or had it once. Whoever
/// asks for the same slug meanwhile waits.
pub(crate) async fn claim(
    db: &mut PgConnection,
    slug: &str,
    product: ProductId,
    clock: &Clock,
) -> sqlx::Result<bool> {
    let claimed = sqlx::query!(
        "INSERT INTO product_slugs (slug, product_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (slug) DO NOTHING",
        slug,
        product.uuid(),
        clock.now() as _,
    )
    .execute(&mut *db)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(true);
    }
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM product_slugs WHERE slug = $1 AND product_id = $2) AS "own!""#,
        slug,
        product.uuid()
    )
    .fetch_one(db)
    .await
}

/// The product that once had a slug.
#[derive(Debug, Clone)]
pub(crate) struct Moved {
    pub(crate) id: ProductId,
    /// What it is now.
    pub(crate) slug: String,
    pub(crate) seller_id: UserId,
    pub(crate) status: Status,
}

/// Looks a former slug up.
pub(crate) async fn moved(db: &mut PgConnection, former: &str) -> sqlx::Result<Option<Moved>> {
    sqlx::query_as!(
        Moved,
        r#"SELECT p.id AS "id: ProductId", p.slug, p.seller_id AS "seller_id: UserId", p.status AS "status: Status"
             FROM product_slugs s JOIN products p ON p.id = s.product_id WHERE s.slug = $1 AND p.slug <> $1"#,
        former
    )
    .fetch_optional(db)
    .await
}
