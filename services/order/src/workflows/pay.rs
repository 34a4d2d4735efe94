//! Paying an order: finds or creates its payment at the provider.

use http_kit::{Error, Result};
use primitives::OrderId;

use crate::app::AppState;
use crate::domain::order::Status;
use crate::domain::payment::PaymentState;
use crate::error::unavailable_or_refused;
use crate::payments::{NewPayment, ProviderPayment};
use crate::store;
use crate::store::payments::Payment;
use crate::workflows::finalise;

/// A payment and what a browser needs to make it.
pub(crate) struct Payable {
    pub(crate) payment: Payment,
    pub(crate) client_secret: Option<String>,
}

/// Prepares the payment, and, for tests and demos, pays with one of the provider's test methods. Safe to repeat: the
/// provider knows our payment id.
pub(crate) async fn pay(app: &AppState, id: OrderId, test_method: Option<&str>) -> Result<Payable> {
    if test_method.is_some() && app.stripe.is_live() {
        return Err(Error::unprocessable(
            "test_payment_method_refused",
            "Test payment methods are refused where real money moves.",
        ));
    }
    let mut conn = app.pool.acquire().await?;
    let order = store::orders::find(&mut conn, id)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    let payment = store::payments::find(&mut conn, order.payment_id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    drop(conn);
    if payment.state.is_charged() {
        return Err(Error::conflict("order_already_paid", "The order is paid."));
    }
    if order.status != Status::Pending {
        return Err(not_payable());
    }

    let at_provider = match &payment.provider_ref {
        Some(reference) => app.stripe.retrieve(reference).await,
        None => {
            let new = NewPayment {
                payment_id: payment.id,
                order_id: id,
                order_number: order.number(),
                amount: payment.amount,
            };
            app.stripe.create(&new).await
        }
    };
    let mut news = at_provider.map_err(unavailable_or_refused)?;
    if !remember(app, &payment, &news.reference).await? {
        return Err(not_payable());
    }
    let client_secret = news.client_secret.clone();
    if let Some(method) = test_method
        && matches!(
            news.state,
            PaymentState::RequiresPayment | PaymentState::Failed
        )
    {
        news = app
            .stripe
            .confirm_test(&news.reference, method)
            .await
            .map_err(unavailable_or_refused)?;
    }
    apply(app, &news).await?;

    let mut conn = app.pool.acquire().await?;
    let payment = store::payments::find(&mut conn, payment.id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    Ok(Payable {
        payment,
        client_secret,
    })
}

fn not_payable() -> Error {
    Error::conflict(
        "order_not_payable",
        "The order no longer waits for a payment.",
    )
}

/// Writes the provider's name of a payment down, before anybody can pay it. False if the order ended meanwhile: whoever ended it did not know
/// what to stop at the provider, so it is stopped now.
async fn remember(app: &AppState, payment: &Payment, reference: &str) -> Result<bool> {
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    let order = store::orders::lock(&mut tx, payment.order_id)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    store::payments::set_reference(&mut tx, payment.id, reference, now).await?;
    let waits = order.status == Status::Pending;
    if !waits {
        store::payments::request_cancellation(&mut tx, order.id, now).await?;
    }
    tx.commit().await?;
    Ok(waits)
}

/// The webhook may have been faster, or may come later: both are the same to the order.
async fn apply(app: &AppState, news: &ProviderPayment) -> Result<()> {
    finalise::payment(app, news).await?;
    Ok(())
}
