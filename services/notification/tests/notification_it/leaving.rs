//! Whoever's account is deleted is forgotten, whatever became of their mails.

use contracts::events::{EmailNotification, Envelope, Mail};
use testkit::{Fault, eventually};

use crate::world::World;

/// The mail that ends an account.
fn last(world: &World, to: &str) -> Envelope<EmailNotification> {
    let mut last = world.event(to, "1");
    last.data.mail = Mail::AccountDeleted {
        name: "Gone".to_owned(),
        proved: true,
    };
    last
}

/// In how many mails anything is kept that says who they were for: in the address, the text, or what the server answered.
async fn traces(world: &World, of: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM mails WHERE mails::text ILIKE '%' || $1 || '%'")
        .bind(of)
        .fetch_one(&world.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn who_leaves_is_forgotten() {
    let world = World::new().await;
    let event = world.event("gone@example.com", "1042");
    let other = world.event("stays@example.com", "1043");
    world.publish(&event).await;
    world.publish(&other).await;
    world.reaches(event.id, "sent").await;
    world.reaches(other.id, "sent").await;
    let last = last(&world, "gone@example.com");
    world.publish(&last).await;
    world.reaches(last.id, "sent").await;
    world.arrived("gone@example.com", 2).await;
    assert!(!world.row(event.id).await.unwrap().2 && world.row(other.id).await.unwrap().2);
    assert_eq!(traces(&world, "gone").await, 0);
    assert_eq!(traces(&world, "stays@example.com").await, 1);
    world.stop().await;
}

#[tokio::test]
async fn who_leaves_is_forgotten_when_their_mailbox_has_gone_first() {
    let world = World::new().await;
    let event = world.event("refused@example.com", "1042");
    world.publish(&event).await;
    world.reaches(event.id, "failed").await;
    let last = last(&world, "refused@example.com");
    world.publish(&last).await;
    world.reaches(last.id, "failed").await;
    assert!(!world.row(event.id).await.unwrap().2);
    // The server's answer begins with the word: that it refused is not to be known either.
    assert_eq!(traces(&world, "refused").await, 0);
    assert_eq!(traces(&world, "Gone").await, 0);
    world.stop().await;
}

#[tokio::test]
async fn who_leaves_while_the_server_is_away_is_forgotten_when_it_is_back() {
    let world = World::new().await;
    world.proxy.set(Fault::Stall);
    let event = world.event("gone@example.com", "1042");
    let last = last(&world, "gone@example.com");
    // One after the other: two that come at once are taken in any order.
    for event in [&event, &last] {
        world.publish(event).await;
        let waits = eventually("it waits", async || world.row(event.id).await).await;
        assert_eq!(waits.0, "pending");
    }
    world.proxy.set(Fault::Pass);
    for event in [&event, &last] {
        let kept = world.reaches(event.id, "sent").await.2;
        assert!(!kept);
    }
    world.arrived("gone@example.com", 2).await;
    assert_eq!(traces(&world, "gone").await, 0);
    world.stop().await;
}

#[tokio::test]
async fn mails_about_what_was_under_way_are_forgotten_and_those_of_a_new_account_are_not() {
    let world = World::new().await;
    let event = world.event("gone@example.com", "1042");
    world.publish(&event).await;
    world.reaches(event.id, "sent").await;
    let last = last(&world, "gone@example.com");
    world.publish(&last).await;
    world.reaches(last.id, "sent").await;

    let under_way = world.event("gone@example.com", "1042");
    world.publish(&under_way).await;
    assert!(!world.reaches(under_way.id, "sent").await.2);
    world.arrived("gone@example.com", 3).await;
    assert_eq!(traces(&world, "gone").await, 0);

    let anew = world.event("gone@example.com", "2077");
    world.publish(&anew).await;
    assert!(world.reaches(anew.id, "sent").await.2);
    assert_eq!(traces(&world, "gone@example.com").await, 1);
    world.stop().await;
}
