//! Prices to compare with, and what the law asks of them; measures and other details of variants.

use std::time::Duration;

use auth_token::Role;
use serde_json::{Value, json};

use crate::world::World;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn euros(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

fn body(price: i64, compared: Option<i64>) -> Value {
    let mut body = json!({"title": "Lamp", "description": "", "sku": "A", "price": euros(price)});
    if let Some(compared) = compared {
        body["compare_at_price"] = euros(compared);
    }
    body
}

/// Writes the price; answers the lowest of the thirty days before the reduction.
async fn set(world: &World, path: &str, price: i64, compared: Option<i64>) -> Option<i64> {
    // A token does not last for days.
    let client = world.person(Role::Admin).client;
    let read = client.get(path).expect(200).await;
    let written = client
        .put(path)
        .header("if-match", read.header("etag"))
        .json(&body(price, compared))
        .expect(200)
        .await
        .value();
    let variant = &written["variants"][0];
    assert_eq!(variant["price"], euros(price));
    variant["lowest_price_30_days"]["amount"].as_i64()
}

#[tokio::test]
async fn a_reduction_shows_the_lowest_price_of_the_thirty_days_before_it() {
    let world = World::new().await;
    let (seller, admin) = (
        world.person(Role::Seller).client,
        world.person(Role::Admin).client,
    );
    let made = seller
        .post("/api/products")
        .json(&body(100, None))
        .expect(201)
        .await
        .value();
    let path = format!("/api/products/{}", made["id"].as_str().unwrap());
    // What it cost before anybody could buy it does not count.
    assert_eq!(set(&world, &path, 5000, None).await, None);
    admin.post(&format!("{path}/approve")).expect(200).await;
    world.clock.advance(40 * DAY);
    assert_eq!(set(&world, &path, 4500, None).await, None);
    world.clock.advance(5 * DAY);
    assert_eq!(set(&world, &path, 5000, None).await, None);
    world.clock.advance(5 * DAY);
    assert_eq!(
        set(&world, &path, 4000, Some(5000)).await,
        Some(4500),
        "not the 50 that is crossed out"
    );
    world.clock.advance(60 * DAY);
    let shown = world.guest().get(&path).expect(200).await.value();
    assert_eq!(
        shown["variants"][0]["lowest_price_30_days"],
        euros(4500),
        "as long as the reduction lasts"
    );
    assert_eq!(shown["variants"][0]["compare_at_price"], euros(5000));
    let list = world.guest().get("/api/products").expect(200).await.value();
    let listed = &list["data"][0];
    assert_eq!(
        (&listed["compare_at_price"], &listed["lowest_price_30_days"]),
        (&euros(5000), &euros(4500))
    );
    assert_eq!(set(&world, &path, 4000, None).await, None);
    assert_eq!(
        set(&world, &path, 3500, Some(9900)).await,
        Some(4000),
        "nobody ever paid 99"
    );

    let admin = world.person(Role::Admin).client;
    let problem = admin
        .put(&path)
        .header("if-match", "\"9\"")
        .json(&body(5000, Some(5000)))
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(
        (
            &problem["errors"][0]["field"],
            &problem["errors"][0]["code"]
        ),
        (&json!("compare_at_price"), &json!("not_above_price"))
    );

    // One open row, no gaps while it was public, none when it is not.
    let history: Vec<(i64, Option<i64>, bool)> = sqlx::query_as(
        "SELECT price, compare_at_price, valid_until IS NULL FROM price_history ORDER BY valid_from, id",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap();
    assert_eq!(
        history,
        [
            (5000, None, false),
            (4500, None, false),
            (5000, None, false),
            (4000, Some(5000), false),
            (4000, None, false),
            (3500, Some(9900), true)
        ]
    );
    admin.delete(&path).expect(204).await;
    let open: i64 =
        sqlx::query_scalar("SELECT count(*) FROM price_history WHERE valid_until IS NULL")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert_eq!(open, 0);
}

#[tokio::test]
async fn variants_are_told_with_all_their_details() {
    let world = World::new().await;
    let seller = world.person(Role::Seller).client;
    let dimensions = json!({"length_mm": 300, "width_mm": 200, "height_mm": 40});
    let body = json!({
        "title": "Shirt", "description": "", "options": ["size", "colour"], "tax_class": "reduced",
        "seo": {"title": "Linen shirts", "description": "Shirts of linen."},
        "variants": [
            {"sku": "S-M", "price": euros(2500), "compare_at_price": euros(3000), "barcode": "4006381333931", "weight_grams": 350,
             "dimensions": dimensions, "options": {"size": "M", "colour": "red"}},
            {"sku": "S-L", "price": euros(2700), "options": {"size": "L", "colour": "red"}}]});
    let product = seller
        .post("/api/products")
        .json(&body)
        .expect(201)
        .await
        .value();
    assert_eq!(product["options"], json!(["size", "colour"]));
    assert_eq!(product["tax_class"], "reduced");
    assert_eq!(product["seo"], body["seo"]);
    let variants = &product["variants"];
    assert_eq!(
        (
            &variants[0]["barcode"],
            &variants[0]["weight_grams"],
            &variants[0]["dimensions"]
        ),
        (&json!("4006381333931"), &json!(350), &dimensions)
    );
    assert_eq!(
        (
            &variants[1]["compare_at_price"],
            &variants[1]["barcode"],
            &variants[1]["dimensions"]
        ),
        (&Value::Null, &Value::Null, &Value::Null)
    );

    let mut bad = body.clone();
    bad["weight_grams"] = json!(1);
    bad["variants"][0]["weight_grams"] = json!(-1);
    bad["variants"][0]["dimensions"] = json!({"length_mm": 0, "width_mm": 1});
    bad["variants"][1]["barcode"] = json!("");
    bad["seo"]["title"] = json!("x".repeat(201));
    let problem = seller
        .post("/api/products")
        .json(&bad)
        .send()
        .await
        .problem(422, "validation_failed");
    let mut fields: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "seo.title",
            "variants[0].dimensions.height_mm",
            "variants[0].dimensions.length_mm",
            "variants[0].weight_grams",
            "variants[1].barcode"
        ]
    );
    let mut bad = body;
    bad["weight_grams"] = json!(1);
    bad["variants"][0]["compare_at_price"] = json!({"amount": 9900, "currency": "USD"});
    bad["variants"][1]["compare_at_price"] = euros(1);
    let problem = seller
        .post("/api/products")
        .json(&bad)
        .send()
        .await
        .problem(422, "validation_failed");
    let fields: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "weight_grams",
            "variants[0].compare_at_price.currency",
            "variants[1].compare_at_price"
        ]
    );
}
