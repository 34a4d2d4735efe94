//! Changes of what is in a cart already, wherever the cart is.

use http_kit::{Error, Result};
use primitives::{CartItemId, Quantity, VariantId};

use super::home::{self, Home, OpenCart};
use super::{ATTEMPTS, Shopper, changed};
use crate::app::AppState;
use crate::guest_carts::Outcome;
use crate::store;
use crate::store::cart_items::CartItem;
use crate::store::carts::Cart;

/// A change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    /// A line's units.
    Quantity(CartItemId, Quantity),
    /// A line goes.
    Remove(CartItemId),
    /// Everything goes, the coupon too.
    Clear,
    /// The coupon's code, or none.
    Coupon(Option<&'a str>),
    /// The prices that the customer knows of.
    Seen(&'a [(VariantId, i64)]),
}

/// The cart after the change. None if the shopper has no open cart.
pub(crate) async fn apply(
    app: &AppState,
    shopper: &Shopper,
    change: Change<'_>,
) -> Result<Option<OpenCart>> {
    for _ in 0..ATTEMPTS {
        let Some(open) = home::open(app, shopper).await? else {
            return Ok(None);
        };
        let done = match &open.home {
            Home::Database => in_database(app, &open.cart, change).await?,
            Home::Redis(hash) => in_redis(app, hash, &open.items, change).await?,
        };
        // None: it was closed or moved in the meantime.
        if let Some((cart, items)) = done {
            return Ok(Some(OpenCart {
                cart,
                items,
                ..open
            }));
        }
    }
    Err(changed())
}

type Changed = Option<(Cart, Vec<CartItem>)>;

async fn in_database(app: &AppState, cart: &Cart, change: Change<'_>) -> Result<Changed> {
    let now = app.clock.now();
    let mut cart = cart.clone();
    let mut tx = app.pool.begin().await?;
    let version = match change {
        Change::Coupon(code) => {
            cart.coupon = code.map(str::to_owned);
            store::carts::set_coupon(&mut tx, cart.id, code, now).await?
        }
        Change::Clear => {
            cart.coupon = None;
            store::carts::set_coupon(&mut tx, cart.id, None, now).await?
        }
        Change::Quantity(..) | Change::Remove(_) | Change::Seen(_) => {
            store::carts::touch(&mut tx, cart.id, now).await?
        }
    };
    let Some(version) = version else {
        return Ok(None);
    };
    cart.version = version;
    let there = match change {
        Change::Quantity(item, quantity) => {
            store::cart_items::set(&mut tx, cart.id, item, quantity).await?
        }
        Change::Remove(item) => store::cart_items::remove(&mut tx, cart.id, item).await?,
        Change::Clear => {
            store::cart_items::clear(&mut tx, cart.id).await?;
            true
        }
        Change::Seen(prices) => {
            store::cart_items::set_seen(&mut tx, cart.id, prices).await?;
            true
        }
        Change::Coupon(_) => true,
    };
    if !there {
        return Err(Error::not_found("cart item"));
    }
    let items = store::cart_items::list(&mut tx, cart.id).await?;
    tx.commit().await?;
    Ok(Some((cart, items)))
}

async fn in_redis(
    app: &AppState,
    hash: &[u8],
    items: &[CartItem],
    change: Change<'_>,
) -> Result<Changed> {
    let carts = &app.guest_carts;
    let line = |id| {
        let mut lines = items.iter();
        lines
            .find(|line| line.id == id)
            .ok_or_else(|| Error::not_found("cart item"))
    };
    let outcome = match change {
        Change::Quantity(item, quantity) => carts.set(hash, line(item)?, Some(quantity)).await?,
        Change::Remove(item) => carts.set(hash, line(item)?, None).await?,
        Change::Clear => carts.clear(hash).await?,
        Change::Coupon(code) => carts.set_coupon(hash, code).await?,
        Change::Seen(prices) => carts.set_seen(hash, prices).await?,
    };
    match outcome {
        Outcome::Done(guest) => Ok(Some((guest.cart, guest.items))),
        Outcome::NoLine => Err(Error::not_found("cart item")),
        _ => Ok(None),
    }
}
