//! kill -9 of everything, at every step of a purchase: the real programs of order and product with servers of their own die at a fault point or at any
//! moment, come back, and within a minute all is as it must be.

mod place;

use std::time::Duration;

use self::place::{Place, Purchase};

/// How long everything may take to be in order again.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where order dies, and whether before or after it is paid.
const ORDER: &[&str] = &[
    "checkout.begun",
    "checkout.reserved",
    "checkout.written",
    "checkout.committed",
    "payment.created",
    "payment.confirmed",
    "payment.written",
    "payment.committed",
    "webhook.stored",
    "relay.claimed",
    "relay.sent",
    "relay.confirmed",
    "relay.deleted",
    "cancel.written",
    "cancel.committed",
    "refund.asked",
    "refund.written",
    "refund.committed",
];

const PRODUCT: &[&str] = &[
    "hold.written",
    "hold.committed",
    "consumer.received",
    "consumer.applied",
    "consumer.committed",
    "consumer.acknowledged",
    "relay.sent",
    "relay.confirmed",
];

#[tokio::test(flavor = "multi_thread")]
async fn order_dies_at_every_step() {
    let mut place = Place::open().await;
    for point in ORDER {
        place.order.start_to_die_at(Some(point)).await;
        let purchase = Purchase::all_the_way(&mut place).await;
        purchase.is_in_order(&mut place, point).await;
        assert!(place.order.died(), "order never came to {point}");
    }
    place.books_are_in_order(ORDER.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn product_dies_at_every_step() {
    let mut place = Place::open().await;
    for point in PRODUCT {
        place.product.start_to_die_at(Some(point)).await;
        let purchase = Purchase::all_the_way(&mut place).await;
        purchase.is_in_order(&mut place, point).await;
        assert!(place.product.died(), "product never came to {point}");
    }
    place.books_are_in_order(PRODUCT.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_die_before_every_step() {
    let mut place = Place::open().await;
    for step in 0..Purchase::STEPS {
        let mut purchase = Purchase::default();
        for done in 0..Purchase::STEPS {
            if done == step {
                // The broker takes ten seconds to come back: the purchase goes on meanwhile.
                place.kill_servers();
            }
            purchase.step(&mut place, done).await;
        }
        purchase
            .is_in_order(&mut place, &format!("servers, before step {step}"))
            .await;
    }
    place.books_are_in_order(Purchase::STEPS);
}
