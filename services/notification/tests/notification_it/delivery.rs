//! Each mail arrives, and once.

use contracts::events::{Mail, ShopSettings};
use testkit::{Fault, eventually};

use crate::world::World;

#[tokio::test]
async fn a_mail_goes_from_an_outbox_to_the_mailbox() {
    let world = World::new().await;
    let id = world.publish_from_outbox("a@example.com").await;
    world.arrived("a@example.com", 1).await;
    let mail = world.mailbox.list(Some("a@example.com")).remove(0);
    assert_eq!(mail.subject, "Your order 1 has arrived");
    assert_eq!(mail.from, "shop@mercato.example");
    assert_eq!(mail.message_id, format!("{id}@mercato.example"));
    assert!(
        mail.text
            .contains("https://shop.example/orders/1?token=secret"),
        "{}",
        mail.text
    );
    assert!(
        mail.html
            .contains("<a href=\"https://shop.example/orders/1?token=secret\""),
        "{}",
        mail.html
    );
    // What it said is, for staff; the link that lets its reader in is not.
    assert_eq!(
        world.reaches(id, "sent").await,
        ("sent".to_owned(), 1, true)
    );
    let kept: String = sqlx::query_scalar("SELECT content::text FROM mails")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert!(
        kept.contains("/orders/1") && !kept.contains("secret"),
        "{kept}"
    );
    world.stop().await;
}

#[tokio::test]
async fn mails_come_from_whom_staff_say_at_once() {
    let world = World::new().await;
    let settings = ShopSettings {
        shop_name: Some("Lamps".to_owned()),
        mail_name: Some("Lamps".to_owned()),
        mail_address: Some("hello@lamps.example".parse().unwrap()),
        ..ShopSettings::default()
    };
    world.set(1, settings).await;
    // What is told comes by another queue than the mail.
    let mail = eventually("a mail from the new address", async || {
        let event = world.event("a@example.com", "1");
        world.publish(&event).await;
        world.reaches(event.id, "sent").await;
        let mails = world.mailbox.list(Some("a@example.com"));
        mails
            .into_iter()
            .find(|mail| mail.from == "hello@lamps.example")
    })
    .await;
    assert!(
        mail.text.contains("Lamps") && !mail.text.contains("Mercato"),
        "{}",
        mail.text
    );
    world.stop().await;
}

#[tokio::test]
async fn a_redelivered_event_is_one_mail() {
    let world = World::new().await;
    let event = world.event("a@example.com", "1");
    for _ in 0..3 {
        world.publish(&event).await;
    }
    world.reaches(event.id, "sent").await;
    world.publish(&event).await;
    // The queue is worked in order: when this one is there, the redelivery before it has been seen.
    let last = world.event("b@example.com", "2");
    world.publish(&last).await;
    world.arrived("b@example.com", 1).await;
    assert_eq!(world.mailbox.list(Some("a@example.com")).len(), 1);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM mails")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(rows, 2);
    world.stop().await;
}

#[tokio::test]
async fn mail_waits_for_a_server_that_is_away() {
    let world = World::new().await;
    world.proxy.set(Fault::Refuse);
    let events: Vec<_> = (0..10)
        .map(|number| world.event("a@example.com", &number.to_string()))
        .collect();
    for event in &events {
        world.publish(event).await;
    }
    for event in &events {
        eventually("it was tried and put off", async || {
            world
                .row(event.id)
                .await
                .filter(|row| row.1 >= 1 && row.0 == "pending")
        })
        .await;
    }
    assert!(world.mailbox.list(None).is_empty());
    world.proxy.set(Fault::Pass);
    for event in &events {
        let (_, attempts, _) = world.reaches(event.id, "sent").await;
        assert!(attempts >= 2, "{attempts}");
    }
    let mut subjects: Vec<_> = world
        .mailbox
        .list(None)
        .iter()
        .map(|mail| mail.subject.clone())
        .collect();
    subjects.sort();
    assert_eq!(
        subjects,
        (0..10)
            .map(|number| format!("Your order {number} has arrived"))
            .collect::<Vec<_>>()
    );
    world.stop().await;
}

#[tokio::test]
async fn two_workers_do_not_send_the_same_mail() {
    let mut world = World::new().await;
    world.start_worker().await;
    let events: Vec<_> = (0..60)
        .map(|number| world.event("a@example.com", &number.to_string()))
        .collect();
    for event in &events {
        world.publish(event).await;
    }
    for event in &events {
        assert_eq!(world.reaches(event.id, "sent").await.1, 1);
    }
    assert_eq!(world.mailbox.list(None).len(), events.len());
    world.stop().await;
}

#[tokio::test]
async fn a_refused_mail_fails_at_once_and_a_busy_one_after_the_last_try() {
    let world = World::new().await;
    let (refused, busy) = (
        world.event("refused@example.com", "1"),
        world.event("busy@example.com", "2"),
    );
    world.publish(&refused).await;
    world.publish(&busy).await;
    assert_eq!(world.reaches(refused.id, "failed").await.1, 1);
    assert_eq!(world.reaches(busy.id, "failed").await.1, 5);
    assert!(world.mailbox.list(None).is_empty());
    // Staff may read what they were to say; the link that lets their reader in is kept of none.
    let kept: Vec<String> = sqlx::query_scalar("SELECT content::text FROM mails")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    for text in kept {
        assert!(
            text.contains("/orders/1") && !text.contains("secret"),
            "{text}"
        );
    }
    let mut other = world.event("refused@example.com", "3");
    other.data.mail = Mail::ResetPassword {
        name: "R".to_owned(),
        url: "https://shop.example/reset?token=secret".to_owned(),
    };
    world.publish(&other).await;
    let kept = world.reaches(other.id, "failed").await.2;
    assert!(!kept, "of any other mail nothing is kept");
    world.stop().await;
}

#[tokio::test]
async fn a_dead_sender_loses_no_mail() {
    let world = World::new().await;
    // As if a worker had claimed it and died: the lease is what keeps others off.
    let owner = world.db.pool().await;
    sqlx::query(
        "INSERT INTO mails (id, recipient, template, subject, content, attempts, next_attempt_at, created_at)
         VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', 'a@example.com', 'password_changed', 'x',
                 '{\"template\": \"password_changed\", \"data\": {\"name\": \"A\"}}', 1, now() + interval '300 milliseconds', now())",
    )
    .execute(&owner)
    .await
    .unwrap();
    let row = world
        .reaches(
            "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            "sent",
        )
        .await;
    assert_eq!(row, ("sent".to_owned(), 2, false));
    world.arrived("a@example.com", 1).await;
    world.stop().await;
}

#[tokio::test]
async fn the_worker_says_that_it_is_well() {
    let world = World::new().await;
    let client = testkit::http::Client::new(world.internal());
    client.get("/health/live").expect(200).await;
    eventually("readiness", async || {
        (client.get("/health/ready").send().await.status == 200).then_some(())
    })
    .await;
    client.get("/metrics").expect(200).await;
    world.stop().await;
}
