//! `cart_items`: one line for each variant of a cart.

use primitives::{CartId, CartItemId, ProductId, Quantity, Timestamp, VariantId};
use sqlx::PgConnection;

/// A line.
#[derive(Debug, Clone)]
pub(crate) struct CartItem {
    pub(crate) id: CartItemId,
    pub(crate) product_id: ProductId,
    pub(crate) variant_id: VariantId,
    pub(crate) quantity: i32,
}

/// The cart's lines in the order in which they came.
pub(crate) async fn list(
    conn: &mut PgConnection,
    cart: CartId,
) -> Result<Vec<CartItem>, sqlx::Error> {
    sqlx::query_as!(
        CartItem,
        r#"SELECT id AS "id: CartItemId", product_id AS "product_id: ProductId", variant_id AS "variant_id: VariantId", quantity
             FROM cart_items WHERE cart_id = $1 ORDER BY added_at, id"#,
        cart as CartId,
    )
    .fetch_all(conn)
    .await
}

/// Adds units to the variant's line. None if the line would hold more than [`Quantity::MAX`].
pub(crate) async fn add(
    conn: &mut PgConnection,
    cart: CartId,
    new: CartItemId,
    product: ProductId,
    variant: VariantId,
    quantity: Quantity,
    now: Timestamp,
) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity, added_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT ON CONSTRAINT cart_items_one_line_per_variant
         DO UPDATE SET quantity = cart_items.quantity + excluded.quantity WHERE cart_items.quantity + excluded.quantity <= $7
         RETURNING quantity",
        new as CartItemId,
        cart as CartId,
        product as ProductId,
        variant as VariantId,
        quantity.get(),
        now as Timestamp,
        Quantity::MAX,
    )
    .fetch_optional(conn)
    .await
}

/// Sets a line's units. False if the cart has no such line.
pub(crate) async fn set(
    conn: &mut PgConnection,
    cart: CartId,
    item: CartItemId,
    quantity: Quantity,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE cart_items SET quantity = $3 WHERE cart_id = $1 AND id = $2",
        cart as CartId,
        item as CartItemId,
        quantity.get(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a line. False if the cart has no such line.
pub(crate) async fn remove(
    conn: &mut PgConnection,
    cart: CartId,
    item: CartItemId,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM cart_items WHERE cart_id = $1 AND id = $2",
        cart as CartId,
        item as CartItemId
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes all lines.
pub(crate) async fn clear(conn: &mut PgConnection, cart: CartId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM cart_items WHERE cart_id = $1", cart as CartId)
        .execute(conn)
        .await
        .map(drop)
}

/// Moves all lines into another cart; units of a variant that both have are added, up to [`Quantity::MAX`].
pub(crate) async fn move_all(
    conn: &mut PgConnection,
    from: CartId,
    into: CartId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH moved AS (DELETE FROM cart_items WHERE cart_id = $1 RETURNING id, product_id, variant_id, quantity, added_at)
         INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity, added_at)
         SELECT id, $2, product_id, variant_id, quantity, added_at FROM moved
         ON CONFLICT ON CONSTRAINT cart_items_one_line_per_variant
         DO UPDATE SET quantity = least(cart_items.quantity + excluded.quantity, $3)",
        from as CartId,
        into as CartId,
        Quantity::MAX,
    )
    .execute(conn)
    .await
    .map(drop)
}
