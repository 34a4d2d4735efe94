//! What moves between the services: queues, dead letters, open steps, work items, comparisons. The broker is a real one.

use std::time::Duration;

use auth_token::Role;
use contracts::events::OrderCreated;
use primitives::{Currency, Money};
use serde_json::{Value, json};
use testkit::broker::Vhost;
use testkit::eventually;

use crate::events::{Running, envelope};
use crate::html::{assert_hides, assert_shows, between, value_of};
use crate::panel::{PASSWORD, Panel};
use crate::seed::NewOrder;

const QUEUE: &str = "order.created.admin";
const DEAD: &str = "/admin/events/dead-letters";

/// A panel whose broker has all that the services declare.
async fn with_topology() -> (Vhost, Panel) {
    let vhost = Vhost::create().await.unwrap();
    let panel = Panel::with_broker(vhost.amqp_url()).await;
    messaging::topology::check(&panel.settings.amqp_url)
        .await
        .unwrap();
    (vhost, panel)
}

/// An event that nobody could process.
async fn bury(panel: &Panel, vhost: &Vhost, number: &str) -> (Value, String) {
    let money = Money::new(4990, Currency::EUR);
    let event = envelope(
        panel,
        OrderCreated {
            order_id: panel.id().into(),
            number: number.to_owned(),
            user_id: None,
            email: "anna@example.com".parse().unwrap(),
            lines: vec![],
            total: money,
        },
    );
    let body = serde_json::to_value(&event).unwrap();
    let headers = json!({
        "x-mercato-attempts": 6, "x-mercato-reason": "exhausted", "x-mercato-queue": QUEUE,
        "x-mercato-error": "no <b>such</b> table", "x-mercato-died-at": "2026-11-21T10:00:00Z", "sequence": "0000000000000000007",
    });
    let dead = format!("{QUEUE}.dead");
    eventually("it lies there", async || {
        let routed = vhost
            .publish("", &dead, headers.clone(), &body.to_string())
            .await;
        routed.unwrap_or(false).then_some(())
    })
    .await;
    (body.clone(), body["subject"].as_str().unwrap().to_owned())
}

async fn lying(vhost: &Vhost) -> usize {
    vhost.peek(&format!("{QUEUE}.dead")).await.unwrap().len()
}

/// The path of the only letter on the page.
fn letter_of(page: &str) -> String {
    let mark = between(page, &format!("href=\"{DEAD}/{QUEUE}/"), "\"");
    format!("{DEAD}/{QUEUE}/{mark}")
}

#[tokio::test]
async fn queues_and_outboxes_are_shown() {
    let (_vhost, panel) = with_topology().await;
    let staff = panel.staff(Role::Admin).await;
    sqlx::query("INSERT INTO outbox (id, aggregate, event_type, envelope, created_at, attempts) VALUES (gen_random_uuid(), 'order:1', 'order.created', '{}', $1, 4)")
        .bind(panel.clock.now() - Duration::from_secs(7200))
        .execute(&panel.order_db)
        .await
        .unwrap();
    // However busy the machine is.
    let page = eventually("the broker answers", async || {
        panel.app.look_around().await;
        let page = staff.page("/admin/events").await;
        (!page.contains("does not answer")).then_some(page)
    })
    .await;
    assert_shows(
        &page,
        &[
            "order 1 2 h 4 late",
            "product 0 – 0 up to date",
            "order.created.admin order.created for admin nobody reads",
            "events.analytics 9 kinds of events for admin",
            "mercato.events topic",
            "Nobody reads",
        ],
    );
    assert!(page.len() < 60 * 1024, "{} bytes", page.len());

    let running = Running::start(&panel).await;
    eventually("the readers are named", async || {
        panel.app.look_around().await;
        let page = staff.page("/admin/events").await;
        (page.contains(" connected</summary>") && !page.contains("No service is connected"))
            .then_some(())
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn a_broker_that_is_away_is_said_and_the_rest_is_shown() {
    let panel = Panel::with_brokers("amqp://127.0.0.1:1", "http://127.0.0.1:1").await;
    let staff = panel.staff(Role::Admin).await;
    panel.app.look_around().await;
    assert_shows(
        &staff.page("/admin/events").await,
        &["The broker does not answer", "up to date", "Try again"],
    );
    let answer = staff.get(DEAD).expect(503).await.text();
    assert_shows(&answer, &["The broker does not answer", "Not available"]);
    let _ = staff
        .send(&format!("{DEAD}/{QUEUE}"), &[])
        .await
        .expect(503);
}

#[tokio::test]
async fn a_dead_letter_is_inspected_put_back_and_arrives() {
    let (vhost, panel) = with_topology().await;
    let staff = panel.staff(Role::Admin).await;
    assert_shows(&staff.page(DEAD).await, &["Nothing is dead"]);
    let (_, subject) = bury(&panel, &vhost, "1000042").await;

    let list = staff.page(DEAD).await;
    assert_shows(
        &list,
        &[
            QUEUE,
            "gave up",
            &subject,
            "read by admin",
            "21 Nov 2026, 10:00",
        ],
    );
    assert!(list.contains("no &#60;b&#62;such") && !list.contains("<b>such"));
    let path = letter_of(&list);
    let page = staff.page(&path).await;
    assert_shows(
        &page,
        &[
            "Every try failed.",
            "sequence",
            "0000000000000000007",
            "Put back never",
            "Tries 6",
        ],
    );
    assert!(
        page.contains("&#34;number&#34;: &#34;1000042&#34;"),
        "{page}"
    );
    assert_eq!(lying(&vhost).await, 1, "who looks changes nothing");
    let _ = staff
        .get(&format!("{DEAD}/{QUEUE}/nothing"))
        .expect(404)
        .await;
    let _ = staff
        .get(&format!("{DEAD}/amq.gen/{}", "x"))
        .expect(404)
        .await;

    let done = staff
        .send(&format!("{path}/requeue"), &[])
        .await
        .expect(303);
    assert_shows(
        &staff.page(done.header("location")).await,
        &["The event is back in its queue", "Nothing is dead"],
    );
    let running = Running::start(&panel).await;
    eventually("it is processed", async || {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM notifications WHERE message LIKE 'Order 1000042 was placed%'",
        )
        .fetch_one(&panel.admin_db)
        .await
        .unwrap();
        (count == 1).then_some(())
    })
    .await;
    running.stop().await;
    let again = staff
        .send(&format!("{path}/requeue"), &[])
        .await
        .expect(404);
    assert_shows(&again.text(), &["Not here any more"]);

    let audit = panel.audit().await;
    let acts: Vec<_> = audit
        .iter()
        .map(|(action, _, outcome)| (action.as_str(), outcome.as_str()))
        .collect();
    assert_eq!(
        acts,
        [
            ("dead_letter.requeue", "asked"),
            ("dead_letter.requeue", "done")
        ]
    );
}

#[tokio::test]
async fn the_first_page_leads_to_dead_letters() {
    let (vhost, panel) = with_topology().await;
    let staff = panel.staff(Role::Admin).await;
    let (_, subject) = bury(&panel, &vhost, "1000042").await;
    let page = eventually("the broker counts it", async || {
        panel.app.look_around().await;
        let page = staff.page("/admin").await;
        page.contains("messages that nobody could apply")
            .then_some(page)
    })
    .await;
    assert_shows(&page, &["1 dead letter messages"]);
    let href = between(&page, "<a class=\"need bad\" href=\"", "\"");
    assert_eq!(href, DEAD);
    assert_shows(&staff.page(href).await, &["Dead letters 1", &subject]);
}

#[tokio::test]
async fn a_dead_letter_is_dropped_with_a_reason_by_who_has_proved_who_they_are() {
    let (vhost, panel) = with_topology().await;
    let staff = panel.staff(Role::Admin).await;
    let (event, subject) = bury(&panel, &vhost, "1000042").await;
    let _ = bury(&panel, &vhost, "1000043").await;
    let list = staff.page(DEAD).await;
    assert_shows(&list, &["Dead letters 2", &subject]);
    let path = letter_of(&list);

    let empty = staff
        .send(&format!("{path}/drop"), &[("reason", "  ")])
        .await;
    assert_shows(
        &empty.expect(200).text(),
        &["Say why, in 1 to 500 characters."],
    );
    let no_token = staff
        .send_raw(&format!("{path}/drop"), &[("reason", "x")])
        .await;
    let _ = no_token.expect(403);
    panel.clock.advance(Duration::from_secs(301));
    let form = [("reason", "The order was a test")];
    let asked = staff.send(&format!("{path}/drop"), &form).await.expect(401);
    assert_shows(&asked.text(), &["Is it you?"]);
    assert_eq!(lying(&vhost).await, 2);
    let proved = [
        ("reason", "The order was a test"),
        ("proof_password", PASSWORD),
    ];
    let done = staff
        .send(&format!("{path}/drop"), &proved)
        .await
        .expect(303);
    let page = staff.page(done.header("location")).await;
    assert_shows(&page, &["The event is dropped"]);
    assert_hides(&page, &[&subject]);
    assert_eq!(lying(&vhost).await, 1, "the other stays");

    let details: Vec<(String, String, Value)> = sqlx::query_as(
        "SELECT target, outcome, details FROM audit_logs WHERE action = 'dead_letter.drop' AND outcome <> 'asked'",
    )
    .fetch_all(&panel.admin_db)
    .await
    .unwrap();
    let id = event["id"].as_str().unwrap();
    // The first try wanted a proof: nothing was noted, for nothing was done.
    let [(target, outcome, details)] = &details[..] else {
        panic!("{details:?}");
    };
    assert!(
        target == &format!("event:{id}") || target == "event:",
        "{target}"
    );
    assert_eq!(outcome, "done");
    assert_eq!(details["reason"], "The order was a test");
    assert_eq!(details["queue"], QUEUE);
    assert_eq!(details["subject"], subject.as_str());
    assert!(!details.to_string().contains("anna@"), "{details}");
}

#[tokio::test]
async fn all_of_a_queue_go_back_and_what_cannot_stays() {
    let (vhost, panel) = with_topology().await;
    let staff = panel.staff(Role::Admin).await;
    let all = format!("{DEAD}/{QUEUE}");
    let nothing = staff.send(&all, &[]).await.expect(303);
    assert_shows(
        &staff.page(nothing.header("location")).await,
        &["nothing to put back"],
    );
    for number in ["1", "2", "3"] {
        let _ = bury(&panel, &vhost, number).await;
    }
    let page = staff.page(&format!("{DEAD}?queue={QUEUE}")).await;
    assert_shows(&page, &["All queues", "Put all back"]);
    // Their queue is gone: the broker takes none, and none is lost.
    vhost.delete_queue(QUEUE).await.unwrap();
    let refused = staff.send(&all, &[]).await.expect(422);
    assert_shows(&refused.text(), &["did not take"]);
    assert_eq!(lying(&vhost).await, 3);
    panel.clock.advance(Duration::from_secs(1));
    messaging::topology::check(&panel.settings.amqp_url)
        .await
        .unwrap();
    let done = staff.send(&all, &[]).await.expect(303);
    assert_shows(
        &staff.page(done.header("location")).await,
        &["The events are back", "Nothing is dead"],
    );
    let outcomes: Vec<_> = panel
        .audit()
        .await
        .into_iter()
        .map(|(_, target, outcome)| (target, outcome))
        .collect();
    let target = format!("queue:{QUEUE}");
    let row = |outcome: &str| (target.clone(), outcome.to_owned());
    assert_eq!(
        outcomes,
        [row("asked"), row("refused"), row("asked"), row("done")]
    );
}

#[tokio::test]
async fn of_very_many_some_go_back_and_the_page_says_so() {
    let (vhost, panel) = with_topology().await;
    let staff = panel.staff(Role::Admin).await;
    let dead = format!("{QUEUE}.dead");
    for number in 0..1001 {
        let body = number.to_string();
        let routed = vhost.publish("", &dead, json!({}), &body).await;
        assert!(routed.unwrap());
    }
    let page = eventually("all are counted", async || {
        let page = staff.page(&format!("{DEAD}?queue={QUEUE}")).await;
        page.contains("1,001").then_some(page)
    })
    .await;
    assert_shows(&page, &["Put 1,000 back"]);
    let done = staff.send(&format!("{DEAD}/{QUEUE}"), &[]).await;
    let page = staff.page(done.expect(303).header("location")).await;
    assert_shows(&page, &["1,000 events are back"]);
    eventually("one is left", async || {
        (vhost.peek(&dead).await.unwrap().len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn support_sees_what_concerns_orders_and_no_queue() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    for path in ["/admin/events", DEAD, &format!("{DEAD}/{QUEUE}/x")] {
        let _ = staff.get(path).expect(403).await;
    }
    for path in [
        format!("{DEAD}/{QUEUE}"),
        format!("{DEAD}/{QUEUE}/x/requeue"),
    ] {
        let _ = staff.send(&path, &[]).await.expect(403);
    }
    let form = [("reason", "x")];
    let _ = staff
        .send(&format!("{DEAD}/{QUEUE}/x/drop"), &form)
        .await
        .expect(403);
    for path in ["sagas", "work-items", "payments", "reconciliations"] {
        let page = staff.page(&format!("/admin/events/{path}")).await;
        assert_shows(&page, &["Work items", "Comparisons"]);
        assert_hides(&page, &["Dead letters", "Queues"]);
    }
}

#[tokio::test]
async fn stuck_steps_are_shown_and_resumed() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    assert_shows(
        &staff.page("/admin/events/sagas").await,
        &["Nothing is stuck"],
    );
    let [stuck, fresh] = [
        panel.order(NewOrder::default()).await,
        panel.order(NewOrder::default()).await,
    ];
    for (order, seconds, error) in [(&stuck, 900, Some("no <i>answer")), (&fresh, 5, None)] {
        sqlx::query("INSERT INTO saga_steps (order_id, step, subject, status, attempts, next_try_at, error, created_at, updated_at) VALUES ($1, 'stock.take', $1, 'pending', 3, $2, $4, $3, $3)")
            .bind(order.id.uuid())
            .bind(panel.clock.now())
            .bind(panel.clock.now() - Duration::from_secs(seconds))
            .bind(error)
            .execute(&panel.order_db)
            .await
            .unwrap();
    }
    let page = staff.page("/admin/events/sagas").await;
    assert_shows(
        &page,
        &[
            &stuck.number,
            "Take the units from stock",
            "for 15 min, 3 tries",
        ],
    );
    assert_hides(&page, &[&fresh.number]);
    assert!(page.contains("no &#60;i&#62;answer"));
    assert_shows(
        &staff.page("/admin/events/sagas?show=all").await,
        &[&stuck.number, &fresh.number],
    );

    let resume = format!("/admin/events/sagas/{}/resume", stuck.id);
    let _ = staff.send_raw(&resume, &[("key", "k")]).await.expect(403);
    let key = value_of(&page, "key");
    let done = staff.send(&resume, &[("key", &key)]).await.expect(303);
    assert_shows(
        &staff.page(done.header("location")).await,
        &["tried again now"],
    );
    let [call] = &panel.peer.calls()[..] else {
        panic!("one call");
    };
    assert_eq!(call.path, format!("/internal/sagas/{}/resume", stuck.id));
    assert_eq!(
        (call.service.as_str(), call.key.as_deref()),
        ("order", Some(key.as_str()))
    );
}

#[tokio::test]
async fn work_items_are_read_and_resolved() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    assert_shows(
        &staff.page("/admin/events/work-items").await,
        &["Nothing needs you"],
    );
    let order = panel.order(NewOrder::default()).await;
    let id = panel.id();
    sqlx::query("INSERT INTO work_items (id, kind, subject, order_id, details, raised_at, last_seen_at, seen) VALUES ($1, 'charged_twice', 'payment:' || $2, $3, $4, $5, $5, 2)")
        .bind(id)
        .bind(order.payment)
        .bind(order.id.uuid())
        .bind(json!({"says": "The card was <u>charged</u> twice.", "reference": "pi_2", "ours": {"amount": 700, "status": "paid"}, "theirs": {"amount": 1400, "status": "paid"}}))
        .bind(panel.clock.now() - Duration::from_secs(48 * 3600))
        .execute(&panel.order_db)
        .await
        .unwrap();
    let list = staff.page("/admin/events/work-items").await;
    assert_shows(&list, &["charged twice", "overdue", "2 ×", &order.number]);
    assert!(list.contains("was &#60;u&#62;charged"));
    assert_shows(
        &staff.page("/admin/events/work-items?status=resolved").await,
        &["Nothing here"],
    );
    let _ = staff
        .get("/admin/events/work-items?status=odd")
        .expect(422)
        .await;

    let path = format!("/admin/events/work-items/{id}");
    let page = staff.page(&path).await;
    assert_shows(
        &page,
        &[
            "Charged twice",
            "amount 700 1400",
            "reference pi_2",
            "Resolve it",
        ],
    );
    assert_hides(&page, &["status paid"]);
    let _ = staff
        .get(&format!("/admin/events/work-items/{}", panel.id()))
        .expect(404)
        .await;
    let key = value_of(&page, "key");
    let form = [
        ("key", &*key),
        ("resolution", "done"),
        ("note", " Refunded one. "),
    ];
    let resolve = format!("{path}/resolve");
    let _ = staff.send_raw(&resolve, &form).await.expect(403);
    let _ = staff.send(&resolve, &form).await.expect(303);
    let [call] = &panel.peer.calls()[..] else {
        panic!("one call");
    };
    assert_eq!(call.path, format!("/internal/work-items/{id}/resolve"));
    assert_eq!(
        call.body,
        json!({"resolution": "done", "note": "Refunded one."})
    );
    panel.peer.refuse(
        409,
        "work_item_resolved",
        "The item is resolved already, in another way.",
    );
    let late = staff.send(&resolve, &form).await.expect(409);
    assert_shows(&late.text(), &["resolved already"]);
}

#[tokio::test]
async fn comparisons_are_shown_and_begun() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let path = "/admin/events/reconciliations";
    assert_shows(&staff.page(path).await, &["Nothing was compared yet"]);
    let order = panel.order(NewOrder::default()).await;
    let (run, quiet) = (panel.id(), panel.id());
    for (id, healed, kind) in [(run, 1, "window"), (quiet, 0, "full")] {
        sqlx::query("INSERT INTO reconciliations (id, kind, status, from_at, until_at, position_at, started_at, heartbeat_at, finished_at, payments, healed) VALUES ($1, $2, 'done', $3, $3, $3, $3, $3, $3, 12345, $4)")
            .bind(id)
            .bind(kind)
            .bind(panel.clock.now())
            .bind(healed)
            .execute(&panel.order_db)
            .await
            .unwrap();
    }
    sqlx::query("INSERT INTO reconciliation_differences (id, reconciliation_id, kind, subject, order_id, reference, outcome, ours, theirs, at) VALUES ($1, $2, 'payment_behind', 'payment:1', $3, 'pi_9', 'healed', '{\"status\": \"processing\"}', '{\"status\": \"succeeded\"}', $4)")
        .bind(panel.id())
        .bind(run)
        .bind(order.id.uuid())
        .bind(panel.clock.now())
        .execute(&panel.order_db)
        .await
        .unwrap();
    let list = staff.page(path).await;
    assert_shows(
        &list,
        &[
            "mended",
            "all agrees",
            "12,345",
            "everything",
            "the last days",
        ],
    );
    assert_hides(
        &staff.page(&format!("{path}?show=found")).await,
        &["all agrees"],
    );
    assert_shows(
        &staff.page(&format!("{path}/{run}")).await,
        &[
            "payment behind",
            "pi_9",
            "status: processing succeeded",
            &order.number,
            "mended",
        ],
    );
    assert_shows(
        &staff.page(&format!("{path}/{quiet}")).await,
        &["Here and there are the same"],
    );
    let _ = staff
        .get(&format!("{path}/{}", panel.id()))
        .expect(404)
        .await;

    let key = value_of(&list, "key");
    let form = [("key", &*key), ("span", "window")];
    let _ = staff.send_raw(path, &form).await.expect(403);
    let done = staff.send(path, &form).await.expect(303);
    assert_shows(
        &staff.page(done.header("location")).await,
        &["The comparison begins"],
    );
    let [call] = &panel.peer.calls()[..] else {
        panic!("one call");
    };
    assert_eq!(call.path, "/internal/reconciliations");
    assert_eq!(call.body, json!({"span": "window"}));
}
