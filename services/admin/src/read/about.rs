//! What conversations may be about.

use primitives::{OrderId, ProductId, UserId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// The number of somebody's order; nothing if it is not theirs.
pub(crate) async fn order_of(
    conn: &mut PgConnection,
    order: OrderId,
    user: UserId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT number::text FROM orders WHERE id = $1 AND user_id = $2")
        .bind(order)
        .bind(user)
        .fetch_optional(conn)
        .await
}

/// Whose these orders are, but for guests'.
pub(crate) async fn owners(
    conn: &mut PgConnection,
    orders: &[Uuid],
) -> sqlx::Result<Vec<(OrderId, UserId)>> {
    sqlx::query_as("SELECT id, user_id FROM orders WHERE id = ANY ($1) AND user_id IS NOT NULL")
        .bind(orders)
        .fetch_all(conn)
        .await
}

/// A product, as far as it matters who may ask about it.
#[derive(Debug, FromRow)]
pub(crate) struct Product {
    pub(crate) title: String,
    pub(crate) seller_id: UserId,
    pub(crate) public: bool,
}

pub(crate) async fn product(
    conn: &mut PgConnection,
    id: ProductId,
) -> sqlx::Result<Option<Product>> {
    sqlx::query_as(
        "SELECT title, seller_id, status = 'active' AS public FROM products WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

pub(crate) async fn has_bought(
    conn: &mut PgConnection,
    user: UserId,
    product: ProductId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM purchases WHERE user_id = $1 AND product_id = $2)",
    )
    .bind(user)
    .bind(product)
    .fetch_one(conn)
    .await
}
