//! Many at once: one cart checked out by five hundred requests, and ten thousand webhooks in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use auth_token::Role;
use futures::{StreamExt as _, stream};
use primitives::Random;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::shop::{Person, Shop, id};

const CHECKOUTS: usize = 500;

/// Some are repetitions with the same key, some have keys of their own, some have none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_checkouts_of_one_cart_make_one_order() {
    let shop = Arc::new(Shop::open().await);
    let variant = shop.peer.sell(1999, 1000);
    let person = shop.person(Role::Customer);
    let _ = shop.add(&person, variant, 2).await;
    let (person, start) = (Arc::new(person), Arc::new(Barrier::new(CHECKOUTS)));
    let mut requests = JoinSet::new();
    for n in 0..CHECKOUTS {
        let (shop, person, start) = (shop.clone(), person.clone(), start.clone());
        requests.spawn(async move {
            start.wait().await;
            loop {
                let request = shop.order_as(&person);
                let request = match n % 3 {
                    0 => request.header("idempotency-key", "the-same"),
                    1 => request.header("idempotency-key", &format!("own-{n}")),
                    _ => request,
                };
                let answer = request.send().await;
                // Too many at once for ten connections: come again, as a client does.
                if answer.status != 503 {
                    return answer;
                }
            }
        });
    }
    let answers = requests.join_all().await;
    let (placed, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    let orders: BTreeSet<String> = placed.iter().map(|answer| answer.text()).collect();
    assert_eq!(
        orders.len(),
        1,
        "all that were told of an order were told the same"
    );
    let order: Value = placed[0].value();
    for answer in refused {
        let problem = answer.expect(409).value();
        match problem["code"].as_str().unwrap() {
            "already_ordered" => assert_eq!(problem["order_id"], order["id"]),
            "cart_empty" => {}
            other => panic!("{other}"),
        }
    }
    for table in [
        "orders",
        "order_numbers",
        "order_carts",
        "payments",
        "order_items",
    ] {
        assert_eq!(shop.count(table).await, 1, "{table}");
    }
    assert_eq!(shop.events("order.created").await.len(), 1);
    assert_eq!(shop.events("email.notification").await.len(), 1);
    assert_eq!(shop.peer.held(), [id(&order)]);
    assert_eq!(shop.peer.available(variant), 998);
}

const WEBHOOKS: usize = 10_000;

/// What customers and staff do to orders, at the provider and here, so that it has much to tell.
async fn live(shop: &Shop, person: &Person, staff: &Person) -> Vec<Value> {
    let variant = shop.peer.sell(1999, 1000);
    let mut orders = Vec::new();
    for n in 0..24 {
        let order = shop.placed(person, variant, 1 + n % 3).await;
        match n % 6 {
            // Paid at once.
            0 => drop(shop.pay(person, &order, "pm_card_visa").await),
            // Declined, then paid, behind our back.
            1 => {
                let reference = shop.start_payment(person, &order).await;
                shop.confirm_at_stripe(&reference, "pm_card_chargeDeclined")
                    .await;
                shop.confirm_at_stripe(&reference, "pm_card_visa").await;
            }
            // Paid behind our back.
            2 => {
                let reference = shop.start_payment(person, &order).await;
                shop.confirm_at_stripe(&reference, "pm_card_visa").await;
            }
            // Declined, and that was it.
            3 => {
                let reference = shop.start_payment(person, &order).await;
                shop.confirm_at_stripe(&reference, "pm_card_chargeDeclined")
                    .await;
            }
            // Paid, and given back in two parts.
            4 => {
                let _ = shop.pay(person, &order, "pm_card_visa").await;
                for amount in [500, 700] {
                    let _ = shop
                        .refund(
                            staff,
                            &order,
                            json!({"amount": {"amount": amount, "currency": "EUR"}}),
                        )
                        .await
                        .expect(202);
                    order::reconcile(&shop.app).await;
                }
            }
            // Begun, never paid.
            _ => drop(shop.start_payment(person, &order).await),
        }
        orders.push(order);
    }
    orders
}

/// What can be said of an order and its money when all is told.
async fn told(shop: &Shop, orders: &[Value]) -> Vec<Value> {
    let mut all = Vec::new();
    for order in orders {
        let row: Value = sqlx::query_scalar(
            "SELECT jsonb_build_object('order', o.status, 'payment', o.payment_status, 'fulfillment', o.fulfillment_status, 'total', o.total,
                      'state', p.status, 'amount', p.amount, 'refunded', p.amount_refunded,
                      'refunds', (SELECT coalesce(jsonb_agg(r.amount ORDER BY r.amount), '[]') FROM refunds r WHERE r.payment_id = p.id AND r.status = 'succeeded'),
                      'ledger', (SELECT coalesce(jsonb_object_agg(account, sum ORDER BY account), '{}')
                                   FROM (SELECT account, sum(amount) FROM ledger_entries l WHERE l.order_id = o.id GROUP BY account) a),
                      'confirmed', (SELECT count(*) FROM order_events e WHERE e.order_id = o.id AND e.type = 'order.confirmed'))
               FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = $1::uuid",
        )
        .bind(order["id"].as_str().unwrap())
        .fetch_one(&shop.pool)
        .await
        .unwrap();
        all.push(row);
    }
    all
}

/// How often what was published.
async fn published(shop: &Shop) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for kind in shop.outbox().await {
        if kind.starts_with("payment.") && kind != "payment.failed" || kind == "order.confirmed" {
            *counts.entry(kind).or_default() += 1;
        }
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_webhooks_in_any_order_end_where_each_one_in_its_order_ends() {
    // Once, in the order in which things happened.
    let plain = Shop::open().await;
    let (person, staff) = (plain.person(Role::Customer), plain.person(Role::Admin));
    let orders = live(&plain, &person, &staff).await;
    for event in plain.stripe_events().await {
        let _ = plain.deliver(&event).await.expect(204);
        order::reconcile(&plain.app).await;
    }
    let expected = told(&plain, &orders).await;
    let events_expected = published(&plain).await;
    drop(plain);

    // Ten thousand times, shuffled, from many connections at once, while they are being applied by two processes.
    let shop = Shop::open().await;
    let (person, staff) = (shop.person(Role::Customer), shop.person(Role::Admin));
    let orders = live(&shop, &person, &staff).await;
    let events = shop.stripe_events().await;
    let mut deliveries: Vec<&Value> = events.iter().cycle().take(WEBHOOKS).collect();
    shuffle(&mut deliveries);
    let working = tokio_util::sync::CancellationToken::new();
    let workers = [0, 1].map(|_| {
        let (app, working) = (shop.app.clone(), working.clone());
        tokio::spawn(async move {
            while !working.is_cancelled() {
                order::reconcile(&app).await;
                tokio::task::yield_now().await;
            }
        })
    });
    stream::iter(deliveries)
        .for_each_concurrent(32, |event| async {
            // Who is too busy says so, and Stripe tries again.
            let mut answer = shop.deliver(event).await;
            while answer.status == 503 {
                answer = shop.deliver(event).await;
            }
            let _ = answer.expect(204);
        })
        .await;
    working.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    order::reconcile(&shop.app).await;
    assert_eq!(
        shop.count("webhook_events").await,
        i64::try_from(events.len()).unwrap()
    );
    let waiting: i64 =
        sqlx::query_scalar("SELECT count(*) FROM webhook_events WHERE processed_at IS NULL")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(waiting, 0);
    for (found, expected) in told(&shop, &orders).await.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(published(&shop).await, events_expected);
}

fn shuffle<T>(list: &mut [T]) {
    let random = Random::system();
    for last in (1..list.len()).rev() {
        let place = u64::from_le_bytes(random.bytes::<8>()) % (last as u64 + 1);
        list.swap(last, usize::try_from(place).unwrap());
    }
}
