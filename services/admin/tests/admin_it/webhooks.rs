//! What third parties are told: signed, tried again, given up, and never sent where it must not go.

use std::time::Duration;

use admin::AppState;
use contracts::events::{OrderCreated, OrderShipped, UserDeleted, UserUpdated};
use primitives::{Currency, Money};
use serde_json::{Value, json};
use testkit::broker::Vhost;
use testkit::eventually;
use uuid::Uuid;

use crate::events::{Running, envelope, publish};
use crate::panel::Panel;
use crate::webhook_receiver::{Mood, Receiver};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// Longer than any pause between tries.
const A_DAY_AND_MORE: Duration = Duration::from_secs(30 * 3600);

impl Panel {
    pub(crate) async fn endpoint(&self, url: &str, events: &[&str], personal_data: bool) -> Uuid {
        let id = self.id();
        sqlx::query(
            "INSERT INTO webhook_endpoints (id, url, event_types, personal_data, secret, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        )
        .bind(id)
        .bind(url)
        .bind(events)
        .bind(personal_data)
        .bind(SECRET)
        .bind(self.clock.now())
        .execute(&self.admin_db)
        .await
        .unwrap();
        id
    }

    /// Something that waits to be delivered.
    pub(crate) async fn delivery(&self, endpoint: Uuid) -> Uuid {
        let (message, delivery) = (self.id(), self.id());
        sqlx::query(
            "INSERT INTO webhook_messages (id, type, subject, occurred_at, sequence, data, created_at)
             VALUES ($1, 'order.shipped', 'order:1', $2, 3, $3, $2)",
        )
        .bind(message)
        .bind(self.clock.now())
        .bind(json!({"number": "1000042", "carrier": "DHL"}))
        .execute(&self.admin_db)
        .await
        .unwrap();
        sqlx::query("INSERT INTO webhook_deliveries (id, endpoint_id, message_id, next_try_at, created_at) VALUES ($1, $2, $3, $4, $4)")
            .bind(delivery)
            .bind(endpoint)
            .bind(message)
            .bind(self.clock.now())
            .execute(&self.admin_db)
            .await
            .unwrap();
        delivery
    }

    /// Status, tries and last answer's status.
    pub(crate) async fn state_of(&self, delivery: Uuid) -> (String, i32, Option<i32>) {
        sqlx::query_as("SELECT status, tries, last_status FROM webhook_deliveries WHERE id = $1")
            .bind(delivery)
            .fetch_one(&self.admin_db)
            .await
            .unwrap()
    }

    /// Status, answer and error of each try.
    async fn tries_of(&self, delivery: Uuid) -> Vec<(Option<i32>, String, Option<String>)> {
        sqlx::query_as(
            "SELECT status, answer, error FROM webhook_attempts WHERE delivery_id = $1 ORDER BY id",
        )
        .bind(delivery)
        .fetch_all(&self.admin_db)
        .await
        .unwrap()
    }

    pub(crate) async fn disabled_because(&self, endpoint: Uuid) -> Option<String> {
        sqlx::query_scalar("SELECT disabled_because FROM webhook_endpoints WHERE id = $1")
            .bind(endpoint)
            .fetch_one(&self.admin_db)
            .await
            .unwrap()
    }

    async fn news(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT message FROM notifications WHERE kind = 'webhook.disabled'")
            .fetch_all(&self.admin_db)
            .await
            .unwrap()
    }
}

fn shipped(panel: &Panel, number: &str) -> OrderShipped {
    OrderShipped {
        order_id: panel.id().into(),
        number: number.to_owned(),
        shipment_id: panel.id().into(),
        carrier: "DHL".to_owned(),
        tracking_number: "T-1".to_owned(),
    }
}

#[tokio::test]
async fn who_listens_hears_of_an_event_once_and_can_check_who_says_it() {
    let vhost = Vhost::create().await.unwrap();
    let panel = Panel::with_broker(vhost.amqp_url()).await;
    let (shop, shop_server) = Receiver::serve().await;
    let (crm, crm_server) = Receiver::serve().await;
    panel
        .endpoint(
            &format!("{}/hook", shop_server.url()),
            &["order.created", "order.shipped"],
            false,
        )
        .await;
    panel
        .endpoint(&crm_server.url(), &["order.created", "user.updated"], true)
        .await;
    let deaf = panel
        .endpoint(&shop_server.url(), &["order.created"], false)
        .await;
    sqlx::query("UPDATE webhook_endpoints SET disabled_at = now(), disabled_because = 'staff' WHERE id = $1")
        .bind(deaf)
        .execute(&panel.admin_db)
        .await
        .unwrap();
    let running = Running::start(&panel).await;
    let user_id = panel.id().into();
    let created = envelope(
        &panel,
        OrderCreated {
            order_id: panel.id().into(),
            number: "1000042".to_owned(),
            user_id: Some(user_id),
            email: "anna@example.com".parse().unwrap(),
            lines: vec![],
            total: Money::new(4990, Currency::EUR),
        },
    );
    for _ in 0..3 {
        publish(&vhost, &created).await;
    }
    publish(&vhost, &envelope(&panel, shipped(&panel, "1000042"))).await;
    eventually("all have heard", async || {
        (shop.got().len() >= 2 && !crm.got().is_empty()).then_some(())
    })
    .await;
    let heard: Vec<_> = shop
        .got()
        .iter()
        .map(|got| got.json()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(heard.len(), 2, "each once: {heard:?}");
    let got = shop
        .got()
        .into_iter()
        .find(|got| got.json()["type"] == "order.created")
        .unwrap();
    assert_eq!(got.path, "/hook");
    assert_eq!(got.id, created.id.to_string());
    assert!(got.is_signed_with(SECRET) && !got.is_signed_with(OLD_SECRET));
    let body = got.json();
    assert_eq!(body["data"]["number"], "1000042");
    assert_eq!(
        body["data"]["total"],
        json!({"amount": 4990, "currency": "EUR"})
    );
    assert_eq!(
        body["data"].get("email"),
        None,
        "nobody's address, unless it is wanted"
    );
    let told = crm.got()[0].json();
    assert_eq!(told["data"]["email"], "anna@example.com");

    // Who leaves the shop leaves what is kept for retries, too.
    let updated = UserUpdated {
        user_id,
        email: "anna@example.com".parse().unwrap(),
        email_verified: true,
        name: "Anna".to_owned(),
        role: "customer".to_owned(),
    };
    crm.is(Mood::Status(500));
    publish(&vhost, &envelope(&panel, updated)).await;
    publish(&vhost, &envelope(&panel, UserDeleted { user_id })).await;
    eventually("their name is gone", async || {
        let kept: Vec<Value> =
            sqlx::query_scalar("SELECT data FROM webhook_messages WHERE user_id = $1")
                .bind(Uuid::from(user_id))
                .fetch_all(&panel.admin_db)
                .await
                .unwrap();
        (kept.len() == 2
            && kept
                .iter()
                .all(|data| data.get("email").is_none() && data.get("name").is_none()))
        .then_some(())
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn what_fails_is_tried_again_with_the_same_id() {
    let panel = Panel::open().await;
    let (third, server) = Receiver::serve().await;
    let endpoint = panel
        .endpoint(&server.url(), &["order.shipped"], false)
        .await;
    sqlx::query("UPDATE webhook_endpoints SET previous_secret = $1, previous_secret_until = $2")
        .bind(OLD_SECRET)
        .bind(panel.clock.now() + Duration::from_secs(60))
        .execute(&panel.admin_db)
        .await
        .unwrap();
    let delivery = panel.delivery(endpoint).await;
    third.is(Mood::Status(500));
    assert_eq!(panel.app.deliver_webhooks().await.unwrap(), 1);
    assert_eq!(
        panel.app.deliver_webhooks().await.unwrap(),
        0,
        "not before its time"
    );
    assert_eq!(
        panel.state_of(delivery).await,
        ("waiting".to_owned(), 1, Some(500))
    );
    panel.clock.advance(Duration::from_secs(7));
    third.is(Mood::Busy { retry_after: 3600 });
    assert_eq!(panel.app.deliver_webhooks().await.unwrap(), 1);
    panel.clock.advance(Duration::from_secs(1800));
    assert_eq!(
        panel.app.deliver_webhooks().await.unwrap(),
        0,
        "it asked for an hour"
    );
    panel.clock.advance(Duration::from_secs(1801));
    third.is(Mood::Fine);
    assert_eq!(panel.app.deliver_webhooks().await.unwrap(), 1);
    assert_eq!(
        panel.state_of(delivery).await,
        ("delivered".to_owned(), 3, Some(200))
    );
    let tries = panel.tries_of(delivery).await;
    assert_eq!(tries[0], (Some(500), "not today".to_owned(), None));
    assert_eq!(tries[2], (Some(200), "thanks".to_owned(), None));
    let got = third.got();
    assert_eq!(got[0].id, got[2].id);
    assert_eq!(got[0].body, got[2].body);
    assert_eq!(got[2].at, panel.clock.now().unix());
    assert!(got[0].is_signed_with(SECRET) && got[0].is_signed_with(OLD_SECRET));
    assert!(
        got[2].is_signed_with(SECRET) && !got[2].is_signed_with(OLD_SECRET),
        "its time is over"
    );
}

#[tokio::test]
async fn an_endpoint_that_fails_for_days_is_switched_off() {
    let panel = Panel::open().await;
    let (third, server) = Receiver::serve().await;
    let endpoint = panel
        .endpoint(&server.url(), &["order.shipped"], false)
        .await;
    third.is(Mood::Status(503));
    let delivery = panel.delivery(endpoint).await;
    for tries in 1..=10 {
        assert_eq!(panel.disabled_because(endpoint).await, None);
        assert_eq!(panel.app.deliver_webhooks().await.unwrap(), 1);
        assert_eq!(panel.state_of(delivery).await.1, tries);
        panel.clock.advance(A_DAY_AND_MORE);
    }
    assert_eq!(panel.state_of(delivery).await.0, "failed");
    assert_eq!(
        panel.disabled_because(endpoint).await.as_deref(),
        Some("failing")
    );
    assert_eq!(
        panel.news().await,
        ["The webhook to 127.0.0.1 is switched off: it let nothing through for three days."]
    );
    panel.delivery(endpoint).await;
    assert_eq!(panel.app.deliver_webhooks().await.unwrap(), 0, "it is off");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_switched_off_at_once() {
    let panel = Panel::open().await;
    let (third, server) = Receiver::serve().await;
    let endpoint = panel
        .endpoint(&server.url(), &["order.shipped"], false)
        .await;
    let delivery = panel.delivery(endpoint).await;
    third.is(Mood::Status(410));
    assert_eq!(panel.app.deliver_webhooks().await.unwrap(), 1);
    assert_eq!(
        panel.state_of(delivery).await,
        ("failed".to_owned(), 1, Some(410))
    );
    assert_eq!(
        panel.disabled_because(endpoint).await.as_deref(),
        Some("gone")
    );
    assert_eq!(panel.news().await.len(), 1);
}

#[tokio::test]
async fn nobody_is_led_elsewhere_or_talked_to_death() {
    let panel = Panel::open().await;
    let (third, server) = Receiver::serve().await;
    let endpoint = panel
        .endpoint(
            &format!("{}/first", server.url()),
            &["order.shipped"],
            false,
        )
        .await;
    let led = panel.delivery(endpoint).await;
    third.is(Mood::Redirects(format!("{}/second", server.url())));
    panel.app.deliver_webhooks().await.unwrap();
    assert_eq!(
        panel.state_of(led).await,
        ("waiting".to_owned(), 1, Some(302))
    );
    assert!(third.got().iter().all(|got| got.path == "/first"));

    let endless = panel.delivery(endpoint).await;
    third.is(Mood::Talks);
    panel.app.deliver_webhooks().await.unwrap();
    assert_eq!(panel.state_of(endless).await.0, "delivered");
    assert_eq!(panel.tries_of(endless).await[0].1.len(), 1024);
}

#[tokio::test]
async fn one_slow_endpoint_does_not_stop_others() {
    let panel = Panel::open().await;
    let (slow, slow_server) = Receiver::serve().await;
    let (quick, quick_server) = Receiver::serve().await;
    let slow_one = panel
        .endpoint(&slow_server.url(), &["order.shipped"], false)
        .await;
    slow.is(Mood::Holds);
    for _ in 0..20 {
        panel.delivery(slow_one).await;
    }
    let quick_one = panel
        .endpoint(&quick_server.url(), &["order.shipped"], false)
        .await;
    let last = panel.delivery(quick_one).await;
    // Two replicas share the bound.
    let replicas = [panel.app.clone(), replica(&panel)];
    let working =
        replicas.map(|app| tokio::spawn(async move { app.deliver_webhooks().await.unwrap() }));
    slow.holds(4).await;
    eventually("the quick one has been told", async || {
        (panel.state_of(last).await.0 == "delivered").then_some(())
    })
    .await;
    assert_eq!(quick.got().len(), 1);
    assert_eq!(slow.got().len(), 4);
    slow.let_go();
    for done in working {
        done.await.unwrap();
    }
    while panel.app.deliver_webhooks().await.unwrap() > 0 {}
    assert_eq!(slow.got().len(), 20);
    assert_eq!(slow.most_held(), 4);
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for() {
    let panel = Panel::open().await;
    let (third, server) = Receiver::serve().await;
    let endpoint = panel
        .endpoint(&server.url(), &["order.shipped"], false)
        .await;
    let delivery = panel.delivery(endpoint).await;
    third.is(Mood::Holds);
    let mut settings = panel.settings.clone();
    settings.webhooks.webhook_timeout_seconds = 1;
    let hasty = AppState::new(&settings, panel.clock.clone(), panel.random.clone()).unwrap();
    assert_eq!(hasty.deliver_webhooks().await.unwrap(), 1);
    assert_eq!(
        panel.state_of(delivery).await,
        ("waiting".to_owned(), 1, None)
    );
    assert_eq!(
        panel.tries_of(delivery).await,
        [(None, String::new(), Some("No answer in time.".to_owned()))]
    );
}

#[tokio::test]
async fn a_worker_that_was_killed_is_replaced() {
    let panel = Panel::open().await;
    let (third, server) = Receiver::serve().await;
    let endpoint = panel
        .endpoint(&server.url(), &["order.shipped"], false)
        .await;
    let delivery = panel.delivery(endpoint).await;
    third.is(Mood::Holds);
    let app = panel.app.clone();
    let killed = tokio::spawn(async move { app.deliver_webhooks().await });
    third.holds(1).await;
    killed.abort();
    assert_eq!(
        panel.app.deliver_webhooks().await.unwrap(),
        0,
        "somebody is at it"
    );
    panel.clock.advance(Duration::from_secs(60));
    third.is(Mood::Fine);
    assert_eq!(panel.app.deliver_webhooks().await.unwrap(), 1);
    assert_eq!(panel.state_of(delivery).await.0, "delivered");
    let got = third.got();
    assert_eq!(
        (got.len(), &got[0].id),
        (2, &got[1].id),
        "the receiver knows it by its id"
    );
    third.let_go();
}

/// The shop's own machines are out of reach: by address, by name, and for endpoints that were made when the rules were others.
#[tokio::test]
async fn nothing_is_sent_to_private_addresses() {
    let panel = Panel::open().await;
    let (third, server) = Receiver::serve().await;
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    let mut settings = panel.settings.clone();
    settings.webhooks.webhook_allowed_networks = String::new();
    let strict = AppState::new(&settings, panel.clock.clone(), panel.random.clone()).unwrap();
    let hosts = [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0",
    ];
    let mut deliveries = Vec::new();
    for host in hosts {
        let url = format!("http://{host}:{port}/");
        let endpoint = panel.endpoint(&url, &["order.shipped"], false).await;
        deliveries.push((host, panel.delivery(endpoint).await));
    }
    assert_eq!(strict.deliver_webhooks().await.unwrap(), hosts.len());
    for (host, delivery) in deliveries {
        let tries = panel.tries_of(delivery).await;
        let error = tries[0].2.as_deref().unwrap_or_default();
        let expected = if host.starts_with("localhost") {
            "The name leads to an address that is not public."
        } else {
            "The address is not one of the public internet."
        };
        assert_eq!(error, expected, "{host}");
    }
    assert!(third.got().is_empty());
}

fn replica(panel: &Panel) -> AppState {
    AppState::new(&panel.settings, panel.clock.clone(), panel.random.clone()).unwrap()
}
