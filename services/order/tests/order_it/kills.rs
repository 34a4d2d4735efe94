//! kill -9 of everything, at every step of a purchase: the real programs of order and product with servers of their own die at a fault point, or
//! their servers die while they stand at one, all come back, and within a minute everything is as it must be.

mod gate;
mod place;
mod purchase;
mod servers;
mod told;

use std::fmt;
use std::time::{Duration, Instant};

use self::place::Place;
use self::purchase::Purchase;
use self::servers::Server::{self, Broker, Postgres, Redis};

/// How long everything may take to be in order again.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where order dies, and whether before or after it is paid.
const ORDER: &[&str] = &[
    "cart.chosen",
    "cart.sealed",
    "cart.moved",
    "checkout.begun",
    "checkout.reserved",
    "checkout.written",
    "checkout.committed",
    "payment.created",
    "payment.confirmed",
    "payment.written",
    "payment.committed",
    "webhook.stored",
    "webhook.claimed",
    "webhook.applied",
    "relay.claimed",
    "relay.sent",
    "relay.confirmed",
    "relay.deleted",
    "cancel.written",
    "cancel.committed",
    "refund.claimed",
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

/// Where a server dies under order or product. The program goes on when the server is back, and finds that all its connections are dead.
///
/// PostgreSQL is part of every step. Redis has guests' carts, which leave it before an order is begun: later it only must not be missed. The broker
/// is nobody's business but the relay's and the consumers': requests and jobs write events to the outbox, in their own transaction. Not repeated:
/// the relay of product, which is that of order.
const UNDER: &[(Who, Server, &[&str])] = &[
    (
        Who::Order,
        Redis,
        &[
            "cart.chosen",
            "cart.sealed",
            "cart.moved",
            "checkout.reserved",
        ],
    ),
    (Who::Order, Broker, &["relay.sent", "relay.confirmed"]),
    (
        Who::Product,
        Broker,
        &["consumer.received", "consumer.committed"],
    ),
    (Who::Order, Postgres, ORDER),
    (
        Who::Product,
        Postgres,
        &[
            "hold.written",
            "hold.committed",
            "consumer.received",
            "consumer.applied",
            "consumer.committed",
        ],
    ),
];

/// Where the program goes on at once, without the server.
const WITHOUT: &[(Who, Server, &[&str])] = &[
    (Who::Order, Redis, &["cart.sealed", "cart.moved"]),
    (
        Who::Order,
        Postgres,
        &[
            "checkout.reserved",
            "checkout.written",
            "payment.confirmed",
            "refund.asked",
        ],
    ),
    (
        Who::Product,
        Postgres,
        &["hold.written", "consumer.applied"],
    ),
    (Who::Order, Broker, &["relay.claimed"]),
    (Who::Product, Broker, &["consumer.acknowledged"]),
];

#[derive(Debug, Clone, Copy)]
enum Who {
    Order,
    Product,
}

/// When a server is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    Before,
    After,
}

/// A server that dies while a program stands at a fault point.
#[derive(Debug, Clone, Copy)]
struct Case {
    server: Server,
    program: Who,
    point: &'static str,
    back: Back,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server,
            program,
            point,
            back,
        } = self;
        let back = match back {
            Back::Before => "which goes on when it is back",
            Back::After => "which goes on without it",
        };
        write!(f, "{server:?} dies while {program:?} is at {point}, {back}")
    }
}

fn cases() -> impl Iterator<Item = Case> {
    let under = UNDER.iter().map(|cases| (cases, Back::Before));
    let without = WITHOUT.iter().map(|cases| (cases, Back::After));
    under
        .chain(without)
        .flat_map(|(&(program, server, points), back)| {
            points.iter().map(move |point| Case {
                server,
                program,
                point,
                back,
            })
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn order_dies_at_every_step() {
    let mut place = Place::open().await;
    for point in ORDER {
        place.order.start_to_die_at(Some(point)).await;
        Purchase::all_the_way(&mut place, point).await;
        assert!(place.order.died(), "order never came to {point}");
    }
    place.books_are_in_order(ORDER.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn product_dies_at_every_step() {
    let mut place = Place::open().await;
    for point in PRODUCT {
        place.product.start_to_die_at(Some(point)).await;
        Purchase::all_the_way(&mut place, point).await;
        assert!(place.product.died(), "product never came to {point}");
    }
    place.books_are_in_order(PRODUCT.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_die_before_every_step() {
    let mut place = Place::open().await;
    for step in 0..Purchase::STEPS {
        let mut purchase = Purchase::new(&format!("servers, before step {step}"));
        for done in 0..Purchase::STEPS {
            if done == step {
                place.kill_servers();
            }
            purchase.step(&mut place, done).await;
        }
        purchase.is_in_order(&mut place).await;
    }
    place.books_are_in_order(Purchase::STEPS);
}

/// One server after the other, inside the steps.
#[tokio::test(flavor = "multi_thread")]
async fn each_server_dies_inside_every_step() {
    let mut place = Place::open().await;
    Purchase::all_the_way(&mut place, "nothing dies").await;
    let usual = place.told.by_order().await;
    let mut purchases = 1;
    for case in cases() {
        let began = Instant::now();
        let killing = place.will_kill(&case);
        Purchase::all_the_way(&mut place, &case.to_string()).await;
        let killed = tokio::time::timeout(PATIENCE, killing).await;
        let killed = killed.unwrap_or_else(|_| panic!("{case}: it never came there"));
        killed.unwrap();
        assert!(
            !place.order.died() && !place.product.died(),
            "{case}: the program died too"
        );
        assert_eq!(
            place.told.by_order().await,
            usual,
            "{case}: what others were told"
        );
        purchases += 1;
        println!("{:>5} ms: {case}", began.elapsed().as_millis());
    }
    place.books_are_in_order(purchases);
    place.order.says_that_all_is_sent().await;
}
