//! nginx's micro-cache: what it keeps, for whom, and what it gives while something is away.

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use testkit::eventually;

use crate::edge::{Edge, Settings};
use crate::shop::Shop;
use crate::stack::client;

const PUBLIC: &str = "public, max-age=1, stale-while-revalidate=5";

/// What nginx says of its cache, and the request that the service answered.
async fn ask(request: RequestBuilder) -> (String, String) {
    told(request.send().await.unwrap()).await
}

async fn told(response: Response) -> (String, String) {
    let cache = response.headers().get("x-cache");
    let cache = cache.map(|value| value.to_str().unwrap().to_owned());
    let body: Value = response.json().await.unwrap();
    let answered = body["headers"]["x-request-id"].as_str().unwrap_or_default();
    (cache.unwrap_or_default(), answered.to_owned())
}

fn get(edge: &Edge, path: &str) -> RequestBuilder {
    client()
        .get(format!("{}{path}", edge.http))
        .header("x-answer-caching", PUBLIC)
}

#[tokio::test]
async fn what_anybody_may_read_is_kept_and_nothing_else() {
    let edge = Edge::start(Settings::default()).await;
    for path in [
        "/api/products?q=lamp",
        "/api/products/lamp",
        "/api/products/lamp/reviews",
        "/api/categories",
    ] {
        let first = ask(get(&edge, path)).await;
        assert_eq!(first.0, "MISS", "{path}");
        let second = ask(get(&edge, path)).await;
        assert!(
            ["HIT", "UPDATING", "STALE"].contains(&&*second.0),
            "{path} {}",
            second.0
        );
        assert_eq!(second.1, first.1, "{path}");
        for (name, value) in [("authorization", "Bearer x"), ("x-cart-token", "x")] {
            let own = ask(get(&edge, path).header(name, value)).await;
            assert_eq!(own.0, "BYPASS", "{path} {name}");
            assert_ne!(own.1, first.1);
        }
    }
    // Whoever asked with a name has left nothing.
    let path = "/api/products/own";
    let own = ask(get(&edge, path).header("authorization", "Bearer x")).await;
    let other = ask(get(&edge, path)).await;
    assert_eq!(other.0, "MISS");
    assert_ne!(own.1, other.1);

    let unsaid = || client().get(format!("{}/api/products/unsaid", edge.http));
    let private = || unsaid().header("x-answer-caching", "private, no-cache");
    let missing = || unsaid().header("x-answer", "404");
    let post = || {
        client()
            .post(format!("{}/api/products", edge.http))
            .header("x-answer-caching", PUBLIC)
    };
    for request in [
        &unsaid as &dyn Fn() -> RequestBuilder,
        &private,
        &missing,
        &post,
    ] {
        let (first, second) = (ask(request()).await, ask(request()).await);
        assert_ne!(first.1, second.1, "{first:?} {second:?}");
    }
    for path in [
        "/api/orders",
        "/api/wishlist/x",
        "/api/reviews/x",
        "/api/users",
    ] {
        assert_eq!(ask(get(&edge, path)).await.0, "", "{path}");
    }
}

#[tokio::test]
async fn an_answer_is_renewed_and_outlives_the_service() {
    let mut edge = Edge::start(Settings::default()).await;
    let path = "/api/products/lamp";
    let first = ask(get(&edge, path)).await;
    // An old answer is given while a new one is fetched.
    eventually("a new answer", async || {
        let next = ask(get(&edge, path)).await;
        (next.1 != first.1).then_some(())
    })
    .await;
    edge.without_services();
    for _ in 0..3 {
        let kept = get(&edge, path).send().await.unwrap();
        assert_eq!(kept.status(), 200);
    }
}

#[tokio::test]
async fn who_writes_reads_it_at_once_through_nginx_and_guests_soon() {
    let shop = Shop::open();
    let admin = shop.admin().await;
    let body = json!({"title": "Micro-cached", "description": "", "sku": format!("MC-{}", crate::shop::unique()), "stock": 1,
        "price": {"amount": 100, "currency": "EUR"}, "status": "active"});
    let insider = shop.client.clone().with_bearer(&admin.token);
    let made = insider
        .post("/api/products")
        .json(&body)
        .expect(201)
        .await
        .value();
    let path = format!("/api/products/{}", made["id"].as_str().unwrap());
    let stock = format!("{path}/stock");
    let available = |answer: &Value| answer["variants"][0]["available"].as_i64();
    for units in 2..6 {
        let _ = shop.client.get(&path).expect(200).await;
        let set = json!({ "set": units });
        let _ = insider.put(&stock).json(&set).expect(200).await;
        let own = insider.get(&path).expect(200).await;
        assert_eq!(own.header("x-cache"), "BYPASS");
        assert_eq!(own.header("cache-control"), "private, no-cache");
        assert_eq!(available(&own.value()), Some(units));
        eventually("a guest sees it", async || {
            let seen = shop.client.get(&path).expect(200).await;
            assert_ne!(seen.header("x-cache"), "BYPASS");
            (available(&seen.value()) == Some(units)).then_some(())
        })
        .await;
    }
}
