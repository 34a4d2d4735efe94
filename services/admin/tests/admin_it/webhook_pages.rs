//! What staff do with webhooks in the panel.

use auth_token::Role;
use uuid::Uuid;

use crate::html::{assert_hides, assert_shows, between, value_of};
use crate::panel::{Panel, Staff};
use crate::webhook_receiver::{Mood, Receiver};

/// Fills in the form for a new endpoint; its page's address and its secret.
async fn create(staff: &Staff, url: &str) -> (String, String) {
    let form = [
        ("url", url),
        ("description", "<b>Our</b> accounting"),
        ("events", "order.shipped"),
        ("events", "order.created"),
    ];
    let page = staff
        .send("/admin/webhooks", &form)
        .await
        .expect(200)
        .text();
    let secret = between(&page, r#"<code class="secret">"#, "<").to_owned();
    let id = between(&page, "/admin/webhooks/", "\"").to_owned();
    (format!("/admin/webhooks/{id}"), secret)
}

#[tokio::test]
async fn an_endpoint_lives_through_its_pages() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    assert_shows(
        &staff.page("/admin/webhooks").await,
        &["Nobody listens yet"],
    );
    let (third, server) = Receiver::serve().await;
    let _ = staff.page("/admin/webhooks/new").await;
    let (page, secret) = create(&staff, &server.url()).await;
    let list = staff.page("/admin/webhooks").await;
    assert_shows(&list, &[&server.url(), "on"]);
    assert!(list.contains("&#60;b&#62;Our"), "what staff write is text");
    let detail = staff.page(&page).await;
    assert_shows(&detail, &["order.created , order.shipped", "Nothing here"]);
    assert!(
        !detail.contains(&secret) && !list.contains(&secret),
        "it was shown once"
    );

    // A test is sent, and what came of it is shown, whatever the receiver says.
    let answer = staff
        .send(&format!("{page}/ping"), &[("key", "a")])
        .await
        .expect(303);
    let delivery = answer.headers["location"].to_str().unwrap().to_owned();
    assert_shows(
        &staff.page(&delivery).await,
        &["Not tried yet", "webhook.ping"],
    );
    third.is(Mood::Status(500));
    assert_eq!(panel.app.deliver_webhooks().await.unwrap(), 1);
    assert_shows(
        &staff.page(&delivery).await,
        &[
            "waiting",
            "Answered 500",
            "not today",
            "webhook-signature: v1,",
        ],
    );
    assert!(third.got()[0].is_signed_with(&secret));
    assert_shows(&staff.page(&page).await, &["failing", "webhook.ping"]);
    third.is(Mood::Fine);
    let _ = staff
        .send(&format!("{delivery}/replay"), &[])
        .await
        .expect(303);
    assert_eq!(panel.app.deliver_webhooks().await.unwrap(), 1);
    assert_shows(
        &staff.page(&delivery).await,
        &["delivered", "Answered 200", "thanks"],
    );
    assert_eq!(third.got()[0].id, third.got()[1].id);

    // A new secret: both sign for a day.
    let version = value_of(&detail, "version");
    let rotated = staff
        .send(&format!("{page}/rotate"), &[("version", &version)])
        .await
        .expect(200)
        .text();
    let second = between(&rotated, r#"<code class="secret">"#, "<").to_owned();
    let _ = staff
        .send(&format!("{page}/ping"), &[("key", "b")])
        .await
        .expect(303);
    panel.app.deliver_webhooks().await.unwrap();
    let last = third.got().pop().unwrap();
    assert!(last.is_signed_with(&secret) && last.is_signed_with(&second));

    // A form that was opened before is out of date.
    let edit = staff.page(&format!("{page}/edit")).await;
    let change = |version: String| {
        let url = server.url();
        let (staff, page) = (&staff, &page);
        async move {
            let form = [
                ("url", url.as_str()),
                ("events", "user.updated"),
                ("personal_data", "true"),
                ("version", &version),
            ];
            staff.send(&format!("{page}/edit"), &form).await
        }
    };
    let stale = change(version).await.expect(412);
    assert_shows(&stale.text(), &["Somebody else changed this meanwhile"]);
    let _ = change(value_of(&edit, "version")).await.expect(303);
    assert_shows(
        &staff.page(&page).await,
        &["user.updated", "With names and e-mail addresses."],
    );

    let _ = staff
        .send(&format!("{page}/switch"), &[("on", "false")])
        .await
        .expect(303);
    assert_shows(&staff.page(&page).await, &["off", "Switch on"]);
    let _ = staff
        .send(&format!("{page}/switch"), &[("on", "true")])
        .await
        .expect(303);
    let _ = staff.send(&format!("{page}/delete"), &[]).await.expect(303);
    let _ = staff.get(&page).expect(404).await;

    let acts: Vec<_> = panel
        .audit()
        .await
        .into_iter()
        .map(|(action, _, _)| action)
        .collect();
    let mut expected = vec![
        "webhook.create",
        "webhook.ping",
        "webhook.replay",
        "webhook.rotate_secret",
        "webhook.ping",
        "webhook.update",
        "webhook.disable",
        "webhook.enable",
        "webhook.delete",
    ];
    let mut acts: Vec<_> = acts.iter().map(String::as_str).collect();
    acts.sort_unstable();
    expected.sort_unstable();
    assert_eq!(acts, expected);
    let secrets: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_logs WHERE details::text LIKE '%whsec_%'")
            .fetch_one(&panel.admin_db)
            .await
            .unwrap();
    assert_eq!(secrets, 0);
}

#[tokio::test]
async fn failed_deliveries_are_sent_again_since_a_day() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let (third, server) = Receiver::serve().await;
    let endpoint = panel
        .endpoint(&server.url(), &["order.shipped"], false)
        .await;
    let (old, new) = (
        panel.delivery(endpoint).await,
        panel.delivery(endpoint).await,
    );
    for (delivery, days) in [(old, 20), (new, 1)] {
        sqlx::query("UPDATE webhook_deliveries SET status = 'failed', tries = 10, created_at = created_at - make_interval(days => $2) WHERE id = $1")
            .bind(delivery)
            .bind(days)
            .execute(&panel.admin_db)
            .await
            .unwrap();
    }
    let page = format!("/admin/webhooks/{endpoint}");
    assert_shows(
        &staff.page(&format!("{page}?status=failed")).await,
        &["failed", "order.shipped"],
    );
    assert_shows(
        &staff.page(&format!("{page}?status=waiting")).await,
        &["No delivery has this status."],
    );
    let since = value_of(&staff.page(&page).await, "since");
    let answer = staff
        .send(&format!("{page}/replay"), &[("since", &since)])
        .await
        .expect(303);
    assert!(
        answer.headers["location"]
            .to_str()
            .unwrap()
            .ends_with("done=replayed")
    );
    assert_eq!(panel.app.deliver_webhooks().await.unwrap(), 1);
    assert_eq!(third.got().len(), 1);
    assert_eq!(panel.state_of(new).await.0, "delivered");
    assert_eq!(panel.state_of(old).await.0, "failed");
    let _ = staff
        .send(&format!("{page}/replay"), &[("since", "yesterday")])
        .await
        .expect(422);
}

#[tokio::test]
async fn what_an_endpoint_may_not_be_is_said_and_nothing_typed_is_lost() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let try_it = async |url: &str, event: &str| {
        let form = [("url", url), ("description", "Ours"), ("events", event)];
        staff
            .send("/admin/webhooks", &form)
            .await
            .expect(422)
            .text()
    };
    let page = try_it("http://10.0.0.1/hook", "order.created").await;
    assert_shows(&page, &["not one of the public internet"]);
    assert!(page.contains(r#"value="http://10.0.0.1/hook""#) && page.contains(r#"value="Ours""#));
    assert!(page.contains(r#"value="order.created" checked"#));
    assert_shows(
        &try_it("https://u:p@example.com/", "order.created").await,
        &["must not contain a user name"],
    );
    assert_shows(
        &try_it("https://example.com/", "email.notification").await,
        &["One of the events is not offered."],
    );
    let none = staff
        .send("/admin/webhooks", &[("url", "https://example.com/")])
        .await
        .expect(422);
    assert_shows(&none.text(), &["Choose at least one event."]);
    assert_shows(
        &staff.page("/admin/webhooks").await,
        &["Nobody listens yet"],
    );
}

#[tokio::test]
async fn what_is_sent_twice_is_made_once() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let form = |url| [("key", "k"), ("url", url), ("events", "order.created")];
    let made = async || {
        let form = form("https://example.com/");
        let page = staff.send("/admin/webhooks", &form).await;
        let page = page.expect(200).text();
        let secret = between(&page, r#"<code class="secret">"#, "<").to_owned();
        let id = between(&page, "/admin/webhooks/", "\"").to_owned();
        (format!("/admin/webhooks/{id}"), secret)
    };
    let (page, secret) = made().await;
    assert_eq!(made().await, (page.clone(), secret));
    let _ = staff
        .send("/admin/webhooks", &form("https://example.org/"))
        .await
        .expect(422);
    let ping = async || {
        let path = format!("{page}/ping");
        let sent = staff.send(&path, &[("key", "p")]).await.expect(303);
        sent.header("location").to_owned()
    };
    assert_eq!(ping().await, ping().await);
    let rows: (i64, i64) = sqlx::query_as("SELECT (SELECT count(*) FROM webhook_endpoints), (SELECT count(*) FROM webhook_deliveries)")
        .fetch_one(&panel.admin_db)
        .await
        .unwrap();
    assert_eq!(rows, (1, 1));

    // Once something was changed, it is not shown again.
    let _ = staff
        .send(&format!("{page}/rotate"), &[("version", "1")])
        .await
        .expect(200);
    let _ = staff
        .send("/admin/webhooks", &form("https://example.com/"))
        .await
        .expect(412);
}

#[tokio::test]
async fn webhooks_are_for_those_who_may_change_settings() {
    let panel = Panel::open().await;
    let endpoint = panel
        .endpoint("https://example.com/", &["order.shipped"], false)
        .await;
    let delivery = panel.delivery(endpoint).await;
    let page = format!("/admin/webhooks/{endpoint}");
    let support = panel.staff(Role::Support).await;
    assert_hides(&support.page("/admin").await, &["Webhooks"]);
    let of_delivery = format!("{page}/deliveries/{delivery}");
    for path in [
        "/admin/webhooks",
        "/admin/webhooks/new",
        &page,
        &format!("{page}/edit"),
        &of_delivery,
    ] {
        let _ = support.get(path).expect(403).await;
    }
    let admin = panel.staff(Role::Admin).await;
    assert_shows(&admin.page("/admin").await, &["Webhooks"]);
    let forms: [(&str, &[(&str, &str)]); 8] = [
        (
            "/admin/webhooks",
            &[("url", "https://example.com/"), ("events", "order.created")],
        ),
        (
            "edit",
            &[
                ("url", "https://example.com/"),
                ("events", "order.created"),
                ("version", "1"),
            ],
        ),
        ("rotate", &[("version", "1")]),
        ("ping", &[("key", "k")]),
        ("switch", &[("on", "false")]),
        ("replay", &[("since", "2026-01-01")]),
        ("delete", &[]),
        (of_delivery.as_str(), &[]),
    ];
    for (form, fields) in forms {
        let path = match form {
            "/admin/webhooks" => form.to_owned(),
            form if form.starts_with('/') => format!("{form}/replay"),
            form => format!("{page}/{form}"),
        };
        let _ = support.send(&path, fields).await.expect(403);
        let _ = admin.send_raw(&path, fields).await.expect(403);
    }
    let rows: (i64, i64) = sqlx::query_as("SELECT (SELECT count(*) FROM webhook_endpoints), (SELECT count(*) FROM webhook_deliveries)")
        .fetch_one(&panel.admin_db)
        .await
        .unwrap();
    assert_eq!(rows, (1, 1));
    let _ = admin
        .get(&format!("/admin/webhooks/{}", Uuid::nil()))
        .expect(404)
        .await;
}
