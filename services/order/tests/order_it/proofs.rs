//! The six things that shops get wrong, each with the proof that it cannot happen here.
//!
//! The last unit is guarded by product; that five hundred buyers through the whole stack get the fifty units that there are is
//! proved in `e2e_it/oversell.rs`. What is killed half-way is `e2e_it`'s and this crate's fault points' matter.

use std::collections::BTreeMap;
use std::time::Duration;

use auth_token::Role;
use contracts::events::{Envelope, InventoryRejected, OrderCreated};
use messaging::{Consumers, Handler, HandlerError, Publisher};
use primitives::{Clock, Random, VariantId};
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::PgConnection;
use testkit::broker::Vhost;
use testkit::http::Answer;
use testkit::{TcpProxy, eventually_within};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::ownership;
use crate::peer::{HoldState, Trouble};
use crate::people::Running;
use crate::shop::{Person, Shop, address, id};

/// Nobody gets an order without the goods being held for it, and whose goods are gone gets the money back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proof_1_the_last_unit_is_sold_once() {
    let shop = Shop::open().await;
    let last = shop.peer.sell(5000, 1);
    let people: Vec<Person> = (0..30).map(|_| shop.person(Role::Customer)).collect();
    for person in &people {
        let _ = shop.add(person, last, 1).await;
    }
    // Every answer is lost at first, so that each has to come again.
    shop.peer.world().trouble = Trouble::LosesAnswers;
    let tries = people.iter().map(|person| shop.order_as(person).send());
    for answer in futures::future::join_all(tries).await {
        assert!([409, 503].contains(&answer.status), "{}", answer.text());
    }
    shop.peer.world().trouble = Trouble::None;
    let tries = people.iter().map(|person| shop.order_as(person).send());
    let answers = futures::future::join_all(tries).await;
    let (placed, refused): (Vec<Answer>, Vec<Answer>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((placed.len(), refused.len()), (1, 29));
    for answer in refused {
        let _ = answer.problem(409, "insufficient_stock");
    }
    let order = placed[0].value();
    assert_eq!(shop.peer.held(), [id(&order)]);
    assert_eq!(shop.peer.available(last), 0);

    // The hold ends before the customer pays, and the unit goes to somebody else. product says so; the money goes back.
    let winner = people
        .iter()
        .find(|person| order["email"] == format!("{}@example.com", person.id.uuid().simple()))
        .unwrap();
    let _ = shop.pay(winner, &order, "pm_card_visa").await;
    for hold in shop.peer.world().holds.values_mut() {
        hold.state = HoldState::Expired;
    }
    let running = Running::start(&shop).await;
    let rejected = InventoryRejected {
        order_id: id(&order),
        lines: vec![],
    };
    let publisher = Publisher::new("mercato/product", Clock::system(), Random::system());
    let mut tx = shop.pool.begin().await.unwrap();
    let _ = publisher.publish(&mut tx, &rejected).await.unwrap();
    tx.commit().await.unwrap();
    eventually_within(
        Duration::from_secs(60),
        "the order is cancelled",
        async || {
            order::reconcile(&shop.app).await;
            let now = shop.order(winner, &order).await;
            (now["status"] == "cancelled" && now["payment_status"] == "refunded").then_some(())
        },
    )
    .await;
    running.stop().await;
}

/// The browser comes back, the webhook comes, twice, and the reconciler asks, all at once: one confirmation, one entry in the books, one mail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proof_2_browser_and_webhook_confirm_an_order_once() {
    let shop = Shop::open().await;
    let person = shop.person(Role::Customer);
    let variant = shop.peer.sell(2500, 100);
    const ORDERS: usize = 8;
    for _ in 0..ORDERS {
        let order = shop.placed(&person, variant, 1).await;
        let reference = shop.start_payment(&person, &order).await;
        shop.confirm_at_stripe(&reference, "pm_card_visa").await;
        let events = shop.stripe_events().await;
        let news: Vec<&Value> = events
            .iter()
            .filter(|event| event["data"]["object"]["id"] == *reference)
            .collect();
        let path = format!("/api/orders/{}/payment", order["id"].as_str().unwrap());
        let body = json!({"method": "card"});
        let come_back = || {
            shop.client
                .post(&path)
                .bearer(&person.token)
                .json(&body)
                .send()
        };
        let deliveries = news.iter().chain(&news).map(|event| shop.deliver(event));
        let (first, second, delivered, (), ()) = futures::join!(
            come_back(),
            come_back(),
            futures::future::join_all(deliveries),
            order::reconcile(&shop.app),
            order::reconcile(&shop.app),
        );
        for answer in [first, second] {
            assert!([200, 409].contains(&answer.status), "{}", answer.text());
        }
        assert!(delivered.iter().all(|answer| answer.status == 204));
        order::reconcile(&shop.app).await;
        let now = shop.order(&person, &order).await;
        assert_eq!(
            (&now["status"], &now["payment_status"]),
            (&json!("confirmed"), &json!("paid"))
        );
    }
    let confirmed = i64::try_from(ORDERS).unwrap();
    for (what, count) in [
        ("order_events WHERE type = 'order.confirmed'", confirmed),
        ("outbox WHERE event_type = 'order.confirmed'", confirmed),
        ("outbox WHERE event_type = 'payment.processed'", confirmed),
        ("ledger_entries WHERE kind = 'charge'", 2 * confirmed),
        // Received, and paid.
        (
            "outbox WHERE event_type = 'email.notification'",
            2 * confirmed,
        ),
    ] {
        assert_eq!(shop.count(what).await, count, "{what}");
    }
}

/// A change and its events are one transaction; what was committed reaches the broker, however often the way there breaks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proof_3_no_event_is_lost_between_commit_and_broker() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1000, 100);
    let owner = shop.owner().await;
    // An event that cannot be written takes the order with it.
    for sql in [
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$",
        "CREATE TRIGGER no_room BEFORE INSERT ON outbox FOR EACH ROW WHEN (NEW.event_type = 'order.created') EXECUTE FUNCTION no_room()",
    ] {
        let _ = sqlx::query(sql).execute(&owner).await.unwrap();
    }
    let person = shop.person(Role::Customer);
    let _ = shop.add(&person, variant, 1).await;
    assert_eq!(shop.order_as(&person).send().await.status, 500);
    for table in ["orders", "order_numbers", "payments", "order_events"] {
        assert_eq!(shop.count(table).await, 0, "{table}");
    }
    let _ = sqlx::query("DROP TRIGGER no_room ON outbox")
        .execute(&owner)
        .await
        .unwrap();
    let _ = shop.order_as(&person).expect(201).await;

    // The broker's connection is cut again and again while orders come in.
    let vhost = Vhost::create().await.unwrap();
    let url = vhost.amqp_url();
    let host = url.split(['@', '/']).rev().nth(1).unwrap();
    let proxy = TcpProxy::start(host).await;
    let through = SecretString::from(url.replace(host, &proxy.addr().to_string()));
    let stop = CancellationToken::new();
    let relay = messaging::relay::run(shop.pool.clone(), through.clone(), stop.clone());
    let relay = tokio::spawn(relay);
    let _ = sqlx::query("CREATE TABLE told (order_id uuid)")
        .execute(&owner)
        .await
        .unwrap();
    let consumers = Consumers::new("admin", shop.pool.clone(), through).on::<OrderCreated>(Told);
    let running = tokio::spawn(consumers.run(stop.clone()));
    for _ in 0..11 {
        let person = shop.person(Role::Customer);
        let _ = shop.placed(&person, variant, 1).await;
        proxy.cut();
    }
    eventually_within(
        Duration::from_secs(60),
        "everything is out and told",
        async || (shop.count("outbox").await == 0 && shop.count("told").await == 12).then_some(()),
    )
    .await;
    stop.cancel();
    relay.await.unwrap();
    running.await.unwrap();
    let told: Vec<Uuid> = sqlx::query_scalar("SELECT order_id FROM told ORDER BY order_id")
        .fetch_all(&shop.pool)
        .await
        .unwrap();
    let orders: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM orders ORDER BY id")
        .fetch_all(&shop.pool)
        .await
        .unwrap();
    assert_eq!(orders.len(), 12);
    assert_eq!(told, orders);
}

/// Writes down what it is told, in the transaction that says that it was.
struct Told;

impl Handler<OrderCreated> for Told {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<OrderCreated>,
    ) -> Result<(), HandlerError> {
        let _ = sqlx::query("INSERT INTO told (order_id) VALUES ($1)")
            .bind(event.data.order_id.uuid())
            .execute(tx)
            .await?;
        Ok(())
    }
}

/// Whatever is bought, taken off, taxed and given back: parts add up to their whole, and not a cent more goes back than came.
#[tokio::test]
async fn proof_4_cents_add_up() {
    let shop = Shop::open().await;
    let (admin, random) = (shop.person(Role::Admin), Random::system());
    let draw = |most: u64| 1 + u64::from_le_bytes(random.bytes::<8>()) % most;
    let amount = |value: &Value| value["amount"].as_i64().unwrap();
    for basket in 0..25 {
        let person = shop.person(Role::Customer);
        for _ in 0..draw(7) {
            let price = i64::try_from(draw(9999)).unwrap();
            let variant = shop.peer.sell(price, 100);
            let _ = shop
                .add(&person, variant, i32::try_from(draw(7)).unwrap())
                .await;
        }
        let code = format!("CENTS{basket}");
        let coupon = match basket % 3 {
            0 => json!({"code": code, "kind": "percent", "percent": draw(100)}),
            1 => {
                json!({"code": code, "kind": "fixed", "amount": {"amount": draw(9999), "currency": "EUR"}})
            }
            _ => json!({"code": code, "kind": "free_shipping"}),
        };
        let _ = shop
            .client
            .post("/api/coupons")
            .bearer(&admin.token)
            .json(&coupon)
            .expect(201)
            .await;
        let _ = shop
            .client
            .post("/api/cart/coupon")
            .bearer(&person.token)
            .json(&json!({"code": code}))
            .expect(200)
            .await;
        let mut to = address();
        let places = [
            ("DE", "10115"),
            ("AT", "1010"),
            ("FR", "75001"),
            ("CH", "8001"),
        ];
        let (country, postal_code) = places[basket % 4];
        to["country"] = country.into();
        to["postal_code"] = postal_code.into();
        let order = shop
            .client
            .post("/api/orders")
            .bearer(&person.token)
            .json(&json!({"shipping_address": to}))
            .expect(201)
            .await
            .value();
        let sum = |name: &str| -> i64 {
            order["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| amount(&item[name]))
                .sum()
        };
        let whole = amount(&order["total"]);
        assert_eq!(
            amount(&order["subtotal"]) - amount(&order["discount"])
                + amount(&order["shipping"])
                + amount(&order["tax"]),
            whole,
            "{order:#}"
        );
        assert_eq!(sum("discount"), amount(&order["discount"]), "{order:#}");
        let gross: i64 = order["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| amount(&item["unit_price"]) * item["quantity"].as_i64().unwrap())
            .sum();
        assert_eq!(gross, amount(&order["subtotal"]));
        assert_eq!(
            sum("total") + amount(&order["shipping"]),
            whole,
            "{order:#}"
        );
        if whole == 0 {
            continue;
        }
        // It goes back in parts of any size, until nothing is left.
        let _ = shop.pay(&person, &order, "pm_card_visa").await;
        let mut left = whole;
        while left > 0 {
            let most = u64::try_from(left).unwrap();
            let part = i64::try_from(if draw(3) == 1 { most } else { draw(most) }).unwrap();
            for (asked, status) in [(left + 1, 409), (part, 202)] {
                let body = json!({"amount": {"amount": asked, "currency": "EUR"}});
                assert_eq!(shop.refund(&admin, &order, body).await.status, status);
            }
            left -= part;
        }
        order::reconcile(&shop.app).await;
        let now = shop.order(&person, &order).await;
        assert_eq!(now["payment_status"], "refunded");
    }
    while shop.count("refunds WHERE status = 'pending'").await > 0 {
        order::reconcile(&shop.app).await;
    }
    for (nothing, what) in [
        (
            "(SELECT posting_id FROM ledger_entries GROUP BY 1 HAVING sum(amount) <> 0) x",
            "postings are balanced",
        ),
        (
            "payments WHERE amount_refunded <> amount AND amount > 0",
            "all went back",
        ),
        (
            "(SELECT sum(amount) FROM ledger_entries WHERE account = 'stripe' AND kind <> 'fee') x WHERE sum <> 0",
            "nothing is left at the provider, its fees aside",
        ),
    ] {
        assert_eq!(shop.count(nothing).await, 0, "{what}");
    }
    // And if code were wrong, the database would not take it.
    let owner = shop.owner().await;
    for wrong in [
        "UPDATE orders SET total = total + 1",
        "UPDATE order_items SET tax = tax + 1",
        "UPDATE payments SET amount_refunded = amount + 1",
    ] {
        let error = sqlx::query(wrong).execute(&owner).await.unwrap_err();
        assert!(
            error.as_database_error().unwrap().is_check_violation(),
            "{error}"
        );
    }
}

/// Everything that is done with a cart or an order takes as many statements for five hundred lines as for one.
#[tokio::test]
async fn proof_5_cost_does_not_grow_with_lines() {
    let shop = Shop::open().await;
    let staff = shop.person(Role::Admin);
    let coupon = json!({"code": "TEN", "kind": "percent", "percent": 10});
    let _ = shop
        .client
        .post("/api/coupons")
        .bearer(&staff.token)
        .json(&coupon)
        .expect(201)
        .await;
    let one = statements(&shop, &staff, 1).await;
    let many = statements(&shop, &staff, 500).await;
    assert_eq!(one, many);
    assert!(
        one.values().all(|count| (1..=30).contains(count)),
        "{one:?}"
    );
}

async fn statements(shop: &Shop, staff: &Person, lines: usize) -> BTreeMap<&'static str, u64> {
    let person = shop.person(Role::Customer);
    // All but the last are put in at once: filling is not what is counted.
    let first = shop.add(&person, shop.peer.sell(100, 100), 1).await.value();
    let cart = first["id"].as_str().unwrap();
    let variants: Vec<VariantId> = (2..lines).map(|_| shop.peer.sell(100, 100)).collect();
    for variant in &variants {
        let product = shop.peer.world().variants[variant].product_id;
        let _ = sqlx::query(
            "INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity) VALUES ($1, $2::uuid, $3, $1, 1)",
        )
        .bind(variant.uuid())
        .bind(cart)
        .bind(product.uuid())
        .execute(&shop.pool)
        .await
        .unwrap();
    }
    let mut counts = BTreeMap::new();
    let send = async |method: &str, path: &str, token: &str, body: Value| {
        let request = shop
            .client
            .request(method.parse().unwrap(), path)
            .bearer(token);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let answer = request.send().await;
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        answer
    };
    let mut count =
        async |what: &'static str, method: &str, path: &str, token: &str, body: Value| {
            let answer = send(method, path, token, body).await;
            counts.insert(what, answer.statement_count());
            answer
        };
    let mine = person.token.as_str();
    if lines > 1 {
        let variant = shop.peer.sell(100, 100);
        let _ = send(
            "POST",
            "/api/cart",
            mine,
            json!({"variant_id": variant, "quantity": 1}),
        )
        .await;
    }
    let again: Value = first["items"][0]["variant_id"].clone();
    let _ = count(
        "add",
        "POST",
        "/api/cart",
        mine,
        json!({"variant_id": again, "quantity": 1}),
    )
    .await;
    let _ = count(
        "coupon",
        "POST",
        "/api/cart/coupon",
        mine,
        json!({"code": "TEN"}),
    )
    .await;
    let cart = count("cart", "GET", "/api/cart", mine, Value::Null)
        .await
        .value();
    assert_eq!(cart["items"].as_array().unwrap().len(), lines);
    let order = count(
        "place",
        "POST",
        "/api/orders",
        mine,
        json!({"shipping_address": address()}),
    )
    .await
    .value();
    assert_eq!(order["items"].as_array().unwrap().len(), lines);
    let path = format!("/api/orders/{}", order["id"].as_str().unwrap());
    let _ = count(
        "pay",
        "POST",
        &format!("{path}/payment"),
        mine,
        json!({"method": "card", "test_payment_method": "pm_card_visa"}),
    )
    .await;
    let _ = count("read", "GET", &path, mine, Value::Null).await;
    let _ = count("list", "GET", "/api/orders", mine, Value::Null).await;
    let _ = count(
        "timeline",
        "GET",
        &format!("{path}/events"),
        mine,
        Value::Null,
    )
    .await;
    let parcel = json!({"carrier": "DHL", "tracking_number": "1"});
    let parcel = count(
        "ship",
        "POST",
        &format!("{path}/shipments"),
        &staff.token,
        parcel,
    )
    .await
    .value();
    let parcel = format!(
        "/api/shipments/{}/deliver",
        parcel["id"].as_str().unwrap_or_default()
    );
    let _ = count("deliver", "POST", &parcel, &staff.token, Value::Null).await;
    let refund = format!(
        "/api/payments/{}/refund",
        order["payment_id"].as_str().unwrap()
    );
    let _ = count("refund", "POST", &refund, &staff.token, json!({})).await;
    order::reconcile(&shop.app).await;
    counts
}

/// Each id of each resource, tried as everybody to whom it does not belong: nothing is told, nothing changes.
#[tokio::test]
async fn proof_6_what_is_not_ones_own_does_not_exist() {
    ownership::nothing_is_told_and_nothing_changes().await;
}
