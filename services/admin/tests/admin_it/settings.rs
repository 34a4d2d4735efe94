//! The settings of the shop: the form, what it refuses, and that every process knows within a second.

use std::time::{Duration, Instant};

use auth_token::{InternalClient, Role};
use contracts::events::SettingsChanged;
use shop_settings::Shop;
use testkit::broker::Vhost;
use testkit::eventually;
use testkit::http::Client;
use tokio_util::sync::CancellationToken;

use crate::events::Running;
use crate::html::{assert_hides, assert_shows, value_of};
use crate::panel::{Panel, Staff};

const PAGE: &str = "/admin/settings";

/// The version that the form of a page has.
async fn version(staff: &Staff) -> String {
    value_of(&staff.page(PAGE).await, "version")
}

#[tokio::test]
async fn what_is_saved_holds_is_shown_and_stands_in_the_log() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let page = staff.page(PAGE).await;
    assert_shows(
        &page,
        &[
            "Settings",
            "Nobody has changed anything yet",
            "Low stock",
            "The shop is closed",
        ],
    );
    assert!(
        page.contains("placeholder=\"Mercato\"")
            && page.contains("placeholder=\"EUR\"")
            && page.contains("placeholder=\"48\"")
    );

    let form = [
        ("version", "0"),
        ("shop_name", " Lamps & <Light> "),
        ("mail_address", "hello@lamps.example"),
        ("seller_address", "1 Main Street\r\n\r\nDublin"),
        ("late_after_hours", "36"),
    ];
    let saved = staff.send(PAGE, &form).await.expect(303);
    assert_eq!(saved.header("location"), "/admin/settings?done=settings");
    let page = staff.page("/admin/settings?done=settings").await;
    assert_shows(&page, &["hold everywhere", &staff.email, "shop name:"]);
    assert!(
        page.contains("<title>Settings · Lamps &#38; &#60;Light&#62; admin</title>"),
        "{page}"
    );
    assert!(page.contains("1 Main Street\nDublin</textarea>"), "{page}");
    assert!(!page.contains("<Light>"));

    // Nothing new is no change.
    let again = [
        ("version", "1"),
        ("shop_name", "Lamps & <Light>"),
        ("mail_address", "hello@lamps.example"),
        ("seller_address", "1 Main Street\nDublin"),
        ("late_after_hours", "36"),
    ];
    let _ = staff.send(PAGE, &again).await.expect(303);
    assert_eq!(version(&staff).await, "1");

    // Emptied, it is as the environment says again.
    let emptied = [("version", "1"), ("late_after_hours", "36")];
    let _ = staff.send(PAGE, &emptied).await.expect(303);
    let rows: Vec<(String, serde_json::Value, serde_json::Value)> =
        sqlx::query_as("SELECT outcome, before, after FROM audit_logs WHERE action = 'settings.change' ORDER BY seq")
            .fetch_all(&panel.admin_db)
            .await
            .unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0].0, &rows[0].1),
        (&"changed".to_owned(), &serde_json::json!({}))
    );
    assert_eq!(rows[0].2["seller_address"], "1 Main Street;Dublin");
    assert_eq!(
        rows[1].2,
        serde_json::json!({}),
        "only what changed: {rows:?}"
    );
    assert_eq!(rows[1].1["shop_name"], "Lamps & <Light>");
    let told: i64 =
        sqlx::query_scalar("SELECT count(*) FROM outbox WHERE event_type = 'settings.changed'")
            .fetch_one(&panel.admin_db)
            .await
            .unwrap();
    assert_eq!(told, 2);
}

#[tokio::test]
async fn every_bad_field_is_named_and_what_was_typed_is_kept() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let bad = [
        ("version", "0"),
        ("shop_name", "Lamps"),
        ("mail_address", "nobody"),
        ("currency", "EURO"),
        ("late_after_hours", "0"),
        ("maintenance", "true"),
    ];
    let page = staff.send(PAGE, &bad).await.expect(422).text();
    assert_shows(
        &page,
        &[
            "Nothing was saved",
            "An e-mail address",
            "Three letters",
            "A whole number from 1 to 8760",
            "Tell customers why",
        ],
    );
    assert_eq!(page.matches("aria-invalid").count(), 4);
    assert!(
        page.contains("value=\"Lamps\"")
            && page.contains("value=\"nobody\"")
            && page.contains(" checked")
    );
    assert_eq!(version(&staff).await, "0");
    let _ = staff.send(PAGE, &[("version", "x")]).await.expect(422);
}

#[tokio::test]
async fn who_comes_second_is_told() {
    let panel = Panel::open().await;
    let (one, two) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Admin).await,
    );
    let _ = one
        .send(PAGE, &[("version", "0"), ("shop_name", "One")])
        .await
        .expect(303);
    let late = two
        .send(PAGE, &[("version", "0"), ("shop_name", "Two")])
        .await
        .expect(412)
        .text();
    assert_shows(&late, &["Somebody else changed this meanwhile"]);
    assert!(late.contains("href=\"/admin/settings\""));
    assert!(two.page(PAGE).await.contains("value=\"One\""));
}

#[tokio::test]
async fn another_currency_must_be_meant() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let usd = [("version", "0"), ("currency", "usd")];
    let page = staff.send(PAGE, &usd).await.expect(422).text();
    assert_shows(
        &page,
        &[
            "Nothing was saved yet",
            "No shipping method is priced in USD",
            "Change the currency all the same",
        ],
    );
    let meant = [usd[0], usd[1], ("confirm_currency", "true")];
    let _ = staff.send(PAGE, &meant).await.expect(303);
    // What it is already needs no word.
    let _ = staff
        .send(
            PAGE,
            &[("version", "1"), ("currency", "USD"), ("shop_name", "X")],
        )
        .await
        .expect(303);
}

#[tokio::test]
async fn a_closed_shop_is_seen_on_every_page() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let closed = [
        ("version", "0"),
        ("maintenance", "true"),
        ("maintenance_message", "Back at noon."),
        ("maintenance_minutes", "30"),
    ];
    let _ = staff.send(PAGE, &closed).await.expect(303);
    assert_shows(
        &staff.page("/admin/keys").await,
        &["closed for maintenance"],
    );
    let open = [("version", "1"), ("maintenance_message", "Back at noon.")];
    let _ = staff.send(PAGE, &open).await.expect(303);
    assert_hides(
        &staff.page("/admin/keys").await,
        &["closed for maintenance"],
    );
}

#[tokio::test]
async fn only_administrators_with_the_forms_token_change_settings() {
    let panel = Panel::open().await;
    let support = panel.staff(Role::Support).await;
    let _ = support.get(PAGE).expect(403).await;
    let _ = support
        .send(PAGE, &[("version", "0"), ("shop_name", "X")])
        .await
        .expect(403);
    assert!(
        !support
            .page("/admin/keys")
            .await
            .contains(&format!("href=\"{PAGE}\""))
    );
    let admin = panel.staff(Role::Admin).await;
    let _ = admin
        .send_raw(PAGE, &[("version", "0"), ("shop_name", "X")])
        .await
        .expect(403);
    assert_eq!(version(&admin).await, "0");
}

/// As another service does it: through the broker, and at its start from admin's internal API.
async fn follow(panel: &Panel, vhost: &Vhost, running: &Running, stop: &CancellationToken) -> Shop {
    let shop = Shop::default();
    let url = format!("http://{}", running.internal);
    let admin = InternalClient::new("order", "admin", url, panel.order_keys.clone()).unwrap();
    let following = shop.clone().follow(
        vhost.amqp_url().to_owned().into(),
        stop.clone(),
        move || {
            let admin = admin.clone();
            async move {
                Ok(admin
                    .get::<SettingsChanged>("/internal/settings", None)
                    .await?)
            }
        },
    );
    tokio::spawn(following);
    shop
}

#[tokio::test]
async fn every_process_knows_within_a_second_and_from_its_start() {
    let vhost = Vhost::create().await.unwrap();
    let panel = Panel::with_broker(vhost.amqp_url()).await;
    let staff = panel.staff(Role::Admin).await;
    let replicas = [Running::start(&panel).await, Running::start(&panel).await];
    let stop = CancellationToken::new();
    let _ = staff
        .send(PAGE, &[("version", "0"), ("shop_name", "One")])
        .await
        .expect(303);
    let shops = [
        follow(&panel, &vhost, &replicas[0], &stop).await,
        follow(&panel, &vhost, &replicas[1], &stop).await,
    ];
    let named = async |shop: &Shop, name: &str| {
        eventually(name, async || {
            (shop.now().shop_name.as_deref() == Some(name)).then_some(())
        })
        .await;
    };
    for shop in &shops {
        named(shop, "One").await;
    }
    // Once the first change came through, each further one is quick.
    for (change, name) in ["Two", "Three", "Four"].into_iter().enumerate() {
        let version = (change + 1).to_string();
        let _ = staff
            .send(PAGE, &[("version", &version), ("shop_name", name)])
            .await
            .expect(303);
        let since = Instant::now();
        for shop in &shops {
            named(shop, name).await;
        }
        let took = since.elapsed();
        assert!(
            change == 0 || took < Duration::from_secs(1),
            "{name} took {took:?}"
        );
    }
    // Who starts later asks.
    let late = follow(&panel, &vhost, &replicas[1], &stop).await;
    named(&late, "Four").await;
    assert_eq!(late.version(), 4);

    let stranger = Client::new(format!("http://{}", replicas[0].internal));
    let _ = stranger.get("/internal/settings").expect(401).await;
    stop.cancel();
    for replica in replicas {
        replica.stop().await;
    }
}
