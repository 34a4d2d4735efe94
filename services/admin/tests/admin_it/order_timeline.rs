//! What happened to an order as one list, and what staff do from there: mails, the provider's messages, the address.

use std::time::Duration;

use auth_token::Role;
use primitives::{OrderId, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::html::{self, assert_hides, assert_shows};
use crate::panel::Panel;
use crate::seed::{NewOrder, Seeded};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

impl Panel {
    async fn mail(&self, order: &Seeded, template: &str, status: &str, at: Timestamp) -> Uuid {
        let id = self.id();
        sqlx::query(
            "INSERT INTO notification.mails (id, recipient, template, subject, content, status, attempts, next_attempt_at, created_at, sent_at, failed_at, traceparent, order_number)
             VALUES ($1, 'anna@example.com', $2, 'About <your> order', '{}', $3, 1, $4, $4, CASE $3 WHEN 'sent' THEN $4 END, CASE $3 WHEN 'failed' THEN $4 END, $5, $6)",
        )
        .bind(id)
        .bind(template)
        .bind(status)
        .bind(at)
        .bind(format!("00-{TRACE}-b7ad6b7169203331-01"))
        .bind(&order.number)
        .execute(&self.mails_db().await)
        .await
        .unwrap();
        id
    }

    async fn mails_db(&self) -> sqlx::PgPool {
        sqlx::PgPool::connect(&self.admin.superuser_url())
            .await
            .unwrap()
    }

    async fn provider_says(&self, order: &Seeded, id: &str, outcome: Option<&str>) {
        sqlx::query(
            "INSERT INTO webhook_events (id, type, payload, received_at, processed_at, outcome, attempts, next_try_at, order_id, trace_id)
             VALUES ($1, 'payment_intent.succeeded', '{}', $2, CASE WHEN $3 IS NULL THEN NULL ELSE $2 END, $3, 1, $2, $4, $5)",
        )
        .bind(id)
        .bind(self.clock.now())
        .bind(outcome)
        .bind(order.id.uuid())
        .bind(TRACE)
        .execute(&self.order_db)
        .await
        .unwrap();
    }

    async fn step(&self, order: OrderId, step: &str, status: &str) {
        sqlx::query(
            "INSERT INTO saga_steps (order_id, step, subject, status, attempts, next_try_at, error, created_at, updated_at, trace_id)
             VALUES ($1, $2, $1, $3, 2, $4, 'product was away', $4, $4, $5)",
        )
        .bind(order.uuid())
        .bind(step)
        .bind(status)
        .bind(self.clock.now())
        .bind(TRACE)
        .execute(&self.order_db)
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn everything_that_happened_is_one_list() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let order = panel.order(NewOrder::default()).await;
    let stranger = panel.order(NewOrder::default()).await;
    panel.clock.advance(Duration::from_secs(60));
    panel.step(order.id, "stock.take", "failed").await;
    panel.provider_says(&order, "evt_1", Some("changed")).await;
    panel.provider_says(&stranger, "evt_2", None).await;
    let sent = panel
        .mail(&order, "order_received", "sent", panel.clock.now())
        .await;
    panel.clock.advance(Duration::from_secs(60));
    panel.peer.allow(&["cancel"]);
    let path = format!("/admin/orders/{}", order.id);
    let cancel = [("key", "k"), ("reason", "x")];
    panel
        .peer
        .refuse(409, "order_not_cancellable", "It has left.");
    let refused = staff.send(&format!("{path}/cancel"), &cancel).await;
    let _ = refused.expect(409);
    panel.peer.world().refusal = None;
    let note = [("key", "k"), ("message", "Called")];
    let done = staff.send(&format!("{path}/notes"), &note).await;
    let _ = done.expect(303);

    let page = staff.page(&path).await;
    assert_shows(
        &page,
        &[
            "Order placed",
            "Take the units from stock failed",
            "2 tries · product was away",
            "Message of the payment provider changed",
            "Mail: About &#60;your&#62; order sent",
            "to anna@example.com",
            "Staff tried: order cancel refused: order not cancellable",
            "Staff: order note done",
            TRACE,
        ],
    );
    assert_hides(&page, &["evt_2"]);
    assert!(
        page.contains(&format!("{path}/mails/{sent}"))
            && page.contains("/admin/events/payments/evt_1")
    );
    assert!(
        page.contains("/admin/audit/"),
        "who may read the audit log gets there"
    );
    // Newest first.
    let text = html::text(&page);
    let at = |words: &str| text.find(words).unwrap();
    assert!(at("Staff tried") < at("Take the units") && at("Take the units") < at("Order placed"));

    for (only, shown, hidden) in [
        ("mails", "Mail: About", "Order placed"),
        ("events", "Order placed", "Mail: About"),
        ("staff", "Staff tried", "Order placed"),
        ("steps", "Take the units", "Staff tried"),
        ("webhooks", "payment_intent.succeeded", "Order placed"),
    ] {
        let page = staff.page(&format!("{path}/timeline?only={only}")).await;
        assert_shows(&page, &[shown]);
        assert_hides(&page, &[hidden]);
    }
    let bare = panel.staff(Role::Support).await;
    let page = bare.page(&path).await;
    assert!(!page.contains("/admin/audit/"), "support may not read it");
}

#[tokio::test]
async fn a_long_timeline_is_read_page_by_page() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let order = panel.order(NewOrder::default()).await;
    for number in 0..120 {
        // Five of each moment, which a page may end between.
        if number % 5 == 0 {
            panel.clock.advance(Duration::from_secs(1));
        }
        let message = format!("Event number {number}.");
        panel.order_event(order.id, "x", "system", &message).await;
    }
    panel
        .mail(&order, "order_received", "pending", panel.clock.now())
        .await;
    let first = staff.page(&format!("/admin/orders/{}", order.id)).await;
    assert!(first.len() < 60 * 1024, "{}", first.len());
    assert_shows(&first, &["Event number 119.", "Show all"]);
    assert_hides(&first, &["Event number 1."]);

    let mut next = format!("/admin/orders/{}/timeline", order.id);
    let (mut read, mut pages) = (String::new(), 0);
    loop {
        let page = staff.page(&next).await;
        assert!(page.len() < 60 * 1024, "{}", page.len());
        read.push_str(&page);
        pages += 1;
        let Some((before, _)) = page.split_once("\">Older</a>") else {
            break;
        };
        next = before
            .rsplit_once("href=\"")
            .unwrap()
            .1
            .replace("&amp;", "&")
            .replace("&#38;", "&");
    }
    assert_eq!(pages, 3);
    for number in 0..120 {
        assert_eq!(
            read.matches(&format!("Event number {number}.")).count(),
            1,
            "{number}"
        );
    }
    let broken = format!("/admin/orders/{}/timeline?cursor=x", order.id);
    let _ = staff.get(&broken).expect(422).await;
}

#[tokio::test]
async fn a_mail_is_opened_and_sent_again() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let (order, other) = (
        panel.order(NewOrder::default()).await,
        panel.order(NewOrder::default()).await,
    );
    let mail = panel
        .mail(&order, "order_shipped", "sent", panel.clock.now())
        .await;
    let path = format!("/admin/orders/{}/mails/{mail}", order.id);
    {
        let mut world = panel.peer.world();
        let text = json!({"text": "Good news: <b>a parcel</b> is on its way."});
        world
            .answers
            .insert(format!("/internal/mails/{mail}"), text);
        let link = json!({"url": "https://shop.example/orders/1?token=secret"});
        let from = format!("/internal/orders/{}/customer-link", order.id);
        world.answers.insert(from, link);
    }
    let page = staff.page(&path).await;
    assert_shows(
        &page,
        &[
            "Good news: &#60;b&#62;a parcel&#60;/b&#62; is on its way.",
            "anna@example.com",
            "order shipped",
            TRACE,
            "Send it again",
        ],
    );
    let _ = panel.peer.calls();
    let key = html::value_of(&page, "key");
    let done = staff
        .send(&format!("{path}/resend"), &[("key", &key)])
        .await
        .expect(303);
    assert!(done.header("location").ends_with("?done=mail_resend"));
    let calls = panel.peer.calls();
    let last = calls.last().unwrap();
    assert_eq!(
        (
            last.service.as_str(),
            last.path.as_str(),
            last.key.as_deref(),
            &last.body
        ),
        (
            "notification",
            format!("/internal/mails/{mail}/resend").as_str(),
            Some(key.as_str()),
            &json!({"url": "https://shop.example/orders/1?token=secret"})
        )
    );
    let noted = panel.audit().await;
    let target = format!("order:{}", order.id);
    for outcome in ["asked", "done"] {
        let entry = ("mail.resend".to_owned(), target.clone(), outcome.to_owned());
        assert!(noted.contains(&entry), "{noted:?}");
    }
    let details: String =
        sqlx::query_scalar("SELECT string_agg(details::text, ' ') FROM audit_logs")
            .fetch_one(&panel.admin_db)
            .await
            .unwrap();
    assert!(!details.contains("secret"), "the link is in no log");

    // It belongs to its order alone.
    let strange = format!("/admin/orders/{}/mails/{mail}", other.id);
    let _ = staff.get(&strange).expect(404).await;
    let _ = staff
        .send(&format!("{strange}/resend"), &[("key", "k")])
        .await
        .expect(404);
    let forged = staff
        .send_raw(&format!("{path}/resend"), &[("key", "k")])
        .await;
    let _ = forged.expect(403);

    panel.peer.refuse(
        409,
        "mail_forgotten",
        "The text of this mail is not kept any more.",
    );
    let page = staff.page(&path).await;
    assert_shows(&page, &["The text of this mail is not kept any more."]);
    assert_hides(&page, &["Send it again"]);
}

#[tokio::test]
async fn an_address_is_corrected_with_problems_beside_its_fields() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let order = panel.order(NewOrder::default()).await;
    let path = format!("/admin/orders/{}", order.id);
    panel.peer.allow(&["ship"]);
    assert!(!staff.page(&path).await.contains(&format!("{path}/address")));
    panel.peer.allow(&["ship", "edit_address"]);
    assert!(staff.page(&path).await.contains(&format!("{path}/address")));
    let form = format!("{path}/address");
    let page = staff.page(&form).await;
    assert_eq!(html::value_of(&page, "name"), "Anna Example");
    let version = html::value_of(&page, "version");
    let fields = [
        ("version", version.as_str()),
        ("name", "Anna Example"),
        ("line1", "Street 2"),
        ("postal_code", "1"),
        ("city", "Berlin"),
    ];
    let _ = panel.peer.calls();
    let done = staff.send(&form, &fields).await.expect(303);
    assert!(done.header("location").ends_with("?done=address"));
    let last = panel.peer.calls().pop().unwrap();
    assert_eq!(
        (last.method.as_str(), last.if_match.as_deref()),
        ("PATCH", Some("\"1\""))
    );
    assert_eq!(last.body["shipping_address"]["line1"], "Street 2");
    assert_eq!(last.body["shipping_address"]["country"], "DE");
    let details: String =
        sqlx::query_scalar("SELECT string_agg(details::text, ' ') FROM audit_logs")
            .fetch_one(&panel.admin_db)
            .await
            .unwrap();
    assert!(
        !details.contains("Street"),
        "where somebody lives is in no log"
    );

    panel
        .peer
        .refuse_fields(&[("shipping_address.postal_code", "must be like 10115")]);
    let wrong = staff.send(&form, &fields).await.expect(422).text();
    assert_shows(&wrong, &["Nothing is saved yet", "must be like 10115"]);
    assert_eq!(
        html::value_of(&wrong, "line1"),
        "Street 2",
        "what was typed is kept"
    );
    assert!(wrong.contains("aria-invalid=\"true\" aria-describedby=\"postal_code-problem\""));
    panel
        .peer
        .refuse(412, "version_mismatch", "The order changed.");
    let conflict = staff.send(&form, &fields).await.expect(412);
    assert_shows(&conflict.text(), &["Somebody else changed this meanwhile"]);
    panel.peer.refuse(
        409,
        "address_fixed",
        "The address can be changed until the first parcel has left.",
    );
    let gone = staff.send(&form, &fields).await.expect(409);
    assert_shows(&gone.text(), &["until the first parcel has left"]);
    let _ = staff.send_raw(&form, &fields).await.expect(403);
}

#[tokio::test]
async fn what_is_stuck_is_tried_again() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let order = panel.order(NewOrder::default()).await;
    panel.step(order.id, "stock.take", "failed").await;
    let path = format!("/admin/orders/{}", order.id);
    assert_shows(&staff.page(&path).await, &["stock.take", "Try again now"]);
    let _ = panel.peer.calls();
    let _ = staff.send(&format!("{path}/resume"), &[]).await.expect(303);
    let last = panel.peer.calls().pop().unwrap();
    assert_eq!(last.path, format!("/internal/sagas/{}/resume", order.id));
}

#[tokio::test]
async fn one_button_is_the_next_safe_step() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let order = panel.order(NewOrder::default()).await;
    for (steps, word) in [
        (&["capture", "void", "ship", "cancel"][..], "Take the money"),
        (&["ship", "cancel", "refund"], "Ship"),
        (&["refund"], ""),
    ] {
        panel.peer.allow(steps);
        let page = staff.page(&format!("/admin/orders/{}", order.id)).await;
        let head = html::between(&page, "<div class=\"actions\">", "<div class=\"two\">");
        let marked = head.matches("class=\"button primary\"").count();
        assert_eq!(marked, usize::from(!word.is_empty()), "{steps:?}");
        if !word.is_empty() {
            let (_, after) = head.split_once("class=\"button primary\"").unwrap();
            let after = html::text(&format!("<a {after}"));
            assert!(after.starts_with(word), "{after}");
        }
    }
}
