//! List and search.

use auth_token::Role;
use serde_json::{Value, json};

use crate::world::{World, keys};

async fn shop(world: &World) -> Value {
    let admin = world.person(Role::Admin);
    let category = async |name: &str, parent: Value| {
        admin
            .client
            .post("/api/categories")
            .json(&json!({"name": name, "parent_id": parent}))
            .expect(201)
            .await
            .value()
    };
    let audio = category("Audio", Value::Null).await;
    let over_ear = category("Over-ear", audio["id"].clone()).await;
    let garden = category("Garden", Value::Null).await;
    let make = async |title: &str,
                      description: &str,
                      sku: &str,
                      price: i64,
                      stock: i64,
                      category: &Value| {
        world
            .product_of(&json!({"title": title, "description": description, "sku": sku, "stock": stock, "category_id": category["id"],
                "price": {"amount": price, "currency": "EUR"}, "status": "active", "attributes": {"colour": "crimson"}}))
            .await
    };
    make("Wireless Headphones", "Quiet", "HP-1", 9900, 5, &over_ear).await;
    make(
        "Studio Headphones",
        "For musicians",
        "HP-2",
        14900,
        0,
        &over_ear,
    )
    .await;
    make("Speaker", "Better than headphones", "SP-1", 4900, 5, &audio).await;
    make("Garden Hose", "Ten metres", "GH-1", 1900, 5, &garden).await;
    world
        .person(Role::Seller)
        .client
        .post("/api/products")
        .json(
            &json!({"title": "Secret Headphones", "description": "", "sku": "HP-9",
        "price": {"amount": 1, "currency": "EUR"}}),
        )
        .expect(201)
        .await;
    audio
}

async fn titles(world: &World, query: &str) -> Vec<String> {
    let page = world
        .guest()
        .get(&format!("/api/products?{query}"))
        .expect(200)
        .await
        .value();
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|product| product["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn words_are_found_by_weight_and_in_spite_of_typing_errors() {
    let world = World::new().await;
    shop(&world).await;
    let found = titles(&world, "q=headphones").await;
    assert_eq!(found.len(), 3);
    assert_eq!(
        found[2], "Speaker",
        "a title weighs more than a description"
    );
    assert_eq!(titles(&world, "q=headphone").await.len(), 3, "stems");
    assert_eq!(
        titles(&world, "q=hedphones").await.len(),
        3,
        "typing errors"
    );
    assert_eq!(titles(&world, "q=GH-1").await, ["Garden Hose"], "SKUs");
    assert_eq!(titles(&world, "q=crimson").await.len(), 4, "attributes");
    assert_eq!(
        titles(&world, "q=%22%27%28%26%7C%21%3A*").await.len(),
        0,
        "no syntax can break it"
    );
}

#[tokio::test]
async fn the_language_of_the_search_can_be_changed() {
    let world = World::new().await;
    let price = json!({"amount": 1, "currency": "EUR"});
    let body = json!({"title": "Vier Häuser", "description": "", "sku": "A", "price": price, "status": "active"});
    world.product_of(&body).await;
    let house = async |world: &World| titles(world, "q=haus").await;
    world.app.keep_up_search().await.unwrap();
    assert!(house(&world).await.is_empty());
    let (german, _served) = world
        .replica_with(|settings| settings.search_language = "german".to_owned())
        .await;
    assert_eq!(german.keep_up_search().await.unwrap(), 1);
    assert_eq!(house(&world).await, ["Vier Häuser"]);
    // One that the database does not know changes nothing.
    let (klingon, _served) = world
        .replica_with(|settings| settings.search_language = "klingon".to_owned())
        .await;
    assert_eq!(klingon.keep_up_search().await.unwrap(), 0);
    assert_eq!(house(&world).await, ["Vier Häuser"]);
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let world = World::new().await;
    let audio = shop(&world).await;
    assert_eq!(
        titles(&world, "").await,
        [
            "Garden Hose",
            "Speaker",
            "Studio Headphones",
            "Wireless Headphones"
        ]
    );
    assert_eq!(
        titles(&world, "category=audio").await.len(),
        3,
        "with the categories below"
    );
    assert_eq!(
        titles(
            &world,
            &format!("category={}", audio["id"].as_str().unwrap())
        )
        .await
        .len(),
        3
    );
    assert_eq!(
        titles(&world, "category=over-ear&in_stock=true").await,
        ["Wireless Headphones"]
    );
    assert_eq!(
        titles(&world, "min_price=4900&max_price=9900&sort=price").await,
        ["Speaker", "Wireless Headphones"]
    );
    assert_eq!(
        titles(&world, "sort=-price&limit=1").await,
        ["Studio Headphones"]
    );
    assert_eq!(titles(&world, "rating=4").await.len(), 0);
    assert_eq!(titles(&world, "category=nowhere").await.len(), 0);
}

#[tokio::test]
async fn every_sort_pages_through_everything_once() {
    let world = World::new().await;
    shop(&world).await;
    for number in 0..8 {
        world
            .product(&format!("N-{number}"), 500 + number % 2, 1)
            .await;
    }
    for query in [
        "sort=newest",
        "sort=price",
        "sort=-price",
        "sort=rating",
        "sort=popular",
        "sort=relevance",
        "q=thing&sort=relevance",
        "q=thing&sort=price",
    ] {
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = world
                .guest()
                .get(&format!("/api/products?{query}&limit=3{cursor}"))
                .expect(200)
                .await
                .value();
            seen.extend(
                page["data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|product| product["id"].as_str().unwrap().to_owned()),
            );
            pages += 1;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let all: usize = if query.starts_with('q') { 8 } else { 12 };
        assert_eq!((seen.len(), pages), (all, all.div_ceil(3)), "{query}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all, "{query}");
    }
}

#[tokio::test]
async fn a_list_takes_few_statements_with_facets() {
    let world = World::new().await;
    shop(&world).await;
    let answer = world
        .guest()
        .get("/api/products?q=headphones&facets=true&in_stock=true")
        .expect(200)
        .await;
    // Words, page, counts, names, and values that were not met before.
    assert_eq!(answer.statement_count(), 5);
    let page = answer.value();
    assert_eq!(keys(&page), ["data", "facets", "next_cursor"]);
    let facets: Vec<_> = page["facets"]["categories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|facet| (&facet["slug"], &facet["count"]))
        .collect();
    assert_eq!(
        facets,
        [
            (&json!("audio"), &json!(1)),
            (&json!("over-ear"), &json!(1))
        ]
    );
    let plain = world.guest().get("/api/products").expect(200).await;
    assert_eq!(plain.statement_count(), 1);
    assert_eq!(
        keys(&plain.value()["data"][0]),
        [
            "attributes",
            "category",
            "compare_at_price",
            "created_at",
            "description",
            "id",
            "images",
            "in_stock",
            "lowest_price_30_days",
            "price",
            "rating",
            "seller_id",
            "slug",
            "status",
            "title",
            "updated_at",
            "version"
        ]
    );
    world
        .guest()
        .get("/api/products")
        .header("if-none-match", plain.header("etag"))
        .expect(304)
        .await;
}

#[tokio::test]
async fn bad_queries_are_refused_field_by_field() {
    let world = World::new().await;
    let problem = world
        .guest()
        .get("/api/products?limit=0&sort=cheap&min_price=x&rating=6&page=2")
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
    assert_eq!(fields, ["limit", "min_price", "page", "rating", "sort"]);
    world
        .guest()
        .get("/api/products?cursor=x")
        .send()
        .await
        .problem(422, "validation_failed");
}

#[tokio::test]
async fn sellers_list_their_own_drafts_and_staff_everybodys() {
    let world = World::new().await;
    let (seller, other, admin) = (
        world.person(Role::Seller),
        world.person(Role::Seller),
        world.person(Role::Admin),
    );
    seller.client.post("/api/products").json(&json!({"title": "Draft", "description": "", "sku": "D", "price": {"amount": 1, "currency": "EUR"}})).expect(201).await;
    let own = format!("/api/products?status=any&seller={}", seller.id);
    assert_eq!(
        seller.client.get(&own).expect(200).await.value()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    other
        .client
        .get(&own)
        .send()
        .await
        .problem(403, "forbidden");
    world
        .guest()
        .get("/api/products?status=draft")
        .send()
        .await
        .problem(403, "forbidden");
    assert_eq!(
        admin
            .client
            .get("/api/products?status=draft")
            .expect(200)
            .await
            .value()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        seller
            .client
            .get(&format!("/api/products?seller={}", seller.id))
            .expect(200)
            .await
            .value()["data"],
        json!([])
    );
}
