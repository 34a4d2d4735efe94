//! Putting units of a variant into a cart.

use std::collections::BTreeMap;

use contracts::internal::variants::VariantSnapshot;
use http_kit::{Error, IdempotencyKey, OnConstraint as _, Result, one_field};
use primitives::{CartId, CartItemId, ProductId, Quantity, VariantId};

use super::home::{self, Home, OpenCart};
use super::{ATTEMPTS, CartContents, MAX_LINES, Shopper, changed, complete};
use crate::app::AppState;
use crate::domain::guest_token;
use crate::guest_carts::{Addition, Outcome};
use crate::store;
use crate::store::cart_items::CartItem;
use crate::store::carts::{Cart, Owner};
use crate::workflows::checkout::caller;

/// What is put into a cart.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Choice {
    Variant(VariantId),
    /// A product with one variant.
    Product(ProductId),
}

/// What makes a repeated request recognisable, if the client cares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Once<'a> {
    pub(crate) key: &'a IdempotencyKey,
    pub(crate) hash: [u8; 32],
}

/// Puts units of a variant into the cart. Product is asked before anything changes, once for the new and the old lines together.
/// A repetition of a request (`once`) adds nothing and answers the cart as it is.
pub(crate) async fn add(
    app: &AppState,
    shopper: &Shopper,
    choice: Choice,
    quantity: Quantity,
    once: Option<Once<'_>>,
) -> Result<CartContents> {
    for _ in 0..ATTEMPTS {
        let known = home::open(app, shopper).await?;
        if let Some(once) = once
            && was_done(app, shopper, known.as_ref(), once).await?
        {
            return super::read(app, shopper).await;
        }
        let variants = look_up(app, known.as_ref(), choice).await?;
        let chosen = choose(&variants, choice)?;
        let currency = known
            .as_ref()
            .map_or(app.currency(), |open| open.cart.currency);
        if chosen.price.currency() != currency {
            return Err(one_field(
                "variant_id",
                "other_currency",
                format!(
                    "is sold in {}, the cart is in {currency}",
                    chosen.price.currency()
                ),
            ));
        }
        let item = CartItem {
            id: CartItemId::new(app.clock.now(), &app.random),
            product_id: chosen.product_id,
            variant_id: chosen.variant_id,
            quantity: quantity.get(),
            seen_price: Some(chosen.price.amount()),
        };
        runtime::fault::point("cart.chosen");
        let mut shopper = shopper.clone();
        let added = match (&known, shopper.owner()) {
            (None, Some(Owner::Guest(_)) | None) => {
                // A token that we did not give out, or whose cart is closed, is not taken over.
                let token = app.new_token();
                let hash = guest_token::hash(&token);
                shopper.cart_token = Some(token);
                let id = CartId::new(app.clock.now(), &app.random);
                let addition = addition(&item, quantity, None);
                in_redis(app.guest_carts.begin(&hash, id, currency, addition).await?)?
            }
            (
                Some(OpenCart {
                    home: Home::Redis(hash),
                    ..
                }),
                _,
            ) => {
                let addition = addition(&item, quantity, once);
                in_redis(app.guest_carts.add(hash, addition).await?)?
            }
            (_, Some(owner)) => in_database(app, &owner, &item, currency, once).await?,
            (Some(_), None) => None,
        };
        // None: it was closed or moved in the meantime, or the same request came twice at once.
        if let Some((cart, items)) = added {
            let reduced = known.map(|open| open.reduced).unwrap_or_default();
            let contents = complete(app, &shopper, cart, items, variants).await?;
            return Ok(CartContents {
                reduced,
                ..contents
            });
        }
    }
    Err(changed())
}

async fn look_up(
    app: &AppState,
    known: Option<&OpenCart>,
    choice: Choice,
) -> Result<BTreeMap<VariantId, VariantSnapshot>> {
    let lines = known.into_iter().flat_map(|open| &open.items);
    let mut wanted: Vec<VariantId> = lines.map(|item| item.variant_id).collect();
    let products = match choice {
        Choice::Variant(id) => {
            wanted.push(id);
            vec![]
        }
        Choice::Product(id) => vec![id],
    };
    wanted.sort_unstable();
    wanted.dedup();
    app.product.lookup(wanted, products).await
}

fn choose(
    variants: &BTreeMap<VariantId, VariantSnapshot>,
    choice: Choice,
) -> Result<&VariantSnapshot> {
    match choice {
        Choice::Variant(id) => variants
            .get(&id)
            .filter(|variant| variant.active)
            .ok_or_else(|| one_field("variant_id", "unknown", "is not sold here")),
        Choice::Product(id) => {
            let mut own = variants
                .values()
                .filter(|variant| variant.product_id == id && variant.active);
            match (own.next(), own.next()) {
                (Some(only), None) => Ok(only),
                (Some(_), Some(_)) => Err(one_field(
                    "product_id",
                    "several_variants",
                    "has several variants: choose one by variant_id",
                )),
                (None, _) => Err(one_field("product_id", "unknown", "is not sold here")),
            }
        }
    }
}

/// Whether this very request was done before, be it to a cart that was ordered since. A cart in Redis knows by itself; where it moved, its keys are
/// still there.
async fn was_done(
    app: &AppState,
    shopper: &Shopper,
    known: Option<&OpenCart>,
    once: Once<'_>,
) -> Result<bool> {
    let in_redis = known.is_some_and(|open| matches!(open.home, Home::Redis(_)));
    let Some(owner) = shopper.owner().filter(|_| !in_redis) else {
        return Ok(false);
    };
    let mut before = match &owner {
        Owner::Guest(hash) => app.guest_carts.was_added(hash, once.key.as_str()).await?,
        Owner::User(_) => None,
    };
    if before.is_none() {
        let mut conn = app.pool.acquire().await?;
        before = store::idempotency::find(&mut conn, &caller(&owner), once.key.as_str())
            .await?
            .map(|saved| saved.body_hash);
    }
    match before {
        Some(hash) if hash == once.hash => Ok(true),
        Some(_) => Err(Error::idempotency_key_reused()),
        None => Ok(false),
    }
}

fn addition<'a>(item: &CartItem, quantity: Quantity, once: Option<Once<'a>>) -> Addition<'a> {
    Addition {
        item: item.id,
        product: item.product_id,
        variant: item.variant_id,
        quantity,
        price: item.seen_price.unwrap_or(0),
        most_lines: MAX_LINES,
        once: once.map(|once| (once.key.as_str(), once.hash)),
    }
}

type Added = Option<(Cart, Vec<CartItem>)>;

fn in_redis(outcome: Outcome) -> Result<Added> {
    match outcome {
        Outcome::Done(guest) | Outcome::Repeated(guest) => Ok(Some((guest.cart, guest.items))),
        Outcome::TooMany => Err(too_many()),
        Outcome::Full => Err(full()),
        Outcome::KeyReused => Err(Error::idempotency_key_reused()),
        Outcome::Gone | Outcome::Sealed(_) | Outcome::NoLine => Ok(None),
    }
}

async fn in_database(
    app: &AppState,
    owner: &Owner,
    item: &CartItem,
    currency: primitives::Currency,
    once: Option<Once<'_>>,
) -> Result<Added> {
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    let new = CartId::new(now, &app.random);
    let Some(cart) = store::carts::touch_or_create(&mut tx, new, owner, currency, now).await?
    else {
        return Ok(None);
    };
    if let Some(once) = once {
        let body = serde_json::json!({"cart_id": cart.id});
        let saved = store::idempotency::save(
            &mut tx,
            &caller(owner),
            once.key.as_str(),
            &once.hash,
            200,
            &body,
            now,
        )
        .await
        .on_constraint("idempotency_keys_once", Error::idempotency_key_reused);
        match saved {
            Err(error) if error.code() == "idempotency_key_reused" => return Ok(None),
            other => other?,
        }
    }
    store::cart_items::add(&mut tx, cart.id, item, now)
        .await?
        .ok_or_else(too_many)?;
    let items = store::cart_items::list(&mut tx, cart.id).await?;
    if items.len() > MAX_LINES && items.iter().any(|line| line.id == item.id) {
        return Err(full());
    }
    tx.commit().await?;
    Ok(Some((cart, items)))
}

fn too_many() -> Error {
    one_field(
        "quantity",
        "too_many",
        format!("a line holds at most {} units", Quantity::MAX),
    )
}

fn full() -> Error {
    Error::conflict(
        "cart_full",
        format!("A cart holds at most {MAX_LINES} different items."),
    )
}
