//! Pages stay right while products change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::world::World;

/// Writers change prices of some products all the time. Whoever pages through sees no product twice whose price stayed, and misses none.
#[tokio::test]
async fn what_kept_its_place_is_seen_once_while_others_move() {
    let world = World::new().await;
    let (mut still, mut moving) = (BTreeSet::new(), Vec::new());
    for number in 0..40_i64 {
        let product = world
            .product(&format!("P-{number}"), 1000 + number % 7 * 100, 1)
            .await;
        if number % 3 == 0 {
            moving.push(product);
        } else {
            still.insert(product["id"].as_str().unwrap().to_owned());
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writer = async {
        let admin = world.person(auth_token::Role::Admin).client;
        let mut price = 900;
        let mut versions: BTreeMap<String, Value> = moving
            .iter()
            .map(|product| {
                let id = product["id"].as_str().unwrap().to_owned();
                (id, product["version"].clone())
            })
            .collect();
        while !stop.load(Ordering::Relaxed) {
            for product in &moving {
                price = 900 + (price * 7 + 13) % 900;
                let path = format!("/api/products/{}", product["id"].as_str().unwrap());
                let sku = &product["variants"][0]["sku"];
                let body = json!({"title": product["title"], "description": "", "sku": sku, "price": {"amount": price, "currency": "EUR"}});
                let version = format!("\"{}\"", versions[product["id"].as_str().unwrap()]);
                let answer = admin
                    .put(&path)
                    .header("if-match", &version)
                    .json(&body)
                    .expect(200)
                    .await
                    .value();
                versions.insert(
                    answer["id"].as_str().unwrap().to_owned(),
                    answer["version"].clone(),
                );
            }
        }
    };
    let reader = async {
        for query in [
            "sort=price",
            "sort=-price",
            "sort=newest",
            "q=thing",
            "q=thing&sort=price",
        ] {
            for limit in [3, 7] {
                let seen = page_through(&world, &format!("{query}&limit={limit}")).await;
                for id in &still {
                    assert_eq!(seen.get(id), Some(&1), "{query} by {limit}");
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(writer, reader);
}

/// How often each product was seen.
async fn page_through(world: &World, query: &str) -> BTreeMap<String, u32> {
    let (mut seen, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page: Value = world
            .guest()
            .get(&format!("/api/products?{query}{cursor}"))
            .expect(200)
            .await
            .value();
        for product in page["data"].as_array().unwrap() {
            *seen
                .entry(product["id"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

/// A page of a mended query leads to the next page of the same list, even if the misspelt word has become known meanwhile.
#[tokio::test]
async fn the_next_page_is_of_the_same_list() {
    let world = World::new().await;
    for number in 0..3 {
        world
            .product_of(&json!({"title": format!("Copper kettle {number}"), "description": "", "sku": format!("K-{number}"),
                "price": {"amount": 100, "currency": "EUR"}, "status": "active"}))
            .await;
    }
    let first = world
        .guest()
        .get("/api/products?q=coper+ketle&limit=2")
        .expect(200)
        .await
        .value();
    assert_eq!(first["corrected"], "copper kettle");
    world
        .product_of(&json!({"title": "Coper Ketle", "description": "", "sku": "BRAND", "price": {"amount": 100, "currency": "EUR"}, "status": "active"}))
        .await;
    let second = world
        .guest()
        .get(&format!(
            "/api/products?q=coper+ketle&limit=2&cursor={}",
            first["next_cursor"].as_str().unwrap()
        ))
        .expect(200)
        .await
        .value();
    assert_eq!(second["data"][0]["title"], "Copper kettle 0");
    assert_eq!(second["data"].as_array().unwrap().len(), 1);
    let anew = world
        .guest()
        .get("/api/products?q=coper+ketle")
        .expect(200)
        .await
        .value();
    assert_eq!(anew["data"][0]["title"], "Coper Ketle");
    assert_eq!(anew.get("corrected"), None);
}
