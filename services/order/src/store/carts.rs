//! `carts`: whose basket it is, and which one is open.

use primitives::{CartId, CartItemId, Currency, OrderId, ProductId, Timestamp, UserId, VariantId};
use sqlx::PgConnection;

use super::cart_items::CartItem;
use crate::guest_carts::GuestCart;

/// An open cart without its lines.
#[derive(Debug, Clone)]
pub(crate) struct Cart {
    pub(crate) id: CartId,
    pub(crate) currency: Currency,
    pub(crate) coupon: Option<String>,
    pub(crate) version: i32,
}

struct Row {
    id: CartId,
    currency: String,
    coupon: Option<String>,
    version: i32,
}

impl TryFrom<Row> for Cart {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let currency = super::parse(&row.currency)?;
        Ok(Self {
            id: row.id,
            currency,
            coupon: row.coupon,
            version: row.version,
        })
    }
}

/// Whose cart: a user's, or that of a guest who holds the token with this hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    User(UserId),
    Guest(Vec<u8>),
}

impl Owner {
    fn columns(&self) -> (Option<UserId>, Option<&[u8]>) {
        match self {
            Self::User(id) => (Some(*id), None),
            Self::Guest(hash) => (None, Some(hash)),
        }
    }
}

/// The owner's open cart with its lines, in the order in which they came. One statement.
pub(crate) async fn open(
    conn: &mut PgConnection,
    owner: &Owner,
) -> Result<Option<(Cart, Vec<CartItem>)>, sqlx::Error> {
    let (user, hash) = owner.columns();
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id: CartId", c.currency, c.coupon, c.version, i.id AS "item_id?: CartItemId",
                  i.product_id AS "product_id?: ProductId", i.variant_id AS "variant_id?: VariantId", i.quantity AS "quantity?",
                  i.seen_price
             FROM carts c LEFT JOIN cart_items i ON i.cart_id = c.id
            WHERE c.status = 'open' AND (c.user_id = $1 OR c.token_hash = $2)
            ORDER BY i.added_at, i.id"#,
        user as Option<UserId>,
        hash,
    )
    .fetch_all(conn)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let currency = super::parse(&first.currency)?;
    let cart = Cart {
        id: first.id,
        currency,
        coupon: first.coupon.clone(),
        version: first.version,
    };
    let items = rows
        .iter()
        .filter_map(|row| {
            Some(CartItem {
                id: row.item_id?,
                product_id: row.product_id?,
                variant_id: row.variant_id?,
                quantity: row.quantity?,
                seen_price: row.seen_price,
            })
        })
        .collect();
    Ok(Some((cart, items)))
}

/// Makes the owner's cart, or finds the open one, and counts a change: the row is locked until the transaction ends.
pub(crate) async fn touch_or_create(
    conn: &mut PgConnection,
    new: CartId,
    owner: &Owner,
    currency: Currency,
    now: Timestamp,
) -> Result<Option<Cart>, sqlx::Error> {
    let row = match owner {
        Owner::User(user) => {
            sqlx::query_as!(
                Row,
                r#"INSERT INTO carts (id, user_id, currency, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
                   ON CONFLICT (user_id) WHERE status = 'open' DO UPDATE SET version = carts.version + 1, updated_at = $4
                   RETURNING id AS "id: CartId", currency, coupon, version"#,
                new as CartId,
                *user as UserId,
                currency.code(),
                now as Timestamp,
            )
            .fetch_optional(conn)
            .await?
        }
        // A token whose cart is closed opens nothing any more: no row.
        Owner::Guest(hash) => {
            sqlx::query_as!(
                Row,
                r#"INSERT INTO carts (id, token_hash, currency, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
                   ON CONFLICT (token_hash) DO UPDATE SET version = carts.version + 1, updated_at = $4 WHERE carts.status = 'open'
                   RETURNING id AS "id: CartId", currency, coupon, version"#,
                new as CartId,
                hash,
                currency.code(),
                now as Timestamp,
            )
            .fetch_optional(conn)
            .await?
        }
    };
    row.map(Cart::try_from).transpose()
}

/// Writes a guest's cart that comes from Redis, as it was there. False if it is here already, whatever became of it.
pub(crate) async fn adopt(
    conn: &mut PgConnection,
    guest: &GuestCart,
    token_hash: &[u8],
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO carts (id, token_hash, currency, coupon, version, created_at, updated_at, abandoned_version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT version FROM abandoned_guest_carts WHERE cart_id = $1))
         ON CONFLICT DO NOTHING",
        guest.cart.id as CartId,
        token_hash,
        guest.cart.currency.code(),
        guest.cart.coupon,
        guest.cart.version,
        guest.created_at as Timestamp,
        guest.updated_at as Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts a change of an open cart and locks it until the transaction ends. None if it is closed.
pub(crate) async fn touch(
    conn: &mut PgConnection,
    cart: CartId,
    now: Timestamp,
) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE carts SET version = version + 1, updated_at = $2 WHERE id = $1 AND status = 'open' RETURNING version",
        cart as CartId,
        now as Timestamp,
    )
    .fetch_optional(conn)
    .await
}

/// Sets or removes the coupon. None if the cart is closed.
pub(crate) async fn set_coupon(
    conn: &mut PgConnection,
    cart: CartId,
    code: Option<&str>,
    now: Timestamp,
) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE carts SET coupon = $2, version = version + 1, updated_at = $3 WHERE id = $1 AND status = 'open' RETURNING version",
        cart as CartId,
        code,
        now as Timestamp,
    )
    .fetch_optional(conn)
    .await
}

/// Whether the guest has an open cart here.
pub(crate) async fn is_open(
    conn: &mut PgConnection,
    token_hash: &[u8],
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM carts WHERE token_hash = $1 AND status = 'open') AS "open!""#,
        token_hash,
    )
    .fetch_one(conn)
    .await
}

/// Locks the guest's open cart for a merge.
pub(crate) async fn lock_guest(
    conn: &mut PgConnection,
    token_hash: &[u8],
) -> Result<Option<Cart>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: CartId", currency, coupon, version
             FROM carts WHERE token_hash = $1 AND status = 'open' FOR UPDATE"#,
        token_hash,
    )
    .fetch_optional(conn)
    .await?
    .map(Cart::try_from)
    .transpose()
}

/// Closes a guest's cart whose lines have moved; its coupon goes along if the user's cart has none.
pub(crate) async fn close_merged(
    conn: &mut PgConnection,
    guest: CartId,
    into: CartId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH merged AS (UPDATE carts SET status = 'merged', updated_at = $3 WHERE id = $1 RETURNING coupon)
         UPDATE carts SET coupon = coalesce(carts.coupon, merged.coupon) FROM merged WHERE carts.id = $2",
        guest as CartId,
        into as CartId,
        now as Timestamp,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// Fixes the order id of the cart's checkout: the one of an attempt that still runs or crashed, else `new`. None if the cart is closed.
pub(crate) async fn fix_order(
    conn: &mut PgConnection,
    cart: CartId,
    new: OrderId,
) -> Result<Option<OrderId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"UPDATE carts SET order_id = coalesce(order_id, $2) WHERE id = $1 AND status = 'open' RETURNING order_id AS "order_id!: OrderId""#,
        cart as CartId,
        new as OrderId,
    )
    .fetch_optional(conn)
    .await
}

/// Gives up an order id before its hold on stock is released. False if somebody else has: then the hold is not ours to release.
pub(crate) async fn give_up_order(
    conn: &mut PgConnection,
    cart: CartId,
    order: OrderId,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE carts SET order_id = NULL WHERE id = $1 AND status = 'open' AND order_id = $2",
        cart as CartId,
        order as OrderId,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Closes the cart as the order's, if it is still as it was when stock was held for it.
pub(crate) async fn check_out(
    conn: &mut PgConnection,
    cart: &Cart,
    order: OrderId,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE carts SET status = 'checked_out', updated_at = $4 WHERE id = $1 AND status = 'open' AND order_id = $2 AND version = $3",
        cart.id as CartId,
        order as OrderId,
        cart.version,
        now as Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
