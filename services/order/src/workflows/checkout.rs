//! A cart becomes an order (the first two steps of the saga).
//!
//! 1. The order id is fixed on the cart's row (`carts.order_id`) in a statement of its own, before anything remote. Whoever checks the same
//!    cart out meanwhile, or again after a crash, with or without the same Idempotency-Key, finds the same id and so the same hold on stock.
//! 2. Stock is held on product under that id; repeating that changes nothing.
//! 3. One transaction closes the cart (only if it is still open, unchanged and has this order id: this row is what concurrent checkouts wait for),
//!    prices it, and writes order, payment, lines, redemption, timeline, events and the answer to the Idempotency-Key.
//!
//! When 3 is refused the id is given up first and the hold released after: only who took the id off the cart releases its hold, so nobody
//! releases what another is about to sell. A hold that could not be released gets its id back on the cart, for the next attempt to find. When nobody
//! knows what became of 2 or 3 (a server error, or no answer) both are kept: the next attempt finds the hold, or the order. A crash between leaves a
//! hold that ends by itself.
//! Only answers with an effect are saved: a refused request left nothing behind and may be tried again with the same key.

use std::collections::BTreeMap;

use contracts::events::{CartCheckedOut, Mail, MailLine, OrderCreated};
use contracts::internal::reservations::{Reservation, ReserveLine, ShortLine};
use contracts::internal::variants::VariantSnapshot;
use http_kit::{Error, IdempotencyKey, OnConstraint as _, Result};
use primitives::{
    EmailAddress, Money, OrderEventId, OrderId, OrderItemId, PaymentId, Quantity, VariantId,
};
use sqlx::types::Json;

use crate::app::AppState;
use crate::clients::product::NotReserved;
use crate::domain::address::Address;
use crate::domain::coupon::NotApplicable;
use crate::domain::guest_token;
use crate::domain::order::{self, FulfillmentStatus, PaymentStatus, State, Status};
use crate::domain::pricing::place::Place;
use crate::domain::pricing::shipping::{Method, NotOffered};
use crate::domain::pricing::{self, Line, Priced};
use crate::http::orders::OrderView;
use crate::store::cart_items::CartItem;
use crate::store::carts::{Cart, Owner};
use crate::store::order_items::OrderItem;
use crate::store::orders::Order;
use crate::store::terms::Terms;
use crate::workflows::cart::{self, Shopper};
use crate::workflows::transition::{self, Actor};
use crate::{store, workflows};

/// How often a checkout begins again because the cart changed under it.
const ATTEMPTS: usize = 3;

/// The most lines of an order: product holds so many at once. Carts that were merged may have more.
const MOST_LINES: usize = 1_000;

/// The hold on stock outlasts the time that the customer has to pay by this, so that it cannot end first.
const HOLD_MARGIN_SECONDS: u32 = 120;

/// What the customer says at the till.
#[derive(Debug, Clone)]
pub(crate) struct Checkout {
    pub(crate) email: EmailAddress,
    pub(crate) shipping_address: Address,
    pub(crate) billing_address: Option<Address>,
    pub(crate) shipping_method: Option<String>,
    pub(crate) expected_total: Option<Money>,
    pub(crate) note: Option<String>,
}

/// What makes a repeated request recognisable.
#[derive(Debug, Clone)]
pub(crate) struct Repeat {
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) hash: [u8; 32],
}

/// A placed order as the client hears of it, now and whenever the request is repeated.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) order: OrderView,
    pub(crate) guest_token: Option<String>,
}

/// The answer to this request if it was given before. Called before the request is judged in any other way.
pub(crate) async fn replay(
    app: &AppState,
    shopper: &Shopper,
    repeat: &Repeat,
) -> Result<Option<Placed>> {
    let (Some(owner), Some(key)) = (shopper.owner(), &repeat.key) else {
        return Ok(None);
    };
    let mut conn = app.pool.acquire().await?;
    let Some(saved) = store::idempotency::find(&mut conn, &caller(&owner), key.as_str()).await?
    else {
        return Ok(None);
    };
    if saved.body_hash != repeat.hash {
        return Err(Error::idempotency_key_reused());
    }
    let order: OrderView = serde_json::from_value(saved.body).map_err(Error::internal)?;
    Ok(Some(placed(app, shopper, order)))
}

fn placed(app: &AppState, shopper: &Shopper, order: OrderView) -> Placed {
    let guest_token = shopper
        .principal
        .is_none()
        .then(|| app.guest_tokens.of(order.id));
    Placed { order, guest_token }
}

/// Who uses Idempotency-Keys, as they are stored.
pub(crate) fn caller(owner: &Owner) -> String {
    match owner {
        Owner::User(id) => format!("user:{id}"),
        Owner::Guest(hash) => hash.iter().fold("guest:".to_owned(), |text, byte| {
            format!("{text}{byte:02x}")
        }),
    }
}

/// Places the order.
pub(crate) async fn place(
    app: &AppState,
    shopper: &Shopper,
    checkout: Checkout,
    repeat: &Repeat,
) -> Result<Placed> {
    let owner = shopper.owner().ok_or_else(empty)?;
    let mut last: Option<Cart> = None;
    for _ in 0..ATTEMPTS {
        let now = app.clock.now();
        let Some((cart, items)) = cart::stored(app, shopper).await? else {
            return closed(app, shopper, last.as_ref(), repeat).await;
        };
        if items.is_empty() {
            return Err(empty());
        }
        if items.len() > MOST_LINES {
            return Err(Error::conflict(
                "cart_full",
                format!("An order holds at most {MOST_LINES} different items."),
            ));
        }
        let mut conn = app.pool.acquire().await?;
        let Some(order_id) =
            store::carts::fix_order(&mut conn, cart.id, OrderId::new(now, &app.random)).await?
        else {
            drop(conn);
            return closed(app, shopper, Some(&cart), repeat).await;
        };
        drop(conn);

        let hold = app
            .unpaid_expiry_seconds
            .saturating_add(HOLD_MARGIN_SECONDS);
        runtime::fault::point("checkout.begun");
        let reservation = match app.product.reserve(order_id, lines(&items)?, hold).await {
            Ok(reservation) => reservation,
            Err(NotReserved::Short(lines)) => {
                give_up(app, &cart, order_id, false).await?;
                return Err(short(lines));
            }
            // A crashed attempt held other lines, or its hold has ended: begin again with another id.
            Err(NotReserved::Mismatch) => {
                give_up(app, &cart, order_id, true).await?;
                last = Some(cart);
                continue;
            }
            Err(NotReserved::Closed) => {
                give_up(app, &cart, order_id, false).await?;
                last = Some(cart);
                continue;
            }
            // Perhaps it holds: the id stays on the cart, and the next attempt finds out.
            Err(NotReserved::Unknown(error)) => return Err(error),
        };
        runtime::fault::point("checkout.reserved");

        match commit(
            app,
            shopper,
            &owner,
            &cart,
            &items,
            order_id,
            &reservation,
            &checkout,
            repeat,
        )
        .await
        {
            Ok(Some(placed)) => return Ok(placed),
            Ok(None) => {
                // The cart was changed, or somebody else has checked it out with this very id; giving up then finds nothing to give up.
                give_up(app, &cart, order_id, true).await?;
                last = Some(cart);
            }
            // Nobody knows whether it was committed: the id stays on the cart, and the next attempt finds the order or the hold.
            Err(error) if error.status().is_server_error() => return Err(error),
            Err(error) => {
                if let Err(second) = give_up(app, &cart, order_id, true).await {
                    tracing::warn!(%order_id, error = %second, "a refused checkout could not release its hold; the next attempt will find it");
                }
                return Err(error);
            }
        }
    }
    Err(Error::conflict(
        "cart_changed",
        "The cart was changed while it was checked out. Please look at it again.",
    ))
}

fn empty() -> Error {
    Error::conflict("cart_empty", "The cart is empty.")
}

fn short(lines: Vec<ShortLine>) -> Error {
    Error::conflict(
        "insufficient_stock",
        "Some items are not available in the quantity wanted.",
    )
    .with("lines", lines)
}

/// The cart is closed: this request's own answer if it was a repetition, else a conflict that names the order.
async fn closed(
    app: &AppState,
    shopper: &Shopper,
    cart: Option<&Cart>,
    repeat: &Repeat,
) -> Result<Placed> {
    if let Some(placed) = replay(app, shopper, repeat).await? {
        return Ok(placed);
    }
    let Some(cart) = cart else {
        return Err(empty());
    };
    let mut conn = app.pool.acquire().await?;
    match store::orders::by_cart(&mut conn, cart.id).await? {
        Some(order) => Err(already_ordered(order.id)),
        None => Err(empty()),
    }
}

fn already_ordered(order: OrderId) -> Error {
    Error::conflict("already_ordered", "This cart has become an order already.")
        .with("order_id", order)
}

fn lines(items: &[CartItem]) -> Result<Vec<ReserveLine>> {
    items
        .iter()
        .map(|item| {
            Ok(ReserveLine {
                variant_id: item.variant_id,
                quantity: Quantity::try_from(item.quantity).map_err(Error::internal)?,
            })
        })
        .collect()
}

/// Takes the order id off the cart and, if it was there and something is held under it, gives the hold back. A hold that is not given back keeps its id
/// on the cart: otherwise the next attempt would hold as much again beside it.
async fn give_up(app: &AppState, cart: &Cart, order: OrderId, held: bool) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    let ours = store::carts::give_up_order(&mut conn, cart.id, order).await?;
    drop(conn);
    if ours
        && held
        && let Err(error) = app.product.give_back(order).await
    {
        tracing::warn!(%order, ?error, "a hold on stock was not released; the next attempt will find it, or it ends by itself");
        let mut conn = app.pool.acquire().await?;
        store::carts::fix_order(&mut conn, cart.id, order).await?;
    }
    Ok(())
}

/// The one transaction. None if the cart is not as it was any more.
#[expect(
    clippy::too_many_arguments,
    reason = "all that a checkout has gathered"
)]
async fn commit(
    app: &AppState,
    shopper: &Shopper,
    owner: &Owner,
    cart: &Cart,
    items: &[CartItem],
    order_id: OrderId,
    reservation: &Reservation,
    checkout: &Checkout,
    repeat: &Repeat,
) -> Result<Option<Placed>> {
    let now = app.clock.now();
    let actor = if shopper.principal.is_some() {
        Actor::Customer
    } else {
        Actor::Guest
    };
    let mut tx = app.pool.begin().await?;
    if !store::carts::check_out(&mut tx, cart, order_id, now).await? {
        return Ok(None);
    }
    let place = Place::from(&checkout.shipping_address);
    let terms = workflows::pricing::terms(app, &mut tx, &place, cart.currency, None).await?;
    let coupon = match &cart.coupon {
        Some(code) => Some(
            store::coupons::lock(&mut tx, code)
                .await?
                .ok_or_else(|| not_applicable(NotApplicable::Unknown))?,
        ),
        None => None,
    };
    let sold = sold(items, reservation)?;
    let basket: Vec<Line> = sold.iter().map(Sold::line).collect();
    let methods = offered(&terms, checkout.shipping_method.as_deref())?;
    let priced = workflows::pricing::price(
        app,
        &terms,
        cart.currency,
        &place,
        &basket,
        coupon.as_ref(),
        methods,
    )?;
    if let Some(Err(problem)) = priced.coupon {
        return Err(not_applicable(problem));
    }
    let method = priced.method.as_ref();
    let method = method.ok_or_else(|| not_sent(checkout, priced.not_offered))?;
    let total = Money::new(priced.total, cart.currency);
    if checkout
        .expected_total
        .is_some_and(|expected| expected != total)
    {
        return Err(Error::conflict(
            "total_changed",
            format!("The order now costs {total}. Please look at the cart again."),
        )
        .with("total", total));
    }

    let free = priced.total == 0;
    let decision = if free {
        order::decide(State::placed(0), &order::Event::Free).ok()
    } else {
        None
    };
    let state = decision
        .as_ref()
        .map_or(State::placed(priced.total), |decision| decision.state);
    let mut order = Order {
        id: order_id,
        number: 0,
        cart_id: cart.id,
        user_id: shopper
            .principal
            .as_ref()
            .map(|principal| principal.user_id),
        guest_token_hash: shopper
            .principal
            .is_none()
            .then(|| guest_token::hash(&app.guest_tokens.of(order_id))),
        email: checkout.email.clone(),
        status: state.status,
        payment_status: state.payment,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        currency: cart.currency,
        subtotal: priced.subtotal,
        discount: priced.discount,
        shipping: priced.shipping,
        tax: priced.tax,
        total: priced.total,
        prices_include_tax: app.prices_include_tax,
        included_tax: priced.included_tax,
        shipping_tax: priced.shipping_tax,
        coupon: cart.coupon.clone(),
        shipping_method: method.code.clone(),
        shipping_method_name: Some(method.name.clone()),
        shipping_address: checkout.shipping_address.clone(),
        billing_address: checkout
            .billing_address
            .clone()
            .unwrap_or_else(|| checkout.shipping_address.clone()),
        note: checkout.note.clone(),
        placed_at: now,
        confirmed_at: free.then_some(now),
        cancelled_at: None,
        cancel_reason: None,
        version: 1,
        payment_id: PaymentId::new(now, &app.random),
    };
    debug_assert!(
        free == (order.status == Status::Confirmed && order.payment_status == PaymentStatus::Paid)
    );
    let (provider, payment_state) = if free {
        ("none", "succeeded")
    } else {
        ("stripe", "requires_payment")
    };
    let entry = (OrderEventId::new(now, &app.random), &*actor.to_string());
    store::orders::insert(&mut tx, &order, provider, payment_state, entry)
        .await
        .on_constraint("orders_one_per_cart", || already_ordered(order_id))?;
    let order_items = freeze(app, &order, sold, &priced);
    store::order_items::insert_all(&mut tx, order_id, &order_items).await?;
    let ids: Vec<OrderItemId> = order_items.iter().map(|item| item.id).collect();
    store::order_pricing::insert_all(&mut tx, order_id, &ids, &priced).await?;
    if let Some(coupon) = &coupon {
        let customer = order
            .user_id
            .map_or_else(|| order.email.to_string(), |user| user.to_string());
        if !store::coupons::redeem(
            &mut tx,
            coupon,
            order_id,
            &customer,
            &order.email,
            given(&priced),
            now,
        )
        .await?
        {
            return Err(not_applicable(NotApplicable::UsedByCustomer));
        }
    }

    app.publisher
        .publish(
            &mut tx,
            &CartCheckedOut {
                cart_id: cart.id,
                order_id,
            },
        )
        .await?;
    // From here on other checkouts wait: only what needs the number follows.
    order.number = store::orders::number(&mut tx, order_id).await?;
    let created = OrderCreated {
        order_id,
        number: order.number(),
        user_id: order.user_id,
        email: order.email.clone(),
        lines: transition::lines(&order, &order_items),
        total,
    };
    app.publisher.publish(&mut tx, &created).await?;
    match &decision {
        Some(decision) => {
            transition::write_effects(
                &mut tx,
                app,
                &order,
                &order_items,
                &decision.effects,
                actor,
                now,
            )
            .await?
        }
        None => transition::mail(&mut tx, app, &order, received(app, &order, &order_items)).await?,
    }
    let view = OrderView::new(&order, &order_items);
    if let Some(key) = &repeat.key {
        let body = serde_json::to_value(&view).map_err(Error::internal)?;
        store::idempotency::save(
            &mut tx,
            &caller(owner),
            key.as_str(),
            &repeat.hash,
            201,
            &body,
            now,
        )
        .await
        .on_constraint("idempotency_keys_once", Error::idempotency_key_reused)?;
    }
    runtime::fault::point("checkout.written");
    tx.commit().await?;
    runtime::fault::point("checkout.committed");
    Ok(Some(placed(app, shopper, view)))
}

fn not_applicable(problem: NotApplicable) -> Error {
    Error::conflict(problem.code(), problem.to_string())
}

/// The ways of sending that the customer accepts, the preferred one first.
fn offered<'t>(terms: &'t Terms, wanted: Option<&str>) -> Result<&'t [Method]> {
    let Some(code) = wanted else {
        return Ok(&terms.methods);
    };
    let index = terms.methods.iter().position(|method| method.code == code);
    index
        .and_then(|index| terms.methods.get(index..=index))
        .ok_or_else(|| http_kit::one_field("shipping_method", "unknown", "is not offered"))
}

/// Nothing is sent there, or not in the way that was wanted.
fn not_sent(checkout: &Checkout, reason: Option<NotOffered>) -> Error {
    match (&checkout.shipping_method, reason) {
        (Some(_), Some(reason)) => {
            http_kit::one_field("shipping_method", reason.code(), reason.to_string())
        }
        _ => Error::conflict(
            "shipping_unavailable",
            "No shipping method is offered for this order and address.",
        ),
    }
}

/// What the coupon took off in all.
fn given(priced: &Priced) -> i64 {
    let applied = priced.coupon.and_then(std::result::Result::ok);
    applied.map_or(0, |applied| applied.goods + applied.shipping)
}

/// Units of a variant as they are sold.
struct Sold<'a> {
    quantity: Quantity,
    variant: &'a VariantSnapshot,
}

impl Sold<'_> {
    fn line(&self) -> Line {
        workflows::pricing::line(self.variant, self.quantity)
    }
}

fn sold<'a>(items: &[CartItem], reservation: &'a Reservation) -> Result<Vec<Sold<'a>>> {
    let held: BTreeMap<VariantId, _> = reservation
        .lines
        .iter()
        .map(|line| (line.variant.variant_id, line))
        .collect();
    items
        .iter()
        .map(|item| match held.get(&item.variant_id) {
            Some(line) if line.quantity.get() == item.quantity => Ok(Sold {
                quantity: line.quantity,
                variant: &line.variant,
            }),
            _ => Err(Error::internal(anyhow::anyhow!(
                "product holds other lines than it was asked for"
            ))),
        })
        .collect()
}

fn freeze(app: &AppState, order: &Order, sold: Vec<Sold<'_>>, priced: &Priced) -> Vec<OrderItem> {
    let item = |(sold, priced): (Sold<'_>, &pricing::PricedLine)| OrderItem {
        id: OrderItemId::new(order.placed_at, &app.random),
        order_id: order.id,
        product_id: sold.variant.product_id,
        variant_id: sold.variant.variant_id,
        seller_id: sold.variant.seller_id,
        sku: sold.variant.sku.clone(),
        title: sold.variant.title.clone(),
        options: Json(sold.variant.options.clone()),
        quantity: sold.quantity.get(),
        shipped: 0,
        returned: 0,
        unit_price: sold.variant.price.amount(),
        discount: priced.discount,
        tax: priced.tax,
        total: priced.total,
        tax_rate: priced.taxes.iter().map(|tax| tax.rate.ppm()).sum::<i32>() / 100,
        included_tax: priced.included_tax,
    };
    sold.into_iter().zip(&priced.lines).map(item).collect()
}

fn received(app: &AppState, order: &Order, items: &[OrderItem]) -> Mail {
    let line = |item: &OrderItem| MailLine {
        title: item.title.clone(),
        quantity: item.quantity,
        total: order.money(item.unit_price * i64::from(item.quantity)),
    };
    Mail::OrderReceived {
        number: order.number(),
        lines: items.iter().map(line).collect(),
        total: order.money(order.total),
        url: app.order_url(order),
    }
}
