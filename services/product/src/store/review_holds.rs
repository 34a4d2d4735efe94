//! Whose next review of a product waits for staff.

use primitives::{ProductId, UserId};
use sqlx::PgConnection;

/// Makes the author's next review of the product wait for staff.
pub(crate) async fn add(
    db: &mut PgConnection,
    product: ProductId,
    author: UserId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO review_holds (product_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        product.uuid(),
        author.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether the author's review of the product waits for staff in any case; it is not said twice.
pub(crate) async fn take(
    db: &mut PgConnection,
    product: ProductId,
    author: UserId,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM review_holds WHERE product_id = $1 AND user_id = $2",
        product.uuid(),
        author.uuid()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}
