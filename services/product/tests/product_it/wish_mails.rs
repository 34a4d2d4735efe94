//! Mails about what people wish for.

use std::time::Duration;

use auth_token::Role;
use contracts::internal::users::UserSnapshot;
use serde_json::{Value, json};

use crate::wishlist::{at, offer};
use crate::world::{Person, World, variant};

const DAY: Duration = Duration::from_secs(24 * 3600);

impl World {
    /// Somebody with a verified address who wishes for the product.
    async fn wishes(&self, name: &str, product: &Value) -> Person {
        let person = self.person(Role::Customer);
        self.accounts.knows(person.id, name);
        person.client.put(&at(product)).expect(201).await;
        person
    }

    /// The mails written so far, after the job did what is due: the template, to whom, and what it says.
    async fn mails(&self) -> Vec<(String, String, Value)> {
        self.app.tell_wishes().await.unwrap();
        let mails: Vec<Value> = sqlx::query_scalar(
            "SELECT envelope->'data' FROM outbox WHERE event_type = 'email.notification' ORDER BY seq",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        let text = |mail: &Value, member: &str| mail[member].as_str().unwrap().to_owned();
        mails
            .into_iter()
            .map(|mail| {
                (
                    text(&mail, "template"),
                    text(&mail, "to"),
                    mail["data"].clone(),
                )
            })
            .collect()
    }

    /// As [`World::mails`], only their templates.
    async fn told(&self) -> Vec<String> {
        self.mails()
            .await
            .into_iter()
            .map(|(template, ..)| template)
            .collect()
    }
}

#[tokio::test]
async fn a_lower_price_is_told_once() {
    let world = World::new().await;
    let product = world.product("LAMP", 5_000, 3).await;
    let anna = world.wishes("Anna", &product).await;
    assert!(world.told().await.is_empty());
    offer(&world, &product, 6_000, 3).await;
    assert!(world.told().await.is_empty(), "dearer is no news");
    offer(&world, &product, 4_500, 3).await;
    offer(&world, &product, 4_000, 3).await;
    let mails = world.mails().await;
    let token = mails[0].2["unsubscribe_url"].as_str().unwrap();
    let token = token.split_once("token=").unwrap().1;
    assert_eq!(
        mails,
        [(
            "price_dropped".to_owned(),
            "anna@example.com".to_owned(),
            json!({
                "name": "Anna",
                "product": "Thing LAMP",
                "before": {"amount": 6_000, "currency": "EUR"},
                "now": {"amount": 4_000, "currency": "EUR"},
                "url": "https://shop.example/products/thing-lamp",
                "unsubscribe_url": format!("https://shop.example/unsubscribe?token={token}"),
                "one_click_url": format!("https://shop.example/api/wishlist/unsubscribe?token={token}"),
            })
        )]
    );
    assert_eq!(world.told().await.len(), 1, "once");

    // Another fall on the same day waits for the next one, and is told if it is still true then.
    offer(&world, &product, 3_000, 3).await;
    assert_eq!(world.told().await.len(), 1);
    world.clock.advance(DAY / 2);
    assert_eq!(world.told().await.len(), 1);
    world.clock.advance(DAY / 2);
    let mails = world.mails().await;
    assert_eq!(
        (mails.len(), &mails[1].2["before"]["amount"]),
        (2, &json!(4_000))
    );
    offer(&world, &product, 2_000, 3).await;
    assert_eq!(world.told().await.len(), 2);
    offer(&world, &product, 3_500, 3).await;
    world.clock.advance(DAY);
    assert_eq!(world.told().await.len(), 2, "it is dearer again");

    // What is wished for no more is no news.
    offer(&world, &product, 1_000, 3).await;
    let anna = world.again(&anna);
    anna.delete(&at(&product)).expect(204).await;
    assert_eq!(world.told().await.len(), 2);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM wishlist_changes")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_can_be_had_again_is_told_once_for_each_time() {
    let world = World::new().await;
    let product = world.product("CUP", 900, 1).await;
    let anna = world.wishes("Anna", &product).await;
    // The last one is held for an order, and set free.
    let order = world.order_id();
    let _ = world
        .reserve(order, &[(variant(&product), 1)])
        .await
        .expect(200);
    assert!(world.told().await.is_empty(), "sold out is no news");
    // Cheaper while there is none of it: worth no mail.
    offer(&world, &product, 800, 1).await;
    assert!(world.told().await.is_empty());
    let release = format!("/internal/reservations/{order}/release");
    world
        .order_service()
        .post(&release)
        .json(&json!({}))
        .expect(200)
        .await;
    let mails = world.mails().await;
    assert_eq!((mails.len(), mails[0].0.as_str()), (1, "back_in_stock"));
    assert_eq!(mails[0].2["price"]["amount"], 800);

    offer(&world, &product, 800, 0).await;
    assert_eq!(world.told().await.len(), 1);
    offer(&world, &product, 800, 5).await;
    assert_eq!(world.told().await.len(), 1, "one a day");
    world.clock.advance(DAY);
    assert_eq!(world.told().await.len(), 2);
    // Gone again before it could be told.
    offer(&world, &product, 800, 0).await;
    assert_eq!(world.told().await.len(), 2);
    offer(&world, &product, 800, 5).await;
    assert_eq!(world.told().await.len(), 2, "one a day");
    offer(&world, &product, 800, 0).await;
    world.clock.advance(DAY);
    assert_eq!(world.told().await.len(), 2);
    let list = world
        .again(&anna)
        .get("/api/wishlist")
        .expect(200)
        .await
        .value();
    assert_eq!(list["data"][0]["in_stock"], false);
}

#[tokio::test]
async fn only_the_variant_that_is_wished_for_counts() {
    let world = World::new().await;
    let body = |small: i64, large: i64| {
        json!({"title": "Shirt", "description": "", "options": ["size"], "variants": [
            {"sku": "S", "price": {"amount": small, "currency": "EUR"}, "stock": 1, "options": {"size": "S"}},
            {"sku": "XL", "price": {"amount": large, "currency": "EUR"}, "stock": 1, "options": {"size": "XL"}},
        ]})
    };
    let mut active = body(1_000, 1_500);
    active["status"] = json!("active");
    let shirt = world.product_of(&active).await;
    let anna = world.person(Role::Customer);
    world.accounts.knows(anna.id, "Anna");
    let large = json!({"variant_id": shirt["variants"][1]["id"]});
    anna.client.put(&at(&shirt)).json(&large).expect(201).await;
    let path = format!("/api/products/{}", shirt["id"].as_str().unwrap());
    let admin = world.person(Role::Admin).client;
    for (small, large, told) in [(500, 1_500, 0), (500, 1_400, 1)] {
        let version = admin.get(&path).expect(200).await.value()["version"].to_string();
        let put = admin
            .put(&path)
            .header("if-match", &format!("\"{version}\""));
        put.json(&body(small, large)).expect(200).await;
        assert_eq!(world.told().await.len(), told);
    }
    assert_eq!(world.mails().await[0].2["before"]["amount"], 1_500);
}

#[tokio::test]
async fn who_does_not_want_mails_or_cannot_get_them_gets_none() {
    let world = World::new().await;
    let product = world.product("LAMP", 5_000, 3).await;
    let anna = world.wishes("Anna", &product).await;
    let ben = world.wishes("Ben", &product).await.id;
    world.accounts.change(UserSnapshot {
        email_verified: false,
        ..world.accounts.get(ben)
    });
    let carl = world.wishes("Carl", &product).await.id;
    world.accounts.change(UserSnapshot {
        closed: true,
        ..world.accounts.get(carl)
    });
    let dora = world.person(Role::Customer);
    dora.client.put(&at(&product)).expect(201).await;
    let choosy = world.wishes("Emil", &product).await;
    let both = choosy
        .client
        .get("/api/wishlist/settings")
        .expect(200)
        .await
        .value();
    assert_eq!(both, json!({"price_drop": true, "back_in_stock": true}));
    let only = json!({"price_drop": false, "back_in_stock": true});
    let said = choosy
        .client
        .put("/api/wishlist/settings")
        .json(&only)
        .expect(200)
        .await;
    assert_eq!(said.value(), only);
    let answer = choosy
        .client
        .put("/api/wishlist/settings")
        .json(&json!({"price_drop": 1}))
        .send()
        .await;
    answer.problem(422, "validation_failed");

    offer(&world, &product, 4_000, 3).await;
    let mails = world.mails().await;
    assert_eq!(
        mails.iter().map(|mail| mail.1.as_str()).collect::<Vec<_>>(),
        ["anna@example.com"]
    );

    // A mail program's button: no sign-in, a form that nobody reads.
    let link = mails[0].2["one_click_url"]
        .as_str()
        .unwrap()
        .replace("https://shop.example", "");
    for _ in 0..2 {
        let click = world
            .guest()
            .post(&link)
            .form(&[("List-Unsubscribe", "One-Click")]);
        click.expect(204).await;
    }
    let none = anna
        .client
        .get("/api/wishlist/settings")
        .expect(200)
        .await
        .value();
    assert_eq!(none, json!({"price_drop": false, "back_in_stock": false}));
    let wrong = world
        .guest()
        .post("/api/wishlist/unsubscribe?token=x")
        .send()
        .await;
    wrong.problem(404, "not_found");
    let without = world.guest().post("/api/wishlist/unsubscribe").send().await;
    without.problem(422, "validation_failed");
    world.clock.advance(DAY);
    offer(&world, &product, 4_000, 0).await;
    assert_eq!(world.told().await.len(), 1);
    offer(&world, &product, 3_000, 3).await;
    let mails = world.mails().await;
    let last: Vec<_> = mails
        .iter()
        .skip(1)
        .map(|mail| (mail.0.as_str(), mail.1.as_str()))
        .collect();
    assert_eq!(last, [("back_in_stock", "emil@example.com")]);
}

#[tokio::test]
async fn nothing_is_lost_while_auth_is_away_and_nothing_is_told_twice() {
    let world = World::new().await;
    let product = world.product("LAMP", 5_000, 3).await;
    for number in 0..120 {
        world.wishes(&format!("P{number}"), &product).await;
    }
    offer(&world, &product, 4_000, 3).await;
    world.accounts.is_away(true);
    assert!(world.app.tell_wishes().await.is_err());
    world.accounts.is_away(false);
    // Whoever was at it may come back: its lease must end first.
    assert_eq!(world.told().await.len(), 20);
    world.clock.advance(Duration::from_secs(120));
    // On several machines at once.
    let (one, two, three) = tokio::join!(
        world.app.tell_wishes(),
        world.app.tell_wishes(),
        world.app.tell_wishes()
    );
    for result in [one, two, three] {
        result.unwrap();
    }
    let mut readers: Vec<String> = world.mails().await.into_iter().map(|mail| mail.1).collect();
    assert_eq!(readers.len(), 120);
    readers.sort_unstable();
    readers.dedup();
    assert_eq!(readers.len(), 120);
    assert!(
        world.accounts.calls() < 10,
        "asked in batches: {}",
        world.accounts.calls()
    );
    // What delays no other mail is forgotten.
    world.clock.advance(DAY + Duration::from_secs(1));
    world.app.tell_wishes().await.unwrap();
    let alerts: i64 = sqlx::query_scalar("SELECT count(*) FROM wishlist_alerts")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(alerts, 0);
}
