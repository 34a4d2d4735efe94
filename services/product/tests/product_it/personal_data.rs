//! What the catalogue knows of a person: all of it can be taken along, and all of it goes.

use std::collections::BTreeSet;

use auth_token::{OnBehalfOf, Role};
use contracts::events::UserDeleted;
use primitives::UserId;
use serde_json::{Value, json};
use testkit::eventually;
use testkit::http::Client;

use crate::reviews::{at, bought, of, reviewed};
use crate::wishlist::{at as wish_for, offer};
use crate::world::{World, keys};

async fn export(world: &World, user: UserId) -> Value {
    let path = format!("/internal/users/{user}/export");
    let answer = Client::new(world.internal_url())
        .with_bearer(&world.token_for(user))
        .get(&path)
        .expect(200);
    answer.await.value()
}

impl World {
    fn token_for(&self, user_id: UserId) -> String {
        self.token_of_order(&OnBehalfOf {
            user_id,
            role: Role::Customer,
            email: None,
            auth_time: None,
        })
    }

    /// The tables in which a column names the user.
    async fn tables_with(&self, user: UserId) -> BTreeSet<String> {
        let columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT c.table_name::text, c.column_name::text FROM information_schema.columns c \
               JOIN information_schema.tables t USING (table_schema, table_name) \
              WHERE c.table_schema = 'public' AND c.data_type = 'uuid' AND t.table_type = 'BASE TABLE'",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        let mut found = BTreeSet::new();
        for (table, column) in columns {
            let sql = format!("SELECT EXISTS (SELECT FROM \"{table}\" WHERE \"{column}\" = $1)");
            let there: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .bind(user.uuid())
                .fetch_one(&self.pool)
                .await
                .unwrap();
            if there {
                found.insert(format!("{table}.{column}"));
            }
        }
        found
    }
}

#[tokio::test]
async fn all_that_is_known_can_be_taken_along_and_goes() {
    let world = World::new().await;
    let (lamp, cup) = (
        world.product("LAMP", 5_000, 3).await,
        world.product("CUP", 900, 3).await,
    );
    let (anna, review) = reviewed(&world, &lamp, 4).await;
    let (other, praise) = reviewed(&world, &lamp, 5).await;
    world.accounts.knows(anna.id, "Anna");
    anna.client
        .put(&format!("{}/helpful", at(&praise)))
        .expect(200)
        .await;
    let staff = world.person(Role::Support).client;
    staff
        .post(&format!("{}/hide", at(&review)))
        .json(&json!({"reason": "Rude"}))
        .expect(200)
        .await;
    // A second review, taken back while it was hidden.
    bought(&world, anna.id, &cup).await;
    let second = json!({"rating": 1, "title": "T", "body": "B"});
    let second = anna
        .client
        .post(&of(&cup))
        .json(&second)
        .expect(201)
        .await
        .value();
    staff
        .post(&format!("{}/hide", at(&second)))
        .json(&json!({"reason": "Rude"}))
        .expect(200)
        .await;
    anna.client.delete(&at(&second)).expect(204).await;
    for product in [&lamp, &cup] {
        anna.client.put(&wish_for(product)).expect(201).await;
    }
    let settings = json!({"price_drop": true, "back_in_stock": false});
    anna.client
        .put("/api/wishlist/settings")
        .json(&settings)
        .expect(200)
        .await;
    anna.client
        .post("/api/wishlist/share")
        .json(&json!({"show_name": true}))
        .expect(201)
        .await;
    offer(&world, &lamp, 4_000, 3).await;
    world.app.tell_wishes().await.unwrap();

    let known = export(&world, anna.id).await;
    assert_eq!(
        keys(&known["sections"]),
        [
            "imports",
            "products",
            "purchases",
            "recommendations",
            "review_replies",
            "review_votes",
            "reviews",
            "wishlist",
            "wishlist_settings"
        ]
    );
    let sections = &known["sections"];
    assert_eq!(
        (
            &sections["reviews"][0]["status"],
            &sections["reviews"][0]["moderation_reason"]
        ),
        (&json!("hidden"), &json!("Rude"))
    );
    assert_eq!(sections["review_votes"][0]["review_id"], praise["id"]);
    assert_eq!(sections["purchases"].as_array().unwrap().len(), 2);
    assert_eq!(sections["wishlist"][0]["price_when_added"], 5_000);
    let kinds: BTreeSet<&str> = sections["wishlist_settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, BTreeSet::from(["mail", "mails", "share"]));
    assert!(!known.to_string().contains("token"), "{known}");
    assert_eq!(
        world.tables_with(anna.id).await,
        BTreeSet::from(
            [
                "purchases.user_id",
                "recommendation_work.id",
                "review_holds.user_id",
                "review_votes.user_id",
                "reviews.user_id",
                "wishlist_alerts.user_id",
                "wishlist_items.user_id",
                "wishlist_settings.user_id",
                "wishlist_shares.user_id",
                "wishlist_unsubscribes.user_id",
            ]
            .map(str::to_owned)
        )
    );

    let running = world.with_broker().await;
    world.publish(&UserDeleted { user_id: anna.id }).await;
    eventually("the user is forgotten", async || {
        let handled: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(&world.pool)
            .await
            .unwrap();
        (handled == 1).then_some(())
    })
    .await;
    assert_eq!(
        world.tables_with(anna.id).await,
        BTreeSet::from(["reviews.user_id".to_owned()]),
        "reviews stay, without the name"
    );
    let praised = other.client.get(&at(&praise)).expect(200).await.value();
    assert_eq!(praised["helpful_count"], 0);
    let kept = export(&world, anna.id).await;
    assert_eq!(
        kept["sections"]["reviews"][0]["author_name"],
        "Deleted account"
    );
    running.stop().await;
}

#[tokio::test]
async fn an_export_is_for_its_user_alone() {
    let world = World::new().await;
    let (anna, bert) = (
        world.person(Role::Customer).id,
        world.person(Role::Customer).id,
    );
    let path = format!("/internal/users/{anna}/export");
    let client = Client::new(world.internal_url());
    client
        .get(&path)
        .send()
        .await
        .problem(401, "unauthenticated");
    let nobody = world.service_token("product", None);
    client
        .get(&path)
        .bearer(&nobody)
        .send()
        .await
        .problem(403, "forbidden");
    let other = world.token_for(bert);
    client
        .get(&path)
        .bearer(&other)
        .send()
        .await
        .problem(403, "forbidden");
}
