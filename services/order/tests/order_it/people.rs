//! What order does about accounts, through a real broker: guests' orders find their owner, and who leaves is forgotten.

use auth_token::Role;
use contracts::events::{Event, UserDeleted, UserRegistered, UserUpdated};
use contracts::internal::users::UserSnapshot;
use messaging::Publisher;
use primitives::{Clock, Random, UserId};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::broker::Vhost;
use testkit::eventually;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::shop::{Shop, address};

/// Relay and consumers on a broker of this test's own.
pub(crate) struct Running {
    stop: CancellationToken,
    tasks: [JoinHandle<()>; 2],
    _vhost: Vhost,
}

impl Running {
    pub(crate) async fn start(shop: &Shop) -> Self {
        let vhost = Vhost::create().await.unwrap();
        let (stop, url) = (
            CancellationToken::new(),
            SecretString::from(vhost.amqp_url().to_owned()),
        );
        let relay = messaging::relay::run(shop.pool.clone(), url.clone(), stop.clone());
        let consumers = shop.app.consumers(url).run(stop.clone());
        Self {
            tasks: [tokio::spawn(relay), tokio::spawn(consumers)],
            stop,
            _vhost: vhost,
        }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// Publishes as auth would, and waits until so many events were applied in all.
async fn publish<E: Event + Clone>(shop: &Shop, event: &E, applied: i64) {
    let publisher = Publisher::new("mercato/auth", Clock::system(), Random::system());
    let mut tx = shop.pool.begin().await.unwrap();
    publisher.publish(&mut tx, event).await.unwrap();
    tx.commit().await.unwrap();
    eventually("the event is applied", async || {
        (shop.count("inbox").await == applied).then_some(())
    })
    .await;
}

fn updated(user_id: UserId, email: &str, email_verified: bool) -> UserUpdated {
    UserUpdated {
        user_id,
        email: email.parse().unwrap(),
        email_verified,
        name: "Anna".to_owned(),
        role: "customer".to_owned(),
    }
}

/// A guest's order; its id and token.
async fn guest_order(shop: &Shop, email: &str) -> (String, String) {
    let cart = shop.guest_cart(shop.peer.sell(100, 5), 1).await;
    let placed = shop
        .client
        .post("/api/orders")
        .header("x-cart-token", &cart)
        .json(&json!({"email": email, "shipping_address": address(), "note": "Ring twice"}))
        .expect(201)
        .await
        .value();
    let text = |name: &str| placed[name].as_str().unwrap().to_owned();
    (text("id"), text("guest_token"))
}

async fn orders_of(shop: &Shop, token: &str) -> Vec<String> {
    let list = shop
        .client
        .get("/api/orders")
        .bearer(token)
        .expect(200)
        .await
        .value();
    let data = list["data"].as_array().unwrap().iter();
    data.map(|order| order["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn set_status(shop: &Shop, order: &str, status: &str, paid: bool) {
    sqlx::query(
        "UPDATE orders SET status = $2, cancelled_at = CASE WHEN $2 = 'cancelled' THEN now() END, confirmed_at = CASE WHEN $3 THEN now() END
          WHERE id = $1",
    )
    .bind(order.parse::<Uuid>().unwrap())
    .bind(status)
    .bind(paid)
    .execute(&shop.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_verified_address_claims_what_a_guest_ordered_with_it() {
    let shop = Shop::open().await;
    let running = Running::start(&shop).await;
    let (anna, bert) = (shop.person(Role::Customer), shop.person(Role::Customer));
    let (first, token) = guest_order(&shop, "Anna@Example.com").await;
    let (other, _) = guest_order(&shop, "someone.else@example.com").await;
    let own = shop.placed(&bert, shop.peer.sell(100, 5), 1).await;
    sqlx::query("UPDATE orders SET email = 'anna@example.com' WHERE id = $1")
        .bind(own["id"].as_str().unwrap().parse::<Uuid>().unwrap())
        .execute(&shop.pool)
        .await
        .unwrap();

    // Whoever only says that the address is theirs gets nothing.
    publish(&shop, &updated(anna.id, "anna@example.com", false), 1).await;
    let registered = |email_verified| UserRegistered {
        user_id: anna.id,
        email: "anna@example.com".parse().unwrap(),
        email_verified,
        name: "Anna".to_owned(),
        role: "customer".to_owned(),
    };
    publish(&shop, &registered(false), 2).await;
    assert_eq!(orders_of(&shop, &anna.token).await, Vec::<String>::new());

    publish(&shop, &updated(anna.id, "anna@example.com", true), 3).await;
    assert_eq!(
        orders_of(&shop, &anna.token).await,
        std::slice::from_ref(&first)
    );
    assert_eq!(orders_of(&shop, &bert.token).await.len(), 1, "not taken");
    let timeline = async || -> Vec<Value> {
        let path = format!("/api/orders/{first}/events");
        let events = shop.client.get(&path).bearer(&anna.token).expect(200).await;
        let events = events.value()["data"].as_array().unwrap().clone();
        let claims = events.into_iter().filter(|e| e["type"] == "order.claimed");
        claims.collect()
    };
    assert_eq!(timeline().await.len(), 1);
    // The link in the guest's mail still opens it.
    let _ = shop
        .client
        .get(&format!("/api/orders/{first}"))
        .header("x-order-token", &token)
        .expect(200)
        .await;

    // Again, and by an account that comes with a verified address.
    publish(&shop, &updated(anna.id, "anna@example.com", true), 4).await;
    let (late, _) = guest_order(&shop, "anna@example.com").await;
    publish(&shop, &registered(true), 5).await;
    assert_eq!(orders_of(&shop, &anna.token).await, [late, first.clone()]);
    assert_eq!(timeline().await.len(), 1);
    let owner: Option<Uuid> = sqlx::query_scalar("SELECT user_id FROM orders WHERE id = $1")
        .bind(other.parse::<Uuid>().unwrap())
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(owner, None);
    running.stop().await;
}

#[tokio::test]
async fn staff_give_later_orders_to_the_account_that_has_the_address() {
    let shop = Shop::open().await;
    let support = shop.person(Role::Support);
    let anna = shop.person(Role::Customer);
    let (first, _) = guest_order(&shop, "anna@example.com").await;
    let (second, _) = guest_order(&shop, "anna@example.com").await;
    let _ = guest_order(&shop, "bert@example.com").await;
    let claim = async |body: Value| {
        let request = shop
            .client
            .post("/api/orders/claims")
            .bearer(&support.token);
        request.json(&body).send().await
    };
    let all = json!({"user_id": anna.id});
    claim(all.clone()).await.problem(404, "not_found");
    let mut account = UserSnapshot {
        id: anna.id,
        email: "anna@example.com".parse().unwrap(),
        email_verified: false,
        name: "Anna".to_owned(),
        role: "customer".to_owned(),
        closed: false,
    };
    shop.peer.world().users = vec![account.clone()];
    claim(all.clone()).await.problem(409, "email_not_verified");
    (account.email_verified, account.closed) = (true, true);
    shop.peer.world().users = vec![account.clone()];
    claim(all.clone()).await.problem(409, "account_closed");
    account.closed = false;
    shop.peer.world().users = vec![account];

    let one = json!({"user_id": anna.id, "order_ids": [first]});
    let given = claim(one.clone()).await.value();
    assert_eq!(given["claimed"].as_array().unwrap().len(), 1);
    assert_eq!(
        orders_of(&shop, &anna.token).await,
        std::slice::from_ref(&first)
    );
    assert_eq!(claim(one).await.value(), json!({"claimed": []}));
    let given = claim(all).await.value();
    assert_eq!(given["claimed"].as_array().unwrap().len(), 1);
    assert_eq!(orders_of(&shop, &anna.token).await, [second, first]);
    let acts = sqlx::query_scalar::<_, Value>(
        "SELECT envelope -> 'data' FROM outbox WHERE event_type = 'staff.acted' ORDER BY seq",
    );
    let acts = acts.fetch_all(&shop.pool).await.unwrap();
    assert_eq!(acts.len(), 2);
    assert_eq!(
        (&acts[0]["action"], &acts[0]["after"]),
        (&json!("order.claim"), &json!({"user_id": anna.id}))
    );
    assert_eq!(
        shop.count("outbox WHERE event_type = 'order.claimed'")
            .await,
        2
    );
}

#[tokio::test]
async fn who_leaves_is_forgotten_as_far_as_the_books_allow() {
    let shop = Shop::open().await;
    let running = Running::start(&shop).await;
    let anna = shop.person(Role::Customer);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let (id, _) = guest_order(&shop, "anna@example.com").await;
        ids.push(id);
    }
    publish(&shop, &updated(anna.id, "anna@example.com", true), 1).await;
    let [paid, unpaid, open] = ids.as_slice() else {
        panic!()
    };
    set_status(&shop, paid, "completed", true).await;
    set_status(&shop, unpaid, "cancelled", false).await;
    set_status(&shop, open, "confirmed", true).await;
    let _ = shop.add(&anna, shop.peer.sell(100, 5), 1).await;

    let deleted = UserDeleted { user_id: anna.id };
    publish(&shop, &deleted, 2).await;
    publish(&shop, &deleted, 3).await;
    let read = async |id: &str| -> Value {
        sqlx::query_scalar("SELECT to_jsonb(o) FROM orders o WHERE id = $1")
            .bind(id.parse::<Uuid>().unwrap())
            .fetch_one(&shop.pool)
            .await
            .unwrap()
    };
    let carts: i64 = sqlx::query_scalar("SELECT count(*) FROM carts WHERE user_id = $1")
        .bind(anna.id.uuid())
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(carts, 0);
    let gone = json!({"name": "-", "line1": "-", "line2": null, "city": "", "region": null, "postal_code": "", "country": "DE", "phone": null});
    for id in [paid, unpaid] {
        let order = read(id).await;
        assert_eq!(order["email"], "deleted@account.invalid");
        assert_eq!(
            (&order["note"], &order["guest_token_hash"]),
            (&json!(null), &json!(null))
        );
        assert_eq!(order["shipping_address"], gone);
        assert_eq!(order["user_id"], json!(anna.id), "for the books");
    }
    assert_eq!(read(unpaid).await["billing_address"], gone);
    assert_eq!(
        read(paid).await["billing_address"]["name"],
        address()["name"],
        "the invoice stays whole"
    );
    // Under way: the parcel and the mails need it still.
    assert_eq!(read(open).await["email"], "anna@example.com");

    // Staff still read such an order; nobody gets the deleted user's orders.
    let staff = shop.person(Role::Support);
    let path = format!("/api/orders/{paid}");
    let shown = shop
        .client
        .get(&path)
        .bearer(&staff.token)
        .expect(200)
        .await;
    assert_eq!(shown.value()["shipping_address"], gone);
    let heir = shop.person(Role::Customer);
    publish(&shop, &updated(heir.id, "anna@example.com", true), 4).await;
    assert_eq!(orders_of(&shop, &heir.token).await, Vec::<String>::new());
    // News from before that comes late gives the deleted user nothing.
    let (late, _) = guest_order(&shop, "late@example.com").await;
    publish(&shop, &updated(anna.id, "late@example.com", true), 5).await;
    assert_eq!(read(&late).await["user_id"], json!(null));

    set_status(&shop, open, "completed", true).await;
    order::reconcile(&shop.app).await;
    assert_eq!(read(open).await["email"], "deleted@account.invalid");
    let done: bool = sqlx::query_scalar("SELECT done_at IS NOT NULL FROM erased_users")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert!(done);
    running.stop().await;
}
