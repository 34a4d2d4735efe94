//! Drafting, approving, changing and deleting products.

use auth_token::Role;
use serde_json::{Value, json};

use crate::world::{World, keys, variant};

fn lamp() -> Value {
    json!({"title": "Table Lamp", "description": "Warm light", "sku": "LAMP-1", "stock": 10,
        "price": {"amount": 1999, "currency": "EUR"}, "attributes": {"colour": "red"}})
}

fn shirt() -> Value {
    json!({"title": "Shirt", "description": "", "options": ["size"], "variants": [
        {"sku": "S-M", "price": {"amount": 2500, "currency": "EUR"}, "stock": 3, "options": {"size": "M"}},
        {"sku": "S-L", "price": {"amount": 2700, "currency": "EUR"}, "stock": 0, "options": {"size": "L"}}]})
}

#[tokio::test]
async fn a_simple_product_has_the_documented_shape() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let answer = seller
        .client
        .post("/api/products")
        .json(&lamp())
        .expect(201)
        .await;
    let product = answer.value();
    assert_eq!(
        keys(&product),
        [
            "approved",
            "attributes",
            "category",
            "created_at",
            "description",
            "id",
            "images",
            "in_stock",
            "options",
            "price",
            "publish_at",
            "rating",
            "seller_id",
            "seo",
            "slug",
            "status",
            "tax_class",
            "title",
            "unpublish_at",
            "updated_at",
            "variants",
            "version"
        ]
    );
    assert_eq!(
        answer.header("location"),
        format!("/api/products/{}", product["id"].as_str().unwrap())
    );
    assert!(answer.header("etag").starts_with("\"1-"));
    let money = json!({"amount": 1999, "currency": "EUR"});
    assert_eq!(product["price"], json!({"min": money, "max": money}));
    assert_eq!(
        product["variants"],
        json!([{"id": variant(&product), "sku": "LAMP-1", "price": money, "compare_at_price": null, "lowest_price_30_days": null,
            "options": {}, "available": 10, "availability": "in_stock", "available_on": null, "barcode": null, "weight_grams": null, "dimensions": null}])
    );
    assert_eq!(product["rating"], json!({"average": 0.0, "count": 0}));
    assert_eq!(product["seller_id"], json!(seller.id));
    assert_eq!(
        (
            &product["slug"],
            &product["status"],
            &product["category"],
            &product["in_stock"],
            &product["images"],
            &product["version"]
        ),
        (
            &json!("table-lamp"),
            &json!("draft"),
            &json!(null),
            &json!(true),
            &json!([]),
            &json!(1)
        )
    );
    assert_eq!(product["attributes"], json!({"colour": "red"}));
    assert_eq!(world.events().await, ["product.created"]);
    assert_eq!(world.ledger(variant(&product)).await, ["receive 10 0"]);
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn a_product_with_variants_has_a_price_range() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let product = seller
        .client
        .post("/api/products")
        .json(&shirt())
        .expect(201)
        .await
        .value();
    assert_eq!(
        (
            &product["price"]["min"]["amount"],
            &product["price"]["max"]["amount"]
        ),
        (&json!(2500), &json!(2700))
    );
    let options: Vec<_> = product["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variant| &variant["options"]["size"])
        .collect();
    assert_eq!(options, ["M", "L"]);
    // The same title again gets another address.
    let mut other = shirt();
    other["variants"][0]["sku"] = json!("X-M");
    other["variants"][1]["sku"] = json!("X-L");
    let other = seller
        .client
        .post("/api/products")
        .json(&other)
        .expect(201)
        .await
        .value();
    assert!(
        other["slug"].as_str().unwrap().starts_with("shirt-"),
        "{}",
        other["slug"]
    );
}

#[tokio::test]
async fn every_bad_field_is_named_at_once() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let body = json!({"title": " ", "price": {"amount": -1, "currency": "EUR"}, "sku": "ö", "stock": 1.5, "colour": "red"});
    let problem = seller
        .client
        .post("/api/products")
        .json(&body)
        .send()
        .await
        .problem(422, "validation_failed");
    let mut fields: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        ["colour", "description", "price", "sku", "stock", "title"]
    );
    let mut mixed = shirt();
    mixed["price"] = json!({"amount": 1, "currency": "EUR"});
    mixed["variants"][1]["options"] = json!({"size": "M"});
    let problem = seller
        .client
        .post("/api/products")
        .json(&mixed)
        .send()
        .await
        .problem(422, "validation_failed");
    let fields: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["field"])
        .collect();
    assert_eq!(fields, ["price", "variants[1].options"]);
    let mut unknown = lamp();
    unknown["category_id"] = json!("0190163d-8694-739b-aea5-966c26f8ad91");
    let problem = seller
        .client
        .post("/api/products")
        .json(&unknown)
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "category_id");
    seller
        .client
        .post("/api/products")
        .body("{")
        .header("content-type", "application/json")
        .send()
        .await
        .problem(400, "malformed_json");
    assert_eq!(world.events().await.len(), 0, "nothing was written");
}

#[tokio::test]
async fn a_product_is_public_once_staff_approve_it() {
    let world = World::new().await;
    let [seller, other, support, admin] =
        [Role::Seller, Role::Seller, Role::Support, Role::Admin].map(|role| world.person(role));
    let product = seller
        .client
        .post("/api/products")
        .json(&lamp())
        .expect(201)
        .await
        .value();
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    let seen = async |status: u16| {
        for client in [&world.guest(), &other.client] {
            client.get(&path).expect(status).await;
            client.get("/api/products/table-lamp").expect(status).await;
        }
        let list = world.guest().get("/api/products").expect(200).await.value();
        assert_eq!(
            list["data"].as_array().unwrap().len(),
            usize::from(status == 200)
        );
    };

    seen(404).await;
    for client in [&seller.client, &support.client, &admin.client] {
        client.get(&path).expect(200).await;
    }
    let submitted = seller
        .client
        .post(&format!("{path}/submit"))
        .expect(200)
        .await
        .value();
    assert_eq!(submitted["status"], "pending_review");
    seen(404).await;
    support
        .client
        .post(&format!("{path}/approve"))
        .send()
        .await
        .problem(403, "forbidden");
    let rejected = admin
        .client
        .post(&format!("{path}/reject"))
        .json(&json!({"reason": "No picture"}))
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&rejected["status"], &rejected["rejection_reason"]),
        (&json!("rejected"), &json!("No picture"))
    );
    seller
        .client
        .post(&format!("{path}/submit"))
        .expect(200)
        .await;
    let approved = admin
        .client
        .post(&format!("{path}/approve"))
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&approved["status"], &approved["rejection_reason"]),
        (&json!("active"), &Value::Null)
    );
    seen(200).await;
    let again = admin
        .client
        .post(&format!("{path}/approve"))
        .expect(200)
        .await
        .value();
    assert_eq!(
        again["version"], approved["version"],
        "a repeated approval changes nothing"
    );
    let problem = seller
        .client
        .post(&format!("{path}/submit"))
        .send()
        .await
        .problem(409, "invalid_status");
    assert_eq!(problem["status"], "active");

    seller.client.delete(&path).expect(204).await;
    seen(404).await;
    seller.client.get(&path).expect(404).await;
    admin.client.get(&path).expect(200).await;
    admin
        .client
        .post(&format!("{path}/approve"))
        .send()
        .await
        .problem(409, "invalid_status");
    let events = world.events().await;
    let kinds: Vec<&str> = events
        .iter()
        .map(String::as_str)
        .filter(|kind| *kind != "product.updated")
        .collect();
    assert_eq!(
        kinds,
        ["product.created", "product.approved", "product.deleted"]
    );
    // Its SKU is free again.
    seller
        .client
        .post("/api/products")
        .json(&lamp())
        .expect(201)
        .await;
}

#[tokio::test]
async fn an_admin_may_create_a_public_product_and_a_seller_may_not() {
    let world = World::new().await;
    let mut body = lamp();
    body["status"] = json!("active");
    world
        .person(Role::Seller)
        .client
        .post("/api/products")
        .json(&body)
        .send()
        .await
        .problem(403, "forbidden");
    assert_eq!(world.product_of(&body).await["status"], "active");
    assert_eq!(
        world.events().await,
        ["product.created", "product.approved"]
    );
    // A SKU is unique among what a seller sells.
    let seller = world.person(Role::Seller);
    let post = async || {
        seller
            .client
            .post("/api/products")
            .json(&lamp())
            .send()
            .await
    };
    assert_eq!(post().await.status, 201);
    post().await.problem(409, "sku_taken");
}

#[tokio::test]
async fn an_update_says_all_anew_and_is_guarded_by_the_version() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let answer = seller
        .client
        .post("/api/products")
        .json(&shirt())
        .expect(201)
        .await;
    let product = answer.value();
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    let body = json!({"title": "Better Shirt", "description": "New", "options": ["size"], "variants": [
        {"sku": "S-XL", "price": {"amount": 2900, "currency": "EUR"}, "stock": 4, "options": {"size": "M"}},
        {"sku": "S-M", "price": {"amount": 2600, "currency": "EUR"}, "options": {"size": "XL"}}]});
    seller
        .client
        .put(&path)
        .json(&body)
        .send()
        .await
        .problem(428, "precondition_required");
    seller
        .client
        .put(&path)
        .header("if-match", "\"7\"")
        .json(&body)
        .send()
        .await
        .problem(412, "stale_version");
    seller
        .client
        .put(&path)
        .header("if-match", "nonsense")
        .json(&body)
        .send()
        .await
        .problem(412, "stale_version");
    let updated = seller
        .client
        .put(&path)
        .header("if-match", answer.header("etag"))
        .json(&body)
        .expect(200)
        .await;
    let after = updated.value();
    assert_eq!(
        (&after["title"], &after["slug"], &after["version"]),
        (&json!("Better Shirt"), &json!("better-shirt"), &json!(2))
    );
    let variants: Vec<_> = after["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (&v["sku"], &v["available"], &v["options"]["size"]))
        .collect();
    assert_eq!(
        variants,
        [
            (&json!("S-XL"), &json!(4), &json!("M")),
            (&json!("S-M"), &json!(3), &json!("XL"))
        ]
    );
    assert_eq!(
        after["variants"][1]["id"], product["variants"][0]["id"],
        "a variant is known again by its SKU"
    );
    seller
        .client
        .put(&path)
        .header("if-match", answer.header("etag"))
        .json(&body)
        .send()
        .await
        .problem(412, "stale_version");
    seller
        .client
        .put(&path)
        .header("if-match", "\"2\"")
        .json(&body)
        .expect(200)
        .await;
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn opening_a_product_is_cheap_and_cacheable() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    let answer = world.guest().get(&path).expect(200).await;
    assert!(
        answer.statement_count() <= 3,
        "{}",
        answer.statement_count()
    );
    let etag = answer.header("etag").to_owned();
    world
        .guest()
        .get(&path)
        .header("if-none-match", &etag)
        .expect(304)
        .await;
    let _ = world
        .reserve(world.order_id(), &[(variant(&product), 1)])
        .await
        .expect(200);
    let fresh = world
        .guest()
        .get(&path)
        .header("if-none-match", &etag)
        .expect(200)
        .await;
    assert_eq!(
        fresh.value()["variants"][0]["available"],
        4,
        "a sale changes the answer, and so its tag"
    );
    // But no sale makes a seller's edit stale.
    assert_eq!(fresh.value()["version"], product["version"]);
    world
        .guest()
        .get("/api/products/no-such-thing")
        .send()
        .await
        .problem(404, "not_found");
}
