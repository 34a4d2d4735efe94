//! What a product said when staff last decided on it.

use primitives::{Clock, ProductId};
use sqlx::PgConnection;

/// Keeps what a product says now, that was just approved or refused.
pub(crate) async fn note(
    db: &mut PgConnection,
    product: ProductId,
    approved: bool,
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO product_decisions (product_id, approved, decided_at, content) VALUES ($1, $2, $3, product_content($1))
         ON CONFLICT (product_id) DO UPDATE SET approved = excluded.approved, decided_at = excluded.decided_at, content = excluded.content",
        product.uuid(),
        approved,
        clock.now() as _,
    )
    .execute(db)
    .await
    .map(drop)
}
