//! Paying an order: chooses a way to pay, and begins the payment at its provider or finds it again.
//!
//! At any time at most one thing can be paid for an order: whoever chooses another way has the first one stopped at its provider before.

use http_kit::{Error, FieldErrors, Result};
use primitives::{OrderId, UserId};

use crate::app::AppState;
use crate::domain::order::Status;
use crate::domain::payment::{Method, PaymentState};
use crate::error::unavailable_or_refused;
use crate::payments::{Instructions, NewPayment, ProviderPayment, Started};
use crate::store;
use crate::store::orders::Order;
use crate::store::payments::{Choice, Payment};
use crate::workflows::{cards, finalise};

/// How somebody wants to pay.
#[derive(Debug, Default)]
pub(crate) struct Wish<'a> {
    /// What was chosen before, or a card, unless told.
    pub(crate) method: Option<Method>,
    /// One of the provider's test methods: pays at once.
    pub(crate) test_method: Option<&'a str>,
    /// A card that the customer saved: pays at once.
    pub(crate) saved_card: Option<&'a str>,
    pub(crate) save_card: bool,
}

/// A payment and what its customer needs to make it.
pub(crate) struct Payable {
    pub(crate) payment: Payment,
    pub(crate) client_secret: Option<String>,
    pub(crate) next_action: Option<serde_json::Value>,
    pub(crate) page_url: Option<String>,
    pub(crate) instructions: Option<Instructions>,
}

/// Begins the payment, and pays at once with a saved card or, for tests and demos, with one of the provider's test methods. Safe to repeat: the
/// provider knows our payment id. `owner` is the signed-in user whose order it is.
pub(crate) async fn pay(
    app: &AppState,
    id: OrderId,
    owner: Option<UserId>,
    wish: &Wish<'_>,
) -> Result<Payable> {
    check(app, owner, wish)?;
    let customer = match owner {
        Some(user) if wish.save_card || wish.saved_card.is_some() => {
            Some(cards::customer(app, user).await?)
        }
        _ => None,
    };
    if let (Some(customer), Some(card)) = (&customer, wish.saved_card)
        && !app
            .stripe
            .has_card(customer, card)
            .await
            .map_err(unavailable_or_refused)?
    {
        return Err(http_kit::one_field(
            "saved_card",
            "unknown",
            "is not one of your cards",
        ));
    }

    // Whoever names a card wants to pay by card.
    let names_card = wish.test_method.is_some() || wish.saved_card.is_some() || wish.save_card;
    let wanted = wish.method.or(names_card.then_some(Method::Card));
    let (order, payment) = choose(app, id, wanted).await?;
    let new = NewPayment {
        customer,
        save_card: wish.save_card,
        ..new_payment(app, &order, &payment)
    };
    let provider = app.provider(payment.provider);
    let started = provider.start(&new).await.map_err(unavailable_or_refused)?;
    runtime::fault::point("payment.created");
    remember(app, &payment, &started).await?;
    let client_secret = started.payment.client_secret.clone();
    let mut news = started.payment;
    if let Some(method) = wish.test_method.or(wish.saved_card)
        && matches!(
            news.state,
            PaymentState::RequiresPayment | PaymentState::Failed
        )
    {
        news = app
            .stripe
            .confirm(&news.reference, method)
            .await
            .map_err(unavailable_or_refused)?;
    }
    runtime::fault::point("payment.confirmed");
    // The webhook may have been faster, or may come later: both are the same to the order.
    if payment.method != Some(Method::BankTransfer) {
        finalise::payment(app, &news).await?;
    }
    let mut conn = app.pool.acquire().await?;
    let payment = store::payments::find(&mut conn, payment.id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    Ok(Payable {
        payment,
        client_secret,
        next_action: news.next_action,
        page_url: started.page_url,
        instructions: started.instructions,
    })
}

fn check(app: &AppState, owner: Option<UserId>, wish: &Wish<'_>) -> Result<()> {
    if wish.test_method.is_some() && app.stripe.is_live() {
        return Err(Error::unprocessable(
            "test_payment_method_refused",
            "Test payment methods are refused where real money moves.",
        ));
    }
    if wish.method == Some(Method::BankTransfer) && !app.bank.is_offered() {
        return Err(Error::conflict(
            "payment_method_unavailable",
            "This shop takes no bank transfers.",
        ));
    }
    let mut errors = FieldErrors::new();
    let given = [
        ("test_payment_method", wish.test_method.is_some()),
        ("saved_card", wish.saved_card.is_some()),
        ("save_card", wish.save_card),
    ];
    for (field, _) in given.into_iter().filter(|(_, given)| *given) {
        if wish.method.is_some_and(|method| method != Method::Card) {
            errors.push(field, "exclusive", "goes with the method card only");
        } else if owner.is_none() && field != "test_payment_method" {
            errors.push(field, "unknown", "needs the account whose order it is");
        }
    }
    if wish.test_method.is_some() && wish.saved_card.is_some() {
        errors.push(
            "saved_card",
            "exclusive",
            "must not be given together with test_payment_method",
        );
    }
    errors.into_result()
}

/// Settles on a way to pay. Another one than before stops the payment that was begun; one that ended, such as a page that expired, is begun anew.
async fn choose(app: &AppState, id: OrderId, wanted: Option<Method>) -> Result<(Order, Payment)> {
    let (order, payment) = payable(app, id).await?;
    let method = wanted.or(payment.method).unwrap_or(Method::Card);
    let fresh = payment.method.is_none() && payment.provider_ref.is_none();
    if payment.method == Some(method) && payment.state != PaymentState::Cancelled {
        return Ok((order, payment));
    }
    if !fresh {
        stop(app, &order, &payment).await?;
    }
    let now = app.clock.now();
    let choice = Choice {
        method,
        capture: app.capture,
        attempt: payment.attempt + i32::from(!fresh),
        reference: (method == Method::BankTransfer).then(|| order.number()),
        due_at: (method == Method::BankTransfer).then(|| now + app.bank.patience()),
    };
    let mut tx = app.pool.begin().await?;
    store::orders::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    let chosen = store::payments::choose(&mut tx, &payment, &choice, now).await?;
    tx.commit().await?;
    let (order, payment) = payable(app, id).await?;
    // Whoever was faster may want the same, as the same customer in another tab.
    if chosen || (payment.method == Some(method) && payment.state != PaymentState::Cancelled) {
        Ok((order, payment))
    } else {
        Err(changed())
    }
}

/// The order and its payment, if it still waits for one.
async fn payable(app: &AppState, id: OrderId) -> Result<(Order, Payment)> {
    let mut conn = app.pool.acquire().await?;
    let order = store::orders::find(&mut conn, id)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    let payment = store::payments::find(&mut conn, order.payment_id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    if payment.state.is_charged() {
        return Err(Error::conflict("order_already_paid", "The order is paid."));
    }
    if order.status != Status::Pending {
        return Err(not_payable());
    }
    Ok((order, payment))
}

/// Makes sure that what was begun can never be paid any more. If it was paid meanwhile, the order learns of it.
async fn stop(app: &AppState, order: &Order, payment: &Payment) -> Result<()> {
    let new = new_payment(app, order, payment);
    let ended = app
        .provider(payment.provider)
        .stop(&new)
        .await
        .map_err(unavailable_or_refused)?;
    if ended.state == PaymentState::Cancelled {
        return Ok(());
    }
    if ended.state.is_charged() || ended.state == PaymentState::Authorized {
        finalise::payment(app, &ended).await?;
        return Err(Error::conflict("order_already_paid", "The order is paid."));
    }
    Err(changed())
}

fn not_payable() -> Error {
    Error::conflict(
        "order_not_payable",
        "The order no longer waits for a payment.",
    )
}

fn changed() -> Error {
    Error::conflict(
        "payment_changed",
        "Another way to pay was chosen, or is being tried, at the same moment. Try again.",
    )
}

/// Stores the provider's ids under the attempt that they belong to, before anybody can pay. If the order ended meanwhile, whoever ended it may not
/// have known what to stop at the provider, so it is stopped now.
async fn remember(app: &AppState, payment: &Payment, started: &Started) -> Result<()> {
    let is_page = started.page.as_deref() == Some(&*started.payment.reference);
    let reference = (!is_page).then_some(&*started.payment.reference);
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    let order = store::orders::lock(&mut tx, payment.order_id)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    let page = started.page.as_deref();
    if !store::payments::set_references(&mut tx, payment.id, payment.attempt, reference, page, now)
        .await?
    {
        return Err(changed());
    }
    // A webhook may have brought the good news already.
    let ended = order.status == Status::Cancelled;
    if ended {
        store::cancellations::request(&mut tx, order.id, now).await?;
    }
    tx.commit().await?;
    if ended { Err(not_payable()) } else { Ok(()) }
}

/// A payment as its provider has to know it.
pub(crate) fn new_payment(app: &AppState, order: &Order, payment: &Payment) -> NewPayment {
    NewPayment {
        payment_id: payment.id,
        order_id: order.id,
        order_number: order.number(),
        amount: payment.amount,
        method: payment.method.unwrap_or(Method::Card),
        attempt: payment.attempt,
        capture: payment.capture,
        reference: payment.provider_ref.clone(),
        page: payment.session_ref.clone(),
        customer: None,
        save_card: false,
        return_url: app.order_url(order),
    }
}

/// What its provider knows of an order's payment that was begun; nothing where only people know.
pub(crate) async fn look_up(
    app: &AppState,
    id: OrderId,
) -> anyhow::Result<Option<ProviderPayment>> {
    let mut conn = app.pool.acquire().await?;
    let Some(order) = store::orders::find(&mut conn, id).await? else {
        return Ok(None);
    };
    let Some(payment) = store::payments::find(&mut conn, order.payment_id).await? else {
        return Ok(None);
    };
    drop(conn);
    let new = new_payment(app, &order, &payment);
    Ok(app.provider(payment.provider).look_up(&new).await?)
}
