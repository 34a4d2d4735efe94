//! `cart_items`: one line for each variant of a cart.

use primitives::{CartId, CartItemId, ProductId, Quantity, Timestamp, VariantId};
use sqlx::PgConnection;
use uuid::Uuid;

/// A line.
#[derive(Debug, Clone)]
pub(crate) struct CartItem {
    pub(crate) id: CartItemId,
    pub(crate) product_id: ProductId,
    pub(crate) variant_id: VariantId,
    pub(crate) quantity: i32,
    /// A unit's price, in the cart's currency, when the customer last said that the line is right.
    pub(crate) seen_price: Option<i64>,
}

/// The cart's lines in the order in which they came.
pub(crate) async fn list(
    conn: &mut PgConnection,
    cart: CartId,
) -> Result<Vec<CartItem>, sqlx::Error> {
    sqlx::query_as!(
        CartItem,
        r#"SELECT id AS "id: CartItemId", product_id AS "product_id: ProductId", variant_id AS "variant_id: VariantId", quantity, seen_price
             FROM cart_items WHERE cart_id = $1 ORDER BY added_at, id"#,
        cart as CartId,
    )
    .fetch_all(conn)
    .await
}

/// Adds units to the variant's line, at the price that the customer sees. None if the line would hold more than [`Quantity::MAX`].
pub(crate) async fn add(
    conn: &mut PgConnection,
    cart: CartId,
    new: &CartItem,
    now: Timestamp,
) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity, added_at, seen_price) VALUES ($1, $2, $3, $4, $5, $6, $8)
         ON CONFLICT ON CONSTRAINT cart_items_one_line_per_variant
         DO UPDATE SET quantity = cart_items.quantity + excluded.quantity, seen_price = excluded.seen_price
                 WHERE cart_items.quantity + excluded.quantity <= $7
         RETURNING quantity",
        new.id as CartItemId,
        cart as CartId,
        new.product_id as ProductId,
        new.variant_id as VariantId,
        new.quantity,
        now as Timestamp,
        Quantity::MAX,
        new.seen_price,
    )
    .fetch_optional(conn)
    .await
}

/// Puts lines that come from elsewhere into a new cart. One statement.
pub(crate) async fn insert_all(
    conn: &mut PgConnection,
    cart: CartId,
    items: &[CartItem],
    added_at: &[Timestamp],
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = items.iter().map(|item| item.id.uuid()).collect();
    let products: Vec<Uuid> = items.iter().map(|item| item.product_id.uuid()).collect();
    let variants: Vec<Uuid> = items.iter().map(|item| item.variant_id.uuid()).collect();
    let quantities: Vec<i32> = items.iter().map(|item| item.quantity).collect();
    let prices: Vec<Option<i64>> = items.iter().map(|item| item.seen_price).collect();
    sqlx::query!(
        "INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity, seen_price, added_at)
         SELECT id, $1, product_id, variant_id, quantity, seen_price, added_at
           FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::integer[], $6::bigint[], $7::timestamptz[])
                AS line (id, product_id, variant_id, quantity, seen_price, added_at)",
        cart as CartId,
        &ids,
        &products,
        &variants,
        &quantities,
        &prices as &[Option<i64>],
        added_at as &[Timestamp],
    )
    .execute(conn)
    .await
    .map(drop)
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

/// Keeps the prices that the customer has seen.
pub(crate) async fn set_seen(
    conn: &mut PgConnection,
    cart: CartId,
    prices: &[(VariantId, i64)],
) -> Result<(), sqlx::Error> {
    let variants: Vec<Uuid> = prices.iter().map(|(variant, _)| variant.uuid()).collect();
    let amounts: Vec<i64> = prices.iter().map(|(_, price)| *price).collect();
    sqlx::query!(
        "UPDATE cart_items SET seen_price = seen.price FROM unnest($2::uuid[], $3::bigint[]) AS seen (variant_id, price)
          WHERE cart_items.cart_id = $1 AND cart_items.variant_id = seen.variant_id",
        cart as CartId,
        &variants,
        &amounts,
    )
    .execute(conn)
    .await
    .map(drop)
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

/// Moves all lines into another cart; units of a variant that both have are added, up to [`Quantity::MAX`]. Answers the variants of which
/// some units were left out by that.
pub(crate) async fn move_all(
    conn: &mut PgConnection,
    from: CartId,
    into: CartId,
) -> Result<Vec<VariantId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH moved AS (DELETE FROM cart_items WHERE cart_id = $1 RETURNING id, product_id, variant_id, quantity, seen_price, added_at),
                written AS (
                  INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity, seen_price, added_at)
                  SELECT id, $2, product_id, variant_id, quantity, seen_price, added_at FROM moved
                  ON CONFLICT ON CONSTRAINT cart_items_one_line_per_variant
                  DO UPDATE SET quantity = least(cart_items.quantity + excluded.quantity, $3), seen_price = excluded.seen_price)
           SELECT variant_id AS "id: VariantId" FROM moved JOIN cart_items i USING (variant_id)
            WHERE i.cart_id = $2 AND i.quantity + moved.quantity > $3"#,
        from as CartId,
        into as CartId,
        Quantity::MAX,
    )
    .fetch_all(conn)
    .await
}
