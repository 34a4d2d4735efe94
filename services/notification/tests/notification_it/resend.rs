//! What staff do with mails about orders.

use auth_token::Role;
use contracts::events::{EmailNotification, Mail};
use primitives::EventId;
use serde_json::json;

use crate::world::World;

const LINK: &str = "https://shop.example/orders/1?token=made-anew";

fn path(id: EventId) -> String {
    format!("/internal/mails/{id}")
}

async fn resend(world: &World, role: Role, id: EventId, key: &str) -> testkit::http::Answer {
    let path = format!("{}/resend", path(id));
    let call = world.panel(role).post(&path).header("idempotency-key", key);
    call.json(&json!({ "url": LINK })).send().await
}

#[tokio::test]
async fn staff_read_a_mail_and_send_it_again_once() {
    let world = World::new().await;
    let event = world.event("a@example.com", "1042");
    world.publish(&event).await;
    world.reaches(event.id, "sent").await;

    let panel = world.panel(Role::Support);
    let read = panel.get(&path(event.id)).expect(200).await.value();
    assert_eq!(read["order_number"], "1042");
    assert_eq!(read["recipient"], "a@example.com");
    let text = read["text"].as_str().unwrap();
    assert!(
        text.contains("https://shop.example/orders/1") && !text.contains("token"),
        "{text}"
    );

    // The same staff member, twice with one key: one mail more.
    let resend = format!("{}/resend", path(event.id));
    let mut ids = Vec::new();
    for _ in 0..2 {
        let again = panel.post(&resend).header("idempotency-key", "k");
        let again = again.json(&json!({ "url": LINK })).expect(202).await;
        ids.push(again.value()["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids[0], ids[1]);
    world.arrived("a@example.com", 2).await;
    let mails = world.mailbox.list(Some("a@example.com"));
    assert_eq!(mails.len(), 2);
    assert_ne!(mails[0].message_id, mails[1].message_id);
    assert!(mails.iter().any(|mail| mail.text.contains(LINK)));
    let of: Vec<(EventId, Option<String>)> =
        sqlx::query_as("SELECT resend_of, order_number FROM mails WHERE resend_of IS NOT NULL")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    assert_eq!(of, [(event.id, Some("1042".to_owned()))]);
    // With another key it is another mail; and each of the two is told of once.
    let again = panel.post(&resend).header("idempotency-key", "other");
    let again = again.json(&json!({ "url": LINK })).expect(202).await;
    let other = again.value()["id"].clone();
    let acts = world.acts(2).await;
    let told: Vec<_> = acts.iter().map(|act| &act.after["mail_id"]).collect();
    assert_eq!(told, [&json!(ids[0]), &other]);
    for act in &acts {
        assert_eq!(act.action, "mail.resend");
        assert!(!format!("{act:?}").contains("made-anew"), "{act:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn only_staff_get_at_mails_and_only_at_those_about_orders() {
    let world = World::new().await;
    let event = world.event("a@example.com", "1042");
    world.publish(&event).await;
    let other = {
        let mut other = world.event("b@example.com", "1");
        other.data = EmailNotification {
            mail: Mail::PasswordChanged {
                name: "B".to_owned(),
            },
            ..other.data
        };
        other
    };
    world.publish(&other).await;
    world.reaches(event.id, "sent").await;
    assert!(
        !world.reaches(other.id, "sent").await.2,
        "of any other mail nothing is kept"
    );
    for role in [Role::Customer, Role::Seller] {
        let read = world.panel(role).get(&path(event.id)).send().await;
        read.problem(403, "forbidden");
        resend(&world, role, event.id, "k")
            .await
            .problem(403, "forbidden");
    }
    let nobody = testkit::http::Client::new(world.internal());
    assert_eq!(nobody.get(&path(event.id)).send().await.status, 401);
    let staff = world.panel(Role::Support);
    let hidden = staff.get(&path(other.id)).send().await;
    hidden.problem(404, "not_found");
    resend(&world, Role::Admin, other.id, "k")
        .await
        .problem(404, "not_found");
    let keyless = staff.post(&format!("{}/resend", path(event.id)));
    let keyless = keyless.json(&json!({ "url": LINK })).send().await;
    keyless.problem(400, "idempotency_key_required");
    world.stop().await;
}

/// Anybody can open an account with somebody's address, and have it deleted.
#[tokio::test]
async fn who_never_proved_the_address_takes_nothing_along() {
    let world = World::new().await;
    let event = world.event("anna@example.com", "1042");
    world.publish(&event).await;
    world.reaches(event.id, "sent").await;
    let mut last = world.event("anna@example.com", "1");
    last.data.mail = Mail::AccountDeleted {
        name: "Stranger".to_owned(),
        proved: false,
    };
    world.publish(&last).await;
    world.reaches(last.id, "sent").await;
    assert!(world.row(event.id).await.unwrap().2);
    let read = world.panel(Role::Support).get(&path(event.id));
    assert_eq!(
        read.expect(200).await.value()["recipient"],
        "anna@example.com"
    );
    world.stop().await;
}

#[tokio::test]
async fn texts_are_forgotten_and_then_nothing_can_be_sent_again() {
    let mut world = World::new().await;
    let (old, new) = (
        world.event("a@example.com", "1"),
        world.event("a@example.com", "2"),
    );
    world.publish(&old).await;
    world.publish(&new).await;
    world.reaches(old.id, "sent").await;
    world.reaches(new.id, "sent").await;
    sqlx::query("UPDATE mails SET created_at = created_at - interval '91 days' WHERE id = $1")
        .bind(old.id.uuid())
        .execute(&world.pool)
        .await
        .unwrap();
    // It looks when it starts, and then every hour.
    world.start_worker().await;
    testkit::eventually("the text is forgotten", async || {
        world.row(old.id).await.filter(|row| !row.2)
    })
    .await;
    assert!(world.row(new.id).await.unwrap().2);
    let staff = world.panel(Role::Support);
    let read = staff.get(&path(old.id)).send().await;
    read.problem(409, "mail_forgotten");
    resend(&world, Role::Support, old.id, "k")
        .await
        .problem(409, "mail_forgotten");
    world.stop().await;
}
