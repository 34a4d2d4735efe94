//! How good the search is: judged queries over a small shop, scored by NDCG@10, beside what PostgreSQL offers by itself.

use std::collections::BTreeMap;

use auth_token::Role;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::world::World;

#[derive(Deserialize)]
struct Product {
    sku: String,
    category: String,
    title: String,
    description: String,
    price: i64,
    sold: i64,
    attributes: Value,
}

#[derive(Deserialize)]
struct Judgement {
    /// Of which kind the query is: typing error, SKU, …
    kind: String,
    query: String,
    /// By SKU: 3 is what was wanted, 2 will do, 1 has to do with it.
    grades: BTreeMap<String, i32>,
}

/// What the ranking must not fall below; see docs/catalogue/search.md for what it reaches.
const FLOOR: f64 = 0.91;

#[tokio::test]
async fn the_wanted_products_come_first() {
    let world = World::new().await;
    stock_the_shop(&world).await;
    let judgements: Vec<Judgement> =
        serde_json::from_str(include_str!("relevance/judgements.json")).unwrap();
    let (mut ours, mut plain, mut trigrams) = (Vec::new(), Vec::new(), Vec::new());
    let mut by_kind: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for judgement in &judgements {
        let score = ndcg(&search(&world, &judgement.query).await, &judgement.grades);
        println!("{score:.3} {} {:?}", judgement.kind, judgement.query);
        by_kind.entry(&judgement.kind).or_default().push(score);
        ours.push(score);
        plain.push(ndcg(
            &ask(&world, PLAIN, &judgement.query).await,
            &judgement.grades,
        ));
        trigrams.push(ndcg(
            &ask(&world, TRIGRAMS, &judgement.query).await,
            &judgement.grades,
        ));
    }
    for (kind, scores) in &by_kind {
        println!("{:.3} {kind} ({})", mean(scores), scores.len());
    }
    let (ours, plain, trigrams) = (mean(&ours), mean(&plain), mean(&trigrams));
    println!("NDCG@10: {ours:.3}; plain ts_rank {plain:.3}; plain trigrams {trigrams:.3}");
    assert!(ours >= FLOOR, "NDCG@10 is {ours:.3}");
    assert!(ours > plain + 0.1 && ours > trigrams + 0.1);
}

/// Full text as the manual shows it.
const PLAIN: &str = "SELECT skus FROM products WHERE to_tsvector('english', title || ' ' || description) @@ websearch_to_tsquery('english', $1) \
     ORDER BY ts_rank(to_tsvector('english', title || ' ' || description), websearch_to_tsquery('english', $1)) DESC, id DESC LIMIT 10";
/// Similarity to the title as the manual shows it.
const TRIGRAMS: &str = "SELECT skus FROM products WHERE $1 <% title ORDER BY word_similarity($1, title) DESC, id DESC LIMIT 10";

async fn ask(world: &World, sql: &'static str, query: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(query)
        .fetch_all(&world.pool)
        .await
        .unwrap()
}

async fn search(world: &World, query: &str) -> Vec<String> {
    let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let page = world
        .guest()
        .get(&format!("/api/products?q={query}&limit=10"))
        .expect(200)
        .await
        .value();
    let ids: Vec<String> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|product| product["id"].as_str().unwrap().to_owned())
        .collect();
    sqlx::query_scalar(
        "SELECT p.skus FROM unnest($1::text[]) WITH ORDINALITY AS found (id, n) JOIN products p ON p.id = found.id::uuid ORDER BY n",
    )
    .bind(ids)
    .fetch_all(&world.pool)
    .await
    .unwrap()
}

async fn stock_the_shop(world: &World) {
    let products: Vec<Product> =
        serde_json::from_str(include_str!("relevance/products.json")).unwrap();
    let admin = world.person(Role::Admin).client;
    let mut categories: BTreeMap<String, Value> = BTreeMap::new();
    for product in &products {
        let mut parent = Value::Null;
        let mut path = String::new();
        for name in product.category.split(" > ") {
            path = format!("{path} > {name}");
            if !categories.contains_key(&path) {
                let slug = format!("c-{}", categories.len());
                let body = json!({"name": name, "slug": slug, "parent_id": parent});
                let made = admin.post("/api/categories").json(&body).expect(201).await;
                categories.insert(path.clone(), made.value()["id"].clone());
            }
            parent = categories[&path].clone();
        }
        world
            .product_of(&json!({"title": product.title, "description": product.description, "sku": product.sku, "stock": 5,
                "price": {"amount": product.price, "currency": "EUR"}, "category_id": parent, "attributes": product.attributes,
                "status": "active"}))
            .await;
    }
    for product in &products {
        sqlx::query("UPDATE products SET sold_count = $2 WHERE skus = $1")
            .bind(&product.sku)
            .bind(product.sold)
            .execute(&world.pool)
            .await
            .unwrap();
    }
    world.app.keep_up_search().await.unwrap();
}

/// Gains of what was found, the later the less, by what the best order would have gained.
fn ndcg(found: &[String], grades: &BTreeMap<String, i32>) -> f64 {
    let gain = |grades: &[i32]| -> f64 {
        (2..)
            .zip(grades.iter().take(10))
            .map(|(place, grade)| (f64::from(*grade).exp2() - 1.0) / f64::from(place).log2())
            .sum()
    };
    let got: Vec<i32> = found
        .iter()
        .map(|sku| grades.get(sku).copied().unwrap_or(0))
        .collect();
    let mut best: Vec<i32> = grades.values().copied().collect();
    best.sort_unstable_by(|a, b| b.cmp(a));
    gain(&got) / gain(&best)
}

fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / f64::from(u32::try_from(scores.len()).unwrap())
}
