//! `order_tags`: words by which staff find orders again.

use primitives::{OrderId, Timestamp};
use sqlx::PgConnection;

use crate::domain::tag::Tag;

/// An order's tags, sorted.
pub(crate) async fn list(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT tag FROM order_tags WHERE order_id = $1 ORDER BY tag",
        order as OrderId
    )
    .fetch_all(conn)
    .await
}

/// Adds a tag; false if the order has it.
pub(crate) async fn add(
    conn: &mut PgConnection,
    order: OrderId,
    tag: &Tag,
    actor: &str,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO order_tags (order_id, tag, actor, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        order as OrderId,
        tag.as_str(),
        actor,
        now as Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a tag; false if the order does not have it.
pub(crate) async fn remove(
    conn: &mut PgConnection,
    order: OrderId,
    tag: &Tag,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM order_tags WHERE order_id = $1 AND tag = $2",
        order as OrderId,
        tag.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
