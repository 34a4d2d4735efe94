//! Where a cart is: a user's in the database, a guest's in Redis until it is checked out or merged.
//!
//! A guest's cart moves once. It is sealed in Redis, so that nothing changes it any more; written to the database under its own id, unless it is
//! there already; and then removed from Redis. Whoever meets a sealed cart does the rest, so the move is finished however often and wherever
//! it is interrupted. The row stays when the cart is closed: should Redis lose its last second and show the cart again, moving it once more
//! finds the row and adds nothing. Everything that must happen once (merging, ordering) happens in the database, under the row's lock.

use auth_token::Principal;
use http_kit::{Error, Result};
use primitives::{CartId, VariantId};

use super::Shopper;
use crate::app::AppState;
use crate::domain::guest_token;
use crate::guest_carts::{GuestCart, Outcome, added_at};
use crate::store;
use crate::store::cart_items::CartItem;
use crate::store::carts::{Cart, Owner};

/// An open cart and where it is.
#[derive(Debug)]
pub(crate) struct OpenCart {
    pub(crate) cart: Cart,
    pub(crate) items: Vec<CartItem>,
    pub(crate) home: Home,
    /// Variants of which units were left out when a guest's cart was merged just now.
    pub(crate) reduced: Vec<VariantId>,
}

/// Where a cart is.
#[derive(Debug)]
pub(crate) enum Home {
    /// A user's, or that of a guest who tried to check out.
    Database,
    /// A guest's, under the hash of the token.
    Redis(Vec<u8>),
}

/// The shopper's open cart; a guest's is merged into the user's at the first signed-in use.
pub(crate) async fn open(app: &AppState, shopper: &Shopper) -> Result<Option<OpenCart>> {
    let mut reduced = Vec::new();
    if let Some(token) = &shopper.cart_token {
        let hash = guest_token::hash(token);
        if let Some(user) = &shopper.principal {
            reduced = merge(app, user, &hash).await?;
        } else {
            match app.guest_carts.open(&hash).await? {
                Outcome::Done(guest) => {
                    return Ok(Some(OpenCart {
                        cart: guest.cart,
                        items: guest.items,
                        home: Home::Redis(hash),
                        reduced,
                    }));
                }
                Outcome::Sealed(guest) => adopt(app, &guest, &hash).await?,
                _ => {}
            }
        }
    }
    let Some((cart, items)) = in_database(app, shopper).await? else {
        return Ok(None);
    };
    Ok(Some(OpenCart {
        cart,
        items,
        home: Home::Database,
        reduced,
    }))
}

/// As [`open`], and in the database, where it can become an order. A guest's cart without lines stays where it is.
pub(crate) async fn stored(
    app: &AppState,
    shopper: &Shopper,
) -> Result<Option<(Cart, Vec<CartItem>)>> {
    match open(app, shopper).await? {
        Some(OpenCart {
            home: Home::Redis(hash),
            items,
            ..
        }) if !items.is_empty() => {
            settle(app, &hash).await?;
            in_database(app, shopper).await
        }
        found => Ok(found.map(|open| (open.cart, open.items))),
    }
}

async fn in_database(app: &AppState, shopper: &Shopper) -> Result<Option<(Cart, Vec<CartItem>)>> {
    let Some(owner) = shopper.owner() else {
        return Ok(None);
    };
    let mut conn = app.pool.acquire().await?;
    Ok(store::carts::open(&mut conn, &owner).await?)
}

/// Moves a guest's cart to the database, if it is in Redis.
async fn settle(app: &AppState, token_hash: &[u8]) -> Result<()> {
    match app.guest_carts.seal(token_hash).await? {
        Outcome::Done(guest) | Outcome::Sealed(guest) => adopt(app, &guest, token_hash).await,
        _ => Ok(()),
    }
}

/// The second half of moving: a sealed cart.
async fn adopt(app: &AppState, guest: &GuestCart, token_hash: &[u8]) -> Result<()> {
    runtime::fault::point("cart.sealed");
    let mut tx = app.pool.begin().await?;
    if store::carts::adopt(&mut tx, guest, token_hash).await? {
        let added: Vec<_> = guest.items.iter().map(|item| added_at(item.id)).collect();
        store::cart_items::insert_all(&mut tx, guest.cart.id, &guest.items, &added).await?;
    }
    tx.commit().await?;
    runtime::fault::point("cart.moved");
    if let Err(error) = app.guest_carts.remove(token_hash).await {
        tracing::warn!(%error, "a cart that moved is still in Redis; its next use removes it");
    }
    Ok(())
}

/// Moves a guest's lines into the user's cart. The guest's cart is locked first, so that doing it twice at once moves them once.
async fn merge(app: &AppState, user: &Principal, token_hash: &[u8]) -> Result<Vec<VariantId>> {
    use sqlx::Connection as _;
    if let Err(error) = bring(app, token_hash).await {
        // A user's cart is there without Redis; the guest's comes along when Redis is back.
        tracing::warn!(%error, "a guest's cart could not be merged yet");
    }
    let mut conn = app.pool.acquire().await?;
    if !store::carts::is_open(&mut conn, token_hash).await? {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    let mut tx = conn.begin().await?;
    let Some(guest) = store::carts::lock_guest(&mut tx, token_hash).await? else {
        return Ok(Vec::new());
    };
    let new = CartId::new(now, &app.random);
    let owner = Owner::User(user.user_id);
    let into = store::carts::touch_or_create(&mut tx, new, &owner, guest.currency, now)
        .await?
        .ok_or_else(|| Error::internal(anyhow::anyhow!("a user's cart could not be made")))?;
    let reduced = store::cart_items::move_all(&mut tx, guest.id, into.id).await?;
    store::carts::close_merged(&mut tx, guest.id, into.id, now).await?;
    tx.commit().await?;
    Ok(reduced)
}

/// Moves a guest's cart that is worth it to the database.
async fn bring(app: &AppState, token_hash: &[u8]) -> Result<()> {
    match app.guest_carts.open(token_hash).await? {
        Outcome::Done(guest) if guest.items.is_empty() && guest.cart.coupon.is_none() => Ok(()),
        Outcome::Done(_) => settle(app, token_hash).await,
        Outcome::Sealed(guest) => adopt(app, &guest, token_hash).await,
        _ => Ok(()),
    }
}
