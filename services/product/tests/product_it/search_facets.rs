//! Facets, attribute filters, highlights and suggestions.

use auth_token::Role;
use serde_json::{Value, json};

use crate::world::World;

async fn get(world: &World, path: &str) -> Value {
    world.guest().get(path).expect(200).await.value()
}

async fn shop(world: &World) {
    let admin = world.person(Role::Admin).client;
    let shoes = admin
        .post("/api/categories")
        .json(&json!({"name": "Running shoes", "slug": "shoes"}))
        .expect(201)
        .await
        .value();
    for (number, (colour, size, weight, price)) in [
        ("Red", "42", 1.5, 4900),
        ("red", "43", 2.0, 9900),
        ("Blue", "42", 2.5, 9900),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"title": format!("Trail <Runner> {number}"), "description": "Light & fast, for mud.", "status": "active",
            "category_id": shoes["id"], "attributes": {"colour": colour, "weight": weight, "vegan": number == 0},
            "options": ["size"], "variants": [{"sku": format!("T-{number}"), "price": {"amount": price, "currency": "EUR"},
                                               "stock": number, "options": {"size": size}}]});
        world.product_of(&body).await;
    }
}

fn facet<'a>(page: &'a Value, key: &str) -> &'a Value {
    page["facets"]["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|facet| facet["key"] == key)
        .unwrap()
}

#[tokio::test]
async fn each_facet_counts_what_one_would_find() {
    let world = World::new().await;
    shop(&world).await;
    let page = get(&world, "/api/products?facets=true").await;
    let facets = &page["facets"];
    assert_eq!(facets["total"], 3);
    assert_eq!(facets["in_stock"], 2);
    assert_eq!(facets["categories"][0]["count"], 3);
    assert_eq!(
        facets["prices"],
        json!([{"from": 2000, "to": 4999, "count": 1}, {"from": 5000, "to": 9999, "count": 2}])
    );
    assert_eq!(
        facet(&page, "colour")["values"],
        json!([{"value": "Red", "count": 2}, {"value": "Blue", "count": 1}])
    );
    assert_eq!(
        facet(&page, "size")["values"][0],
        json!({"value": "42", "count": 2})
    );
    assert_eq!(facet(&page, "weight")["kind"], "number");
    assert_eq!(
        facet(&page, "vegan")["values"][0],
        json!({"value": "false", "count": 2})
    );

    // Its own filter does not narrow a facet; the others do.
    let page = get(
        &world,
        "/api/products?facets=true&attr.colour=RED&attr.size=42",
    )
    .await;
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    assert_eq!(page["facets"]["total"], 1);
    assert_eq!(
        facet(&page, "colour")["values"],
        json!([{"value": "Blue", "count": 1}, {"value": "Red", "count": 1}])
    );
    assert_eq!(
        facet(&page, "weight")["values"],
        json!([{"value": "1.5", "count": 1}])
    );

    for (query, found) in [
        ("attr.colour=red,blue", 3),
        ("attr.weight=2..", 2),
        ("attr.weight=1.6..2.4", 1),
        ("attr.vegan=true", 1),
        ("attr.colour=green", 0),
        ("attr.nothing=green", 0),
        ("q=trail&attr.size=42&max_price=5000&in_stock=false", 1),
    ] {
        let page = get(&world, &format!("/api/products?{query}")).await;
        assert_eq!(page["data"].as_array().unwrap().len(), found, "{query}");
    }
}

#[tokio::test]
async fn a_bad_attribute_filter_is_named() {
    let world = World::new().await;
    let problem = world
        .guest()
        .get("/api/products?attr.weight=2..1&attr.=x&attr.colour=")
        .send()
        .await
        .problem(422, "validation_failed");
    let fields: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["attr.weight", "attr.", "attr.colour"]);
}

#[tokio::test]
async fn found_words_are_marked_and_all_else_is_escaped() {
    let world = World::new().await;
    shop(&world).await;
    let page = get(&world, "/api/products?q=runners+mud&limit=1").await;
    assert_eq!(
        page["data"][0]["highlight"],
        json!({"title": "Trail &lt;<mark>Runner</mark>&gt; 2", "description": "Light &amp; fast, for <mark>mud</mark>."})
    );
    let page = get(&world, "/api/products?limit=1").await;
    assert_eq!(page["data"][0].get("highlight"), None);
}

#[tokio::test]
async fn suggestions_come_while_one_types() {
    let world = World::new().await;
    shop(&world).await;
    let suggestions = get(&world, "/api/products/suggest?q=run").await;
    assert_eq!(suggestions["queries"], json!(["runner", "running"]));
    assert_eq!(suggestions["categories"][0]["slug"], "shoes");
    assert_eq!(suggestions["products"].as_array().unwrap().len(), 3);
    let answer = world
        .guest()
        .get("/api/products/suggest?q=trail+ru")
        .expect(200)
        .await;
    assert!(answer.statement_count() <= 3);
    assert_eq!(answer.value()["queries"][0], "trail runner");
    let mended = get(&world, "/api/products/suggest?q=traill").await;
    assert_eq!(mended["queries"], json!(["trail"]));
    assert_eq!(mended["products"].as_array().unwrap().len(), 3);
    let nothing = get(&world, "/api/products/suggest?q=").await;
    assert_eq!(
        nothing,
        json!({"queries": [], "categories": [], "products": []})
    );
}

#[tokio::test]
async fn a_renamed_category_and_another_language_are_taken_over() {
    let world = World::new().await;
    shop(&world).await;
    let found = async |query: &str| {
        get(&world, &format!("/api/products?q={query}")).await["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((found("running").await, found("jogging").await), (3, 0));
    let id = get(&world, "/api/categories/shoes").await["id"].clone();
    world
        .person(Role::Admin)
        .client
        .put(&format!("/api/categories/{}", id.as_str().unwrap()))
        .header("if-match", "*")
        .json(&json!({"name": "Jogging shoes"}))
        .expect(200)
        .await;
    assert!(world.app.keep_up_search().await.unwrap() >= 3);
    assert_eq!(found("jogging").await, 3);
    assert_eq!(world.app.keep_up_search().await.unwrap(), 0);
}
