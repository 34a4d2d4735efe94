//! Baskets of guests and users: whose they are, what is in them, and what that costs now.
//!
//! A change counts up the cart's `version` and so locks its row first; a cart that was closed meanwhile is left alone and a new one begun.

mod add;
mod change;
mod home;

use std::collections::BTreeMap;

use auth_token::Principal;
use contracts::internal::variants::VariantSnapshot;
use http_kit::{Error, Result};
use primitives::{CartItemId, Quantity, VariantId};

use crate::app::AppState;
use crate::domain::coupon::NotApplicable;
use crate::domain::guest_token;
use crate::domain::notice::{Notice, Offer};
use crate::domain::pricing::{Line, Priced};
use crate::store::cart_items::CartItem;
use crate::store::carts::{Cart, Owner};
use crate::workflows::pricing;

pub(crate) use add::{Choice, Once, add};
use change::Change;
pub(crate) use home::stored;

/// How often a change begins again because the cart moved or was closed under it.
const ATTEMPTS: usize = 3;

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
    /// Variants of which units were left out when a guest's cart was merged just now.
    pub(crate) reduced: Vec<VariantId>,
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

/// Reads the cart with fresh prices and stock.
pub(crate) async fn read(app: &AppState, shopper: &Shopper) -> Result<CartContents> {
    let (cart, items, reduced) = match home::open(app, shopper).await? {
        Some(open) => (Some(open.cart), open.items, open.reduced),
        None => (None, Vec::new(), Vec::new()),
    };
    let variants = app
        .product
        .lookup(
            items.iter().map(|item| item.variant_id).collect(),
            Vec::new(),
        )
        .await?;
    let contents = contents(app, shopper, cart, items, variants).await?;
    Ok(CartContents {
        reduced,
        ..contents
    })
}

/// Sets a line's units.
pub(crate) async fn set_quantity(
    app: &AppState,
    shopper: &Shopper,
    item: CartItemId,
    quantity: Quantity,
) -> Result<CartContents> {
    change_line(app, shopper, Change::Quantity(item, quantity)).await
}

/// Takes a line out.
pub(crate) async fn remove(
    app: &AppState,
    shopper: &Shopper,
    item: CartItemId,
) -> Result<CartContents> {
    change_line(app, shopper, Change::Remove(item)).await
}

async fn change_line(
    app: &AppState,
    shopper: &Shopper,
    change: Change<'_>,
) -> Result<CartContents> {
    let open = change::apply(app, shopper, change)
        .await?
        .ok_or_else(|| Error::not_found("cart item"))?;
    let contents = complete(app, shopper, open.cart, open.items, BTreeMap::new()).await?;
    Ok(CartContents {
        reduced: open.reduced,
        ..contents
    })
}

/// Empties the cart and takes its coupon off. Nothing to empty is fine too.
pub(crate) async fn clear(app: &AppState, shopper: &Shopper) -> Result<()> {
    change::apply(app, shopper, Change::Clear).await.map(drop)
}

/// Puts a coupon on the cart; a coupon that takes nothing off is refused with the reason.
pub(crate) async fn apply_coupon(
    app: &AppState,
    shopper: &Shopper,
    code: &str,
) -> Result<CartContents> {
    let mut contents = read(app, shopper).await?;
    let cart = contents.cart.take().ok_or_else(empty)?;
    let with_coupon = Cart {
        coupon: Some(code.to_owned()),
        ..cart
    };
    let (items, variants) = unzip(contents.lines);
    let tried = self::contents(app, shopper, Some(with_coupon), items, variants).await?;
    if let Some(problem) = tried.coupon_problem {
        return Err(Error::conflict(problem.code(), problem.to_string()));
    }
    let open = change::apply(app, shopper, Change::Coupon(Some(code)))
        .await?
        .ok_or_else(empty)?;
    let (_, variants) = unzip(tried.lines);
    complete(app, shopper, open.cart, open.items, variants).await
}

/// Takes the coupon off the cart.
pub(crate) async fn remove_coupon(app: &AppState, shopper: &Shopper) -> Result<CartContents> {
    match change::apply(app, shopper, Change::Coupon(None)).await? {
        Some(open) => complete(app, shopper, open.cart, open.items, BTreeMap::new()).await,
        None => read(app, shopper).await,
    }
}

/// Keeps the prices of today as those that the customer knows of: notices of changed prices end.
pub(crate) async fn acknowledge(app: &AppState, shopper: &Shopper) -> Result<CartContents> {
    let contents = read(app, shopper).await?;
    let prices: Vec<(VariantId, i64)> = contents
        .lines
        .iter()
        .filter_map(|line| {
            let now = line.variant.as_ref()?.price.amount();
            (line.item.seen_price != Some(now)).then_some((line.item.variant_id, now))
        })
        .collect();
    if prices.is_empty() {
        return Ok(contents);
    }
    let open = change::apply(app, shopper, Change::Seen(&prices))
        .await?
        .ok_or_else(empty)?;
    let (_, variants) = unzip(contents.lines);
    complete(app, shopper, open.cart, open.items, variants).await
}

fn empty() -> Error {
    Error::conflict("cart_empty", "The cart is empty.")
}

fn changed() -> Error {
    Error::conflict(
        "cart_changed",
        "The cart was changed at the same time. Please look at it again.",
    )
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

impl CartLine {
    /// What the customer should know of the line.
    pub(crate) fn notices(&self, reduced: &[VariantId]) -> Vec<Notice> {
        let offer = self.variant.as_ref().map(|variant| Offer {
            price: variant.price,
            available: variant.available,
        });
        let quantity = self.item.quantity;
        let cut = reduced
            .contains(&self.item.variant_id)
            .then_some(Notice::QuantityReduced { quantity });
        let mut notices = Notice::of(quantity, self.item.seen_price, offer);
        notices.extend(cut);
        notices
    }
}

/// Prices a cart for the shop's own country and the preferred shipping method.
async fn contents(
    app: &AppState,
    shopper: &Shopper,
    cart: Option<Cart>,
    items: Vec<CartItem>,
    mut variants: BTreeMap<VariantId, VariantSnapshot>,
) -> Result<CartContents> {
    let currency = cart.as_ref().map_or(app.currency(), |cart| cart.currency);
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
        reduced: Vec::new(),
        token,
    })
}
