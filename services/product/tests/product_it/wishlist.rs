//! Wish lists: keeping them and showing them.

use std::time::Duration;

use auth_token::Role;
use serde_json::{Value, json};

use crate::world::{World, keys, variant};

/// Where a wish for the product is.
pub(crate) fn at(product: &Value) -> String {
    format!("/api/wishlist/{}", product["id"].as_str().unwrap())
}

/// Says anew what an admin's product costs and how much there is of it.
pub(crate) async fn offer(world: &World, product: &Value, price: i64, stock: i64) {
    let body = json!({
        "title": product["title"], "description": "", "sku": product["variants"][0]["sku"], "stock": stock,
        "price": {"amount": price, "currency": "EUR"},
    });
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    let admin = world.person(Role::Admin).client;
    let version = admin.get(&path).expect(200).await.value()["version"].to_string();
    let put = admin
        .put(&path)
        .header("if-match", &format!("\"{version}\""));
    put.json(&body).expect(200).await;
}

fn titles(list: &Value) -> Vec<&str> {
    let items = list["data"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["product"]["title"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn what_is_wished_for_shows_what_it_cost_and_costs() {
    let world = World::new().await;
    let (lamp, cup) = (
        world.product("LAMP", 5_000, 3).await,
        world.product("CUP", 900, 0).await,
    );
    let anna = world.person(Role::Customer).client;
    let empty = anna.get("/api/wishlist").expect(200).await.value();
    assert_eq!(empty, json!({"data": [], "next_cursor": null}));
    let wish = anna.put(&at(&lamp)).expect(201).await.value();
    assert_eq!(
        keys(&wish),
        [
            "added_at",
            "in_stock",
            "price_now",
            "price_when_added",
            "product",
            "variant_id"
        ]
    );
    assert_eq!(wish["product"]["id"], lamp["id"]);
    anna.put(&at(&lamp)).json(&json!({})).expect(200).await;
    world.clock.advance(Duration::from_secs(1));
    anna.put(&at(&cup)).expect(201).await;
    offer(&world, &lamp, 4_000, 0).await;

    let answer = anna.get("/api/wishlist").expect(200).await;
    assert_eq!(answer.statement_count(), 2);
    let list = answer.value();
    assert_eq!(titles(&list), ["Thing CUP", "Thing LAMP"]);
    let lamp_now = &list["data"][1];
    assert_eq!(
        (
            &lamp_now["price_when_added"]["amount"],
            &lamp_now["price_now"]["amount"],
            &lamp_now["in_stock"]
        ),
        (&json!(5_000), &json!(4_000), &json!(false))
    );
    let first = anna.get("/api/wishlist?limit=1").expect(200).await.value();
    let next = format!(
        "/api/wishlist?limit=1&cursor={}",
        first["next_cursor"].as_str().unwrap()
    );
    let second = anna.get(&next).expect(200).await.value();
    assert_eq!(
        (titles(&first), titles(&second)),
        (vec!["Thing CUP"], vec!["Thing LAMP"])
    );
    assert_eq!(second["next_cursor"], Value::Null);

    // What is not public is left out, until it is again.
    let staff = world.person(Role::Admin).client;
    let path = format!("/api/products/{}", cup["id"].as_str().unwrap());
    let reason = json!({"reason": "Broken"});
    staff
        .post(&format!("{path}/reject"))
        .json(&reason)
        .expect(200)
        .await;
    let list = anna.get("/api/wishlist").expect(200).await.value();
    assert_eq!(titles(&list), ["Thing LAMP"]);
    for _ in 0..2 {
        anna.delete(&at(&lamp)).expect(204).await;
    }
    let list = anna.get("/api/wishlist").expect(200).await.value();
    assert_eq!(titles(&list), Vec::<&str>::new());
}

#[tokio::test]
async fn a_variant_may_be_wished_for() {
    let world = World::new().await;
    let shirt = world
        .product_of(&json!({"title": "Shirt", "description": "", "options": ["size"], "status": "active", "variants": [
            {"sku": "S", "price": {"amount": 1_000, "currency": "EUR"}, "stock": 1, "options": {"size": "S"}},
            {"sku": "XL", "price": {"amount": 1_500, "currency": "EUR"}, "stock": 0, "options": {"size": "XL"}},
        ]}))
        .await;
    let other = world.product("OTHER", 1, 1).await;
    let anna = world.person(Role::Customer).client;
    let any = anna.put(&at(&shirt)).expect(201).await.value();
    assert_eq!(
        (
            &any["variant_id"],
            &any["price_now"]["amount"],
            &any["in_stock"]
        ),
        (&Value::Null, &json!(1_000), &json!(true))
    );
    let large = json!({"variant_id": shirt["variants"][1]["id"]});
    let large = anna.put(&at(&shirt)).json(&large).expect(200).await.value();
    assert_eq!(
        (
            &large["variant_id"],
            &large["price_when_added"]["amount"],
            &large["in_stock"]
        ),
        (&shirt["variants"][1]["id"], &json!(1_500), &json!(false))
    );
    let foreign = json!({"variant_id": variant(&other)});
    let answer = anna.put(&at(&shirt)).json(&foreign).send().await;
    answer.problem(422, "validation_failed");
    let answer = anna
        .put(&at(&shirt))
        .json(&json!({"size": "XL"}))
        .send()
        .await;
    answer.problem(422, "validation_failed");
}

#[tokio::test]
async fn only_public_products_can_be_wished_for_and_not_endlessly() {
    let world = World::new().await;
    let seller = world.person(Role::Seller).client;
    let body = json!({"title": "Draft", "description": "", "sku": "D", "price": {"amount": 1, "currency": "EUR"}});
    let draft = seller
        .post("/api/products")
        .json(&body)
        .expect(201)
        .await
        .value();
    let anna = world.person(Role::Customer);
    for path in [
        at(&draft),
        "/api/wishlist/019f0000-0000-7000-8000-000000000000".to_owned(),
        "/api/wishlist/x".to_owned(),
    ] {
        anna.client
            .put(&path)
            .send()
            .await
            .problem(404, "not_found");
    }
    sqlx::query(
        "INSERT INTO products (id, seller_id, slug, title, description, status, currency, price_min, price_max, created_at, updated_at) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'p' || n, 'P', '', 'active', 'EUR', 1, 1, now(), now() FROM generate_series(1, 500) n",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    sqlx::query("INSERT INTO wishlist_items (user_id, product_id, created_at) SELECT $1, id, now() FROM products WHERE slug LIKE 'p%' AND title = 'P'")
        .bind(anna.id.uuid())
        .execute(&world.pool)
        .await
        .unwrap();
    let lamp = world.product("LAMP", 1, 1).await;
    let answer = anna.client.put(&at(&lamp)).send().await;
    answer.problem(409, "wishlist_full");
}

#[tokio::test]
async fn a_list_is_shown_to_whoever_has_the_link_and_says_nothing_of_its_owner() {
    let world = World::new().await;
    let (lamp, cup) = (
        world.product("LAMP", 5_000, 3).await,
        world.product("CUP", 900, 1).await,
    );
    let anna = world.person(Role::Customer).client;
    for product in [&lamp, &cup] {
        anna.put(&at(product)).expect(201).await;
    }
    let state = anna.get("/api/wishlist/share").expect(200).await.value();
    assert_eq!(
        state,
        json!({"shared": false, "name": null, "created_at": null})
    );
    let link = anna.post("/api/wishlist/share").expect(201).await;
    assert_eq!(link.header("cache-control"), "no-store");
    let link = link.value();
    let token = link["token"].as_str().unwrap();
    assert_eq!(
        link["url"],
        format!("https://shop.example/wishlist?token={token}")
    );
    let open = async |token: &str| {
        world
            .guest()
            .get(&format!("/api/wishlist/shared/{token}"))
            .send()
            .await
    };
    let shown = open(token).await;
    assert_eq!(
        (shown.status, shown.header("cache-control")),
        (200, "no-store")
    );
    let shown = shown.value();
    assert_eq!(shown["name"], Value::Null);
    assert_eq!(titles(&shown), ["Thing CUP", "Thing LAMP"]);
    assert_eq!(
        keys(&shown["data"][0]),
        ["in_stock", "price_now", "product", "variant_id"]
    );
    let stored: Vec<u8> = sqlx::query_scalar("SELECT token_hash FROM wishlist_shares")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert!(stored.len() == 32 && stored != token.as_bytes());

    // Another link takes the place of the first.
    let named = anna
        .post("/api/wishlist/share")
        .json(&json!({"show_name": true}));
    let named = named.expect(201).await.value();
    open(token).await.problem(404, "not_found");
    let token = named["token"].as_str().unwrap();
    let first = world
        .guest()
        .get(&format!("/api/wishlist/shared/{token}?limit=1"));
    let first = first.expect(200).await.value();
    assert_eq!(
        (&first["name"], titles(&first)),
        (&json!("Customer Example"), vec!["Thing CUP"])
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = world.guest().get(&format!(
        "/api/wishlist/shared/{token}?limit=1&cursor={cursor}"
    ));
    assert_eq!(titles(&rest.expect(200).await.value()), ["Thing LAMP"]);
    let state = anna.get("/api/wishlist/share").expect(200).await.value();
    assert_eq!(
        (&state["shared"], &state["name"]),
        (&json!(true), &json!("Customer Example"))
    );
    for _ in 0..2 {
        anna.delete("/api/wishlist/share").expect(204).await;
    }
    open(token).await.problem(404, "not_found");
    open("x").await.problem(404, "not_found");
}
