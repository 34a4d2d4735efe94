//! The panel hears of things from a real broker.

use admin::App;
use auth_token::Role;
use contracts::events::{
    Envelope, Event, InventoryLowStock, OrderCancelled, OrderConfirmed, OrderCreated,
    OrderRefunded, PaymentFailed, ProductCreated, StaffActed, StaffMember,
};
use contracts::topology;
use primitives::{Currency, EventId, Money};
use runtime::{CancellationToken, Runtime, Service as _, Sockets};
use serde_json::{Value, json};
use testkit::broker::Vhost;
use testkit::eventually;

use crate::html::assert_shows;
use crate::panel::Panel;

#[tokio::test]
async fn each_event_becomes_one_notification() {
    let vhost = Vhost::create().await.unwrap();
    let panel = Panel::with_broker(vhost.amqp_url()).await;
    let staff = panel.staff(Role::Support).await;

    let running = Running::start(&panel).await;

    let money = Money::new(4990, Currency::EUR);
    let (order_id, number) = (panel.id().into(), "1000042".to_owned());
    let email = "anna@example.com".parse().unwrap();
    let created = OrderCreated {
        order_id,
        number: number.clone(),
        user_id: None,
        email,
        lines: vec![],
        total: money,
    };
    let created = envelope(&panel, created);
    for _ in 0..3 {
        publish(&vhost, &created).await;
    }
    let email = "anna@example.com".parse().unwrap();
    let confirmed = OrderConfirmed {
        order_id,
        number: number.clone(),
        user_id: None,
        email,
        lines: vec![],
        total: money,
        payment_id: None,
    };
    publish(&vhost, &envelope(&panel, confirmed)).await;
    publish(
        &vhost,
        &envelope(
            &panel,
            OrderCancelled {
                order_id,
                number: number.clone(),
                reason: "out_of_stock".to_owned(),
                restock: None,
            },
        ),
    )
    .await;
    publish(
        &vhost,
        &envelope(
            &panel,
            OrderRefunded {
                order_id,
                number,
                amount: money,
                fully: true,
            },
        ),
    )
    .await;
    let failed = PaymentFailed {
        payment_id: panel.id().into(),
        order_id,
        amount: money,
        reason: "card_declined".to_owned(),
    };
    publish(&vhost, &envelope(&panel, failed)).await;
    let low = InventoryLowStock {
        variant_id: panel.id().into(),
        product_id: panel.id().into(),
        sku: "LAMP-1".parse().unwrap(),
        available: 2,
        threshold: 5,
    };
    publish(&vhost, &envelope(&panel, low)).await;
    let product = ProductCreated {
        product_id: panel.id().into(),
        title: "Blue lamp".to_owned(),
        seller_id: panel.id().into(),
        status: "draft".to_owned(),
        version: 1,
    };
    publish(&vhost, &envelope(&panel, product)).await;
    // Each queue is worked in order: when this one is there, the redeliveries before it have been seen.
    let email = "anna@example.com".parse().unwrap();
    let last = OrderCreated {
        order_id: panel.id().into(),
        number: "1000043".to_owned(),
        user_id: None,
        email,
        lines: vec![],
        total: money,
    };
    publish(&vhost, &envelope(&panel, last)).await;

    let expected = [
        "A payment of 49.90 EUR was declined (card declined).",
        "LAMP-1 is running low: 2 left.",
        "Order 1000042 is paid: 49.90 EUR.",
        "Order 1000042 was cancelled (out of stock).",
        "Order 1000042 was placed: 49.90 EUR.",
        "Order 1000043 was placed: 49.90 EUR.",
        "49.90 EUR of order 1000042 went back.",
        "“Blue lamp” was added to the catalogue.",
    ];
    let messages = async || -> Vec<String> {
        sqlx::query_scalar("SELECT message FROM notifications ORDER BY message COLLATE \"C\"")
            .fetch_all(&panel.admin_db)
            .await
            .unwrap()
    };
    eventually("all notifications are there", async || {
        (messages().await.len() >= expected.len()).then_some(())
    })
    .await;
    let mut sorted = expected.to_vec();
    sorted.sort_unstable();
    assert_eq!(messages().await, sorted, "each once");

    let page = staff.page("/admin/notifications").await;
    assert_shows(&page, &expected);
    assert!(page.contains(&format!("/admin/orders/{order_id}")));
    let health = testkit::http::Client::new(format!("http://{}", running.internal));
    let _ = health.get("/health/ready").expect(200).await;
    running.stop().await;
}

#[tokio::test]
async fn an_act_of_staff_is_one_row_however_often_it_is_told() {
    let vhost = Vhost::create().await.unwrap();
    let panel = Panel::with_broker(vhost.amqp_url()).await;
    let running = Running::start(&panel).await;
    let act = |request_id: Option<&str>| StaffActed {
        actor: StaffMember {
            user_id: panel.id().into(),
            email: request_id.map(|_| "boss@example.com".parse().unwrap()),
            role: "admin".to_owned(),
        },
        through: "rest".to_owned(),
        action: "order.refund".to_owned(),
        target: "order:1".to_owned(),
        before: request_id.map_or(Value::Null, |_| json!({"refundable": 500})),
        after: json!({"refundable": 0}),
        ip: request_id.map(|_| "203.0.113.7".to_owned()),
        request_id: request_id.map(str::to_owned),
    };
    let (first, last) = (
        envelope(&panel, act(Some("r1"))),
        envelope(&panel, act(None)),
    );
    for event in [&first, &first, &first, &last] {
        publish(&vhost, event).await;
    }
    let rows = async || -> Vec<(uuid::Uuid, Value)> {
        sqlx::query_as(
            "SELECT id, to_jsonb(a) - '{id,at,seq,format,previous_hash,hash}'::text[] FROM audit_logs a ORDER BY request_id DESC",
        )
        .fetch_all(&panel.admin_db)
        .await
        .unwrap()
    };
    // The queue is worked in order: when the last one is there, the redeliveries before it have been seen.
    eventually("both acts are kept", async || {
        (rows().await.len() >= 2).then_some(())
    })
    .await;
    let row = |act: &StaffActed| {
        json!({
            "source": "mercato/test",
            "through": "rest",
            "actor_id": act.actor.user_id,
            "actor_email": act.actor.email.as_ref().map_or("", |email| email.as_str()),
            "actor_role": "admin",
            "action": "order.refund",
            "target": "order:1",
            "outcome": "changed",
            "details": {},
            "before": act.before,
            "after": {"refundable": 0},
            "ip": act.ip,
            "request_id": act.request_id.as_deref().unwrap_or_default(),
        })
    };
    let kept = [&first, &last].map(|event| (event.id.uuid(), row(&event.data)));
    assert_eq!(rows().await, kept);
    running.stop().await;

    // Even if the inbox has forgotten it.
    sqlx::query("DELETE FROM inbox")
        .execute(&panel.admin_db)
        .await
        .unwrap();
    publish(&vhost, &first).await;
    publish(&vhost, &envelope(&panel, act(Some("r0")))).await;
    let running = Running::start(&panel).await;
    eventually("the third act is kept", async || {
        (rows().await.len() >= 3).then_some(())
    })
    .await;
    assert_eq!(rows().await.len(), 3);
    running.stop().await;
}

/// The whole service, with its consumers.
pub(crate) struct Running {
    pub(crate) internal: std::net::SocketAddr,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Running {
    pub(crate) async fn start(panel: &Panel) -> Self {
        // However long a busy broker takes for the first time.
        messaging::topology::check(&panel.settings.amqp_url)
            .await
            .unwrap();
        let mut runtime = Runtime::new(panel.clock.clone(), panel.random.clone());
        let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let sockets = Sockets {
            public: Some(runtime::listen(any, false).unwrap()),
            internal: runtime::listen(any, false).unwrap(),
        };
        let internal = sockets.internal.local_addr().unwrap();
        let listeners = App::start(panel.settings.clone(), &mut runtime)
            .await
            .unwrap();
        let (stop, hard) = (CancellationToken::new(), CancellationToken::new());
        let drain = panel.settings.common.drain();
        let task = tokio::spawn(runtime::run(
            runtime,
            listeners,
            sockets,
            drain,
            stop.clone(),
            hard,
        ));
        Self {
            internal,
            stop,
            task,
        }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

pub(crate) fn envelope<E: Event>(panel: &Panel, event: E) -> Envelope<E> {
    Envelope::new(
        EventId::new(panel.clock.now(), &panel.random),
        "mercato/test",
        panel.clock.now(),
        None,
        event,
    )
}

pub(crate) async fn publish<E: Event>(vhost: &Vhost, event: &Envelope<E>) {
    let body = serde_json::to_string(event).unwrap();
    eventually("a queue takes it", async || {
        let routed = vhost
            .publish(topology::EXCHANGE, E::TYPE, json!({}), &body)
            .await;
        routed.unwrap_or(false).then_some(())
    })
    .await;
}
