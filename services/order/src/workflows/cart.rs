//! Baskets of guests and users: whose they are, what is in them, and what that costs now.
//!
//! A change counts up the cart's `version` and so locks its row first; a cart that was closed meanwhile is left alone and a new one begun.

use std::collections::BTreeMap;

use auth_token::Principal;
use contracts::internal::variants::VariantSnapshot;
use http_kit::{Error, Result, one_field};
use primitives::{CartId, CartItemId, ProductId, Quantity, VariantId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::coupon::NotApplicable;
use crate::domain::guest_token;
use crate::domain::pricing::{Line, Priced};
use crate::store;
use crate::store::cart_items::CartItem;
use crate::store::carts::{Cart, Owner};
use crate::workflows::pricing;

/// The most lines a cart may have: product looks up to 1,000 variants up at once.
pub(crate) const MAX_LINES: usize = 500;

/// Who is shopping: a user, a guest with a token, or somebody with nothing yet.
#[derive(Debug, Clone)]
pub(crate) struct Shopper {
    pub(crate) principal: Option<Principal>,
    pub(crate) cart_token: Option<String>,
}

impl Shopper {
    /// Whose cart it is, if anybody's.
    pub(crate) fn owner(&self) -> Option<Owner> {
        match (&self.principal, &self.cart_token) {
            (Some(user), _) => Some(Owner::User(user.user_id)),
            (None, Some(token)) => Some(Owner::Guest(guest_token::hash(token))),
            (None, None) => None,
        }
    }
}

/// A cart with its lines and what is known of their variants now.
#[derive(Debug)]
pub(crate) struct CartContents {
    /// None as long as nothing was ever put into it.
    pub(crate) cart: Option<Cart>,
    pub(crate) lines: Vec<CartLine>,
    pub(crate) priced: Priced,
    pub(crate) currency: primitives::Currency,
    /// Why the coupon takes nothing off at the moment.
    pub(crate) coupon_problem: Option<NotApplicable>,
    /// The guest's token, to be sent back by the client.
    pub(crate) token: Option<String>,
}

/// A line; a variant that is not sold any more has no snapshot and costs nothing.
#[derive(Debug)]
pub(crate) struct CartLine {
    pub(crate) item: CartItem,
    pub(crate) variant: Option<VariantSnapshot>,
    pub(crate) total: i64,
}

/// The shopper's open cart; a guest's is merged into the user's at the first signed-in use.
pub(crate) async fn open(
    app: &AppState,
    conn: &mut PgConnection,
    shopper: &Shopper,
) -> Result<Option<(Cart, Vec<CartItem>)>> {
    if let (Some(user), Some(token)) = (&shopper.principal, &shopper.cart_token) {
        let guest = Owner::Guest(guest_token::hash(token));
        if store::carts::open(conn, &guest).await?.is_some() {
            merge(app, conn, user, token).await?;
        }
    }
    match shopper.owner() {
        Some(owner) => Ok(store::carts::open(conn, &owner).await?),
        None => Ok(None),
    }
}

/// Moves a guest's lines into the user's cart. The guest's cart is locked first, so that doing it twice at once moves them once.
async fn merge(
    app: &AppState,
    conn: &mut PgConnection,
    user: &Principal,
    token: &str,
) -> Result<()> {
    use sqlx::Connection as _;
    let now = app.clock.now();
    let mut tx = conn.begin().await?;
    let Some(guest) = store::carts::lock_guest(&mut tx, &guest_token::hash(token)).await? else {
        return Ok(());
    };
    let new = CartId::new(now, &app.random);
    let into = store::carts::touch_or_create(
        &mut tx,
        new,
        &Owner::User(user.user_id),
        guest.currency,
        now,
    )
    .await?
    .ok_or_else(|| Error::internal(anyhow::anyhow!("a user's cart could not be made")))?;
    store::cart_items::move_all(&mut tx, guest.id, into.id).await?;
    store::carts::close_merged(&mut tx, guest.id, into.id, now).await?;
    tx.commit().await?;
    Ok(())
}

/// Reads the cart with fresh prices and stock.
pub(crate) async fn read(app: &AppState, shopper: &Shopper) -> Result<CartContents> {
    let mut conn = app.pool.acquire().await?;
    let found = open(app, &mut conn, shopper).await?;
    drop(conn);
    let (cart, items) = found.map_or((None, Vec::new()), |(cart, items)| (Some(cart), items));
    let variants = app
        .product
        .lookup(
            items.iter().map(|item| item.variant_id).collect(),
            Vec::new(),
        )
        .await?;
    contents(app, shopper, cart, items, variants).await
}

/// What is put into a cart.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Choice {
    Variant(VariantId),
    /// A product with one variant.
    Product(ProductId),
}

/// Puts units of a variant into the cart. Product is asked before the transaction, once for the new and the old lines together.
pub(crate) async fn add(
    app: &AppState,
    shopper: &Shopper,
    choice: Choice,
    quantity: Quantity,
) -> Result<CartContents> {
    let mut conn = app.pool.acquire().await?;
    let known = open(app, &mut conn, shopper).await?;
    drop(conn);

    let mut wanted: Vec<VariantId> = known
        .iter()
        .flat_map(|(_, items)| items)
        .map(|item| item.variant_id)
        .collect();
    let products = match choice {
        Choice::Variant(id) => {
            wanted.push(id);
            vec![]
        }
        Choice::Product(id) => vec![id],
    };
    wanted.sort_unstable();
    wanted.dedup();
    let variants = app.product.lookup(wanted, products).await?;
    let chosen = choose(&variants, choice)?;
    let currency = known
        .as_ref()
        .map_or(app.currency, |(cart, _)| cart.currency);
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

    let now = app.clock.now();
    let mut shopper = shopper.clone();
    let mut tx = app.pool.begin().await?;
    let new = CartId::new(now, &app.random);
    let cart = match (shopper.owner(), known.is_some()) {
        (Some(owner @ Owner::User(_)), _) | (Some(owner), true) => {
            store::carts::touch_or_create(&mut tx, new, &owner, currency, now).await?
        }
        // A token that we did not give out is not taken over.
        (Some(Owner::Guest(_)) | None, _) => None,
    };
    let cart = match cart {
        Some(cart) => cart,
        None => {
            let token = app.new_token();
            let owner = Owner::Guest(guest_token::hash(&token));
            shopper.cart_token = Some(token);
            store::carts::touch_or_create(&mut tx, new, &owner, currency, now)
                .await?
                .ok_or_else(|| {
                    Error::internal(anyhow::anyhow!("a guest's cart could not be made"))
                })?
        }
    };
    let item = CartItemId::new(now, &app.random);
    store::cart_items::add(
        &mut tx,
        cart.id,
        item,
        chosen.product_id,
        chosen.variant_id,
        quantity,
        now,
    )
    .await?
    .ok_or_else(|| {
        one_field(
            "quantity",
            "too_many",
            format!("a line holds at most {} units", Quantity::MAX),
        )
    })?;
    let items = store::cart_items::list(&mut tx, cart.id).await?;
    if items.len() > MAX_LINES {
        return Err(Error::conflict(
            "cart_full",
            format!("A cart holds at most {MAX_LINES} different items."),
        ));
    }
    tx.commit().await?;
    complete(app, &shopper, cart, items, variants).await
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

/// Sets a line's units.
pub(crate) async fn set_quantity(
    app: &AppState,
    shopper: &Shopper,
    item: CartItemId,
    quantity: Quantity,
) -> Result<CartContents> {
    change(app, shopper, async |tx: &mut PgConnection, cart: CartId| {
        store::cart_items::set(tx, cart, item, quantity)
            .await?
            .then_some(())
            .ok_or_else(|| Error::not_found("cart item"))
    })
    .await
}

/// Takes a line out.
pub(crate) async fn remove(
    app: &AppState,
    shopper: &Shopper,
    item: CartItemId,
) -> Result<CartContents> {
    change(app, shopper, async |tx: &mut PgConnection, cart: CartId| {
        store::cart_items::remove(tx, cart, item)
            .await?
            .then_some(())
            .ok_or_else(|| Error::not_found("cart item"))
    })
    .await
}

async fn change(
    app: &AppState,
    shopper: &Shopper,
    work: impl AsyncFnOnce(&mut PgConnection, CartId) -> Result<()>,
) -> Result<CartContents> {
    let mut conn = app.pool.acquire().await?;
    let (mut cart, _) = open(app, &mut conn, shopper)
        .await?
        .ok_or_else(|| Error::not_found("cart item"))?;
    drop(conn);
    let mut tx = app.pool.begin().await?;
    cart.version = store::carts::touch(&mut tx, cart.id, app.clock.now())
        .await?
        .ok_or_else(|| Error::not_found("cart item"))?;
    work(&mut tx, cart.id).await?;
    let items = store::cart_items::list(&mut tx, cart.id).await?;
    tx.commit().await?;
    complete(app, shopper, cart, items, BTreeMap::new()).await
}

/// Empties the cart and takes its coupon off. Nothing to empty is fine too.
pub(crate) async fn clear(app: &AppState, shopper: &Shopper) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    let Some((cart, _)) = open(app, &mut conn, shopper).await? else {
        return Ok(());
    };
    drop(conn);
    let mut tx = app.pool.begin().await?;
    if store::carts::set_coupon(&mut tx, cart.id, None, app.clock.now())
        .await?
        .is_some()
    {
        store::cart_items::clear(&mut tx, cart.id).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Puts a coupon on the cart; a coupon that takes nothing off is refused with the reason.
pub(crate) async fn apply_coupon(
    app: &AppState,
    shopper: &Shopper,
    code: &str,
) -> Result<CartContents> {
    let mut contents = read(app, shopper).await?;
    let cart = contents
        .cart
        .take()
        .ok_or_else(|| Error::conflict("cart_empty", "The cart is empty."))?;
    let with_coupon = Cart {
        coupon: Some(code.to_owned()),
        ..cart
    };
    let (items, variants) = unzip(contents.lines);
    let mut contents = self::contents(app, shopper, Some(with_coupon), items, variants).await?;
    if let Some(problem) = contents.coupon_problem {
        return Err(Error::conflict(problem.code(), problem.to_string()));
    }
    let mut conn = app.pool.acquire().await?;
    let version = store::carts::set_coupon(&mut conn, cart.id, Some(code), app.clock.now())
        .await?
        .ok_or_else(|| Error::conflict("cart_empty", "The cart is empty."))?;
    if let Some(cart) = &mut contents.cart {
        cart.version = version;
    }
    Ok(contents)
}

/// Takes the coupon off the cart.
pub(crate) async fn remove_coupon(app: &AppState, shopper: &Shopper) -> Result<CartContents> {
    let mut contents = read(app, shopper).await?;
    let Some(cart) = contents.cart.take() else {
        return Ok(contents);
    };
    let mut conn = app.pool.acquire().await?;
    let version = store::carts::set_coupon(&mut conn, cart.id, None, app.clock.now())
        .await?
        .unwrap_or(cart.version);
    drop(conn);
    let (items, variants) = unzip(contents.lines);
    self::contents(
        app,
        shopper,
        Some(Cart {
            coupon: None,
            version,
            ..cart
        }),
        items,
        variants,
    )
    .await
}

fn unzip(lines: Vec<CartLine>) -> (Vec<CartItem>, BTreeMap<VariantId, VariantSnapshot>) {
    let mut variants = BTreeMap::new();
    let mut items = Vec::with_capacity(lines.len());
    for line in lines {
        if let Some(variant) = line.variant {
            variants.insert(variant.variant_id, variant);
        }
        items.push(line.item);
    }
    (items, variants)
}

/// Looks up the variants that are not known yet (such as one that was added at the same time) and prices the cart.
async fn complete(
    app: &AppState,
    shopper: &Shopper,
    cart: Cart,
    items: Vec<CartItem>,
    mut variants: BTreeMap<VariantId, VariantSnapshot>,
) -> Result<CartContents> {
    let missing: Vec<VariantId> = items
        .iter()
        .map(|item| item.variant_id)
        .filter(|id| !variants.contains_key(id))
        .collect();
    if !missing.is_empty() {
        variants.extend(app.product.lookup(missing, Vec::new()).await?);
    }
    contents(app, shopper, Some(cart), items, variants).await
}

/// Prices a cart for the shop's own country and the preferred shipping method.
async fn contents(
    app: &AppState,
    shopper: &Shopper,
    cart: Option<Cart>,
    items: Vec<CartItem>,
    mut variants: BTreeMap<VariantId, VariantSnapshot>,
) -> Result<CartContents> {
    let currency = cart.as_ref().map_or(app.currency, |cart| cart.currency);
    let code = cart.as_ref().and_then(|cart| cart.coupon.as_deref());
    let place = pricing::home(app);
    let mut conn = app.pool.acquire().await?;
    let terms = pricing::terms(app, &mut conn, &place, currency, code).await?;
    drop(conn);

    let mut lines: Vec<CartLine> = items
        .into_iter()
        .map(|item| {
            let variant = variants
                .remove(&item.variant_id)
                .filter(|v| v.active && v.price.currency() == currency);
            CartLine {
                item,
                variant,
                total: 0,
            }
        })
        .collect();
    let sold: Vec<Line> = lines
        .iter()
        .filter_map(|line| {
            let quantity = Quantity::try_from(line.item.quantity).ok()?;
            Some(pricing::line(line.variant.as_ref()?, quantity))
        })
        .collect();
    let coupon = terms.coupon.as_ref();
    let methods = &terms.methods;
    let priced = pricing::price(app, &terms, currency, &place, &sold, coupon, methods)?;
    let coupon_problem = match priced.coupon {
        Some(outcome) => outcome.err(),
        None => code.map(|_| NotApplicable::Unknown),
    };
    let mut subtotals = priced.lines.iter().map(|line| line.subtotal);
    for line in lines.iter_mut().filter(|line| line.variant.is_some()) {
        line.total = subtotals.next().unwrap_or(0);
    }
    let token = if shopper.principal.is_none() && cart.is_some() {
        shopper.cart_token.clone()
    } else {
        None
    };
    Ok(CartContents {
        cart,
        lines,
        priced,
        currency,
        coupon_problem,
        token,
    })
}
