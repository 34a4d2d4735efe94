//! Who may do what: every operation of the OpenAPI document has a case here.

use auth_token::Role;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::http::{Answer, Client};

use crate::world::World;

/// Who may use an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    Anybody,
    SignedIn,
    Sellers,
    Staff,
    SellersAndStaff,
    Admins,
}

use For::{Admins, Anybody, Sellers, SellersAndStaff, SignedIn, Staff};

const CASES: &[(&str, &str, For)] = &[
    ("get", "/api/products", Anybody),
    ("post", "/api/products", Sellers),
    ("get", "/api/products/suggest", Anybody),
    ("get", "/api/products/{id}", Anybody),
    ("put", "/api/products/{id}", Sellers),
    ("delete", "/api/products/{id}", Sellers),
    ("post", "/api/products/{id}/submit", Sellers),
    ("post", "/api/products/{id}/approve", Admins),
    ("post", "/api/products/{id}/reject", Admins),
    ("get", "/api/products/{id}/stock", SellersAndStaff),
    ("get", "/api/products/export", Sellers),
    ("post", "/api/products/import", Sellers),
    ("get", "/api/products/imports", Sellers),
    ("get", "/api/products/imports/{id}", Sellers),
    ("get", "/api/products/imports/{id}/errors", Sellers),
    ("post", "/api/products/imports/{id}/retry", Sellers),
    ("post", "/api/products/imports/{id}/cancel", Sellers),
    ("put", "/api/products/{id}/stock", Sellers),
    ("get", "/api/products/{id}/stock/movements", SellersAndStaff),
    ("put", "/api/products/{id}/stock/terms", Sellers),
    ("get", "/api/inventory/locations", SellersAndStaff),
    ("post", "/api/inventory/locations", Admins),
    ("put", "/api/inventory/locations/{id}", Admins),
    ("post", "/api/inventory/transfers", Sellers),
    ("post", "/api/inventory/stock-takes", Sellers),
    ("post", "/api/products/{id}/images", Sellers),
    ("put", "/api/products/{id}/images", Sellers),
    ("put", "/api/products/{id}/images/{image_id}", Sellers),
    ("delete", "/api/products/{id}/images/{image_id}", Sellers),
    ("get", "/api/products/recommended", Anybody),
    ("get", "/api/products/{id}/recommendations", Anybody),
    ("get", "/api/products/{id}/reviews", Anybody),
    ("post", "/api/products/{id}/reviews", SignedIn),
    ("get", "/api/reviews", SignedIn),
    ("get", "/api/reviews/{id}", Anybody),
    ("put", "/api/reviews/{id}", SignedIn),
    ("delete", "/api/reviews/{id}", SignedIn),
    ("post", "/api/reviews/{id}/hide", Staff),
    ("post", "/api/reviews/{id}/publish", Staff),
    ("put", "/api/reviews/{id}/reply", SellersAndStaff),
    ("delete", "/api/reviews/{id}/reply", SellersAndStaff),
    ("put", "/api/reviews/{id}/helpful", SignedIn),
    ("delete", "/api/reviews/{id}/helpful", SignedIn),
    ("get", "/api/wishlist", SignedIn),
    ("put", "/api/wishlist/{product_id}", SignedIn),
    ("delete", "/api/wishlist/{product_id}", SignedIn),
    ("get", "/api/wishlist/settings", SignedIn),
    ("put", "/api/wishlist/settings", SignedIn),
    ("get", "/api/wishlist/share", SignedIn),
    ("post", "/api/wishlist/share", SignedIn),
    ("delete", "/api/wishlist/share", SignedIn),
    ("get", "/api/wishlist/shared/{token}", Anybody),
    ("post", "/api/wishlist/unsubscribe", Anybody),
    ("get", "/api/categories", Anybody),
    ("post", "/api/categories", Admins),
    ("get", "/api/categories/{id}", Anybody),
    ("put", "/api/categories/{id}", Admins),
    ("delete", "/api/categories/{id}", Admins),
    ("put", "/api/categories/{id}/image", Admins),
    ("delete", "/api/categories/{id}/image", Admins),
    ("get", "/api/categories/{id}/attributes", Anybody),
    ("put", "/api/categories/{id}/attributes", Admins),
];

fn operations() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut operations = Vec::new();
    for (path, methods) in paths {
        operations.extend(
            methods
                .as_object()
                .unwrap()
                .keys()
                .map(|method| (method.clone(), path.clone())),
        );
    }
    operations
}

async fn call(client: &Client, method: &str, path: &str, id: &str) -> Answer {
    let path = ["{id}", "{image_id}", "{product_id}", "{token}"]
        .iter()
        .fold(path.to_owned(), |path, name| path.replace(name, id));
    let method: Method = method.to_uppercase().parse().unwrap();
    let request = client.request(method.clone(), &path);
    if method == Method::GET {
        request.send().await
    } else {
        request.json(&json!({})).send().await
    }
}

fn refused(answer: &Answer) -> bool {
    answer.status == 401 || (answer.status == 403 && answer.value()["code"] == "forbidden")
}

#[tokio::test]
async fn every_operation_has_a_case_and_keeps_to_it() {
    for operation in operations() {
        let known = CASES.iter().any(|(method, path, _)| {
            (*method, *path) == (operation.0.as_str(), operation.1.as_str())
        });
        assert!(known, "{operation:?} has no authorisation case");
    }
    assert_eq!(operations().len(), CASES.len());
    let world = World::new().await;
    let [customer, seller, support, admin] =
        [Role::Customer, Role::Seller, Role::Support, Role::Admin].map(|role| world.person(role));
    let body = json!({"title": "T", "description": "", "sku": "T", "price": {"amount": 1, "currency": "EUR"}});
    for (number, (method, path, whose)) in CASES.iter().enumerate() {
        let mut body = body.clone();
        body["sku"] = json!(format!("T-{number}"));
        let product = seller
            .client
            .post("/api/products")
            .json(&body)
            .expect(201)
            .await
            .value();
        admin
            .client
            .post(&format!(
                "/api/products/{}/approve",
                product["id"].as_str().unwrap()
            ))
            .expect(200)
            .await;
        let id = product["id"].as_str().unwrap();
        let forged = world.guest().with_bearer("eyJhbGciOiJub25lIn0.e30.");
        assert_eq!(
            call(&world.guest(), method, path, id).await.status == 401,
            *whose != Anybody,
            "{method} {path} as a guest"
        );
        // What never asks who calls does not read tokens either.
        let reads_tokens = !path.starts_with("/api/categories")
            && !matches!(
                *path,
                "/api/wishlist/shared/{token}" | "/api/wishlist/unsubscribe"
            );
        if reads_tokens || *whose != Anybody {
            assert_eq!(
                call(&forged, method, path, id).await.status,
                401,
                "{method} {path} with a forged token"
            );
        }
        // The least allowed come first, because the last may delete it.
        for (person, allowed) in [
            (&customer, matches!(whose, Anybody | SignedIn)),
            (
                &support,
                matches!(whose, Anybody | SignedIn | Staff | SellersAndStaff),
            ),
            (&seller, !matches!(whose, Admins | Staff)),
            (&admin, true),
        ] {
            let answer = call(&person.client, method, path, id).await;
            assert_eq!(
                !refused(&answer),
                allowed,
                "{method} {path}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn another_sellers_product_is_out_of_reach() {
    let world = World::new().await;
    let (owner, stranger, admin) = (
        world.person(Role::Seller),
        world.person(Role::Seller),
        world.person(Role::Admin),
    );
    let body = json!({"title": "Mine", "description": "", "sku": "MINE", "stock": 3, "price": {"amount": 1, "currency": "EUR"}});
    let product = owner
        .client
        .post("/api/products")
        .json(&body)
        .expect(201)
        .await
        .value();
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    let attempts = [
        ("PUT", path.clone(), body.clone()),
        ("DELETE", path.clone(), json!({})),
        ("POST", format!("{path}/submit"), json!({})),
        ("PUT", format!("{path}/stock"), json!({"set": 0})),
        ("GET", format!("{path}/stock"), json!({})),
        ("GET", format!("{path}/stock/movements"), json!({})),
        (
            "PUT",
            format!("{path}/stock/terms"),
            json!({"low_stock_threshold": 1}),
        ),
        ("POST", format!("{path}/images"), json!({})),
        ("PUT", format!("{path}/images"), json!({"ids": []})),
        (
            "PUT",
            format!("{path}/images/{}", product["id"].as_str().unwrap()),
            json!({"alt": ""}),
        ),
        (
            "DELETE",
            format!("{path}/images/{}", product["id"].as_str().unwrap()),
            json!({}),
        ),
    ];
    for status in [404, 403] {
        for (method, path, body) in &attempts {
            let answer = stranger
                .client
                .request(method.parse().unwrap(), path)
                .header("if-match", "*")
                .json(body)
                .send()
                .await;
            assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        }
        // A private thing does not exist for strangers; a public one is only not theirs.
        admin
            .client
            .post(&format!("{path}/approve"))
            .expect(200)
            .await;
    }
    assert_eq!(
        owner.client.get(&path).expect(200).await.value()["title"],
        "Mine"
    );
}

#[tokio::test]
async fn the_internal_api_is_for_services() {
    let world = World::new().await;
    let product = world.product("A", 1, 1).await;
    let id = product["id"].as_str().unwrap();
    let order = world.order_id();
    let paths = [
        "/internal/reservations".to_owned(),
        format!("/internal/reservations/{order}/release"),
        format!("/internal/reservations/{order}/commit"),
        "/internal/variants/lookup".to_owned(),
        format!("/internal/api/products/{id}/approve"),
        format!("/internal/api/products/{id}/reject"),
    ];
    let client = Client::new(world.internal_url());
    for path in &paths {
        client
            .post(path)
            .json(&json!({}))
            .send()
            .await
            .problem(401, "unauthenticated");
        client
            .post(path)
            .bearer(&world.service_token("auth", None))
            .json(&json!({}))
            .send()
            .await
            .problem(401, "unauthenticated");
        world
            .guest()
            .post(path)
            .json(&json!({}))
            .send()
            .await
            .problem(404, "not_found");
    }
    for path in &paths[4..] {
        for (role, status) in [
            (None, 403),
            (Some(Role::Seller), 403),
            (Some(Role::Support), 403),
            (Some(Role::Admin), 200),
        ] {
            let answer = client
                .post(path)
                .bearer(&world.service_token("product", role))
                .json(&json!({"reason": "Why"}))
                .send()
                .await;
            assert_eq!(answer.status, status, "{path} {role:?}: {}", answer.text());
        }
    }
}

/// What staff do is there for services that call in their name, and for nobody else: neither a user with a token of their own, nor a
/// service in its own name or in that of somebody who is not staff. What only customers do is not there at all.
#[tokio::test]
async fn staff_acts_are_there_in_a_staff_members_name_alone() {
    let world = World::new().await;
    let product = world.product("A", 1, 1).await;
    let id = product["id"].as_str().unwrap();
    let client = Client::new(world.internal_url());
    let admin = client
        .clone()
        .with_bearer(&world.service_token("product", Some(Role::Admin)));
    let bad = [None, Some(Role::Customer), Some(Role::Seller)].map(|role| {
        client
            .clone()
            .with_bearer(&world.service_token("product", role))
    });
    let mut found = 0;
    for (method, path, whose) in CASES {
        let path = format!("/internal{path}");
        let answer = call(&client, method, &path, id).await;
        if answer.status == 404 {
            assert_ne!(*whose, Admins, "{method} {path} is missing");
            continue;
        }
        found += 1;
        assert_eq!(answer.status, 401, "{method} {path}");
        let own = client.clone().with_bearer(&world.token(Role::Admin));
        assert_eq!(
            call(&own, method, &path, id).await.status,
            401,
            "{method} {path}"
        );
        for client in &bad {
            let answer = call(client, method, &path, id).await;
            answer.problem(403, "forbidden");
        }
        let answer = call(&admin, method, &path, id).await;
        assert!(!refused(&answer), "{method} {path}: {}", answer.text());
    }
    assert!(found > 30, "{found}");
}

/// The same handler: versions, keys and the trail are as with a token of one's own.
#[tokio::test]
async fn in_a_staff_members_name_versions_and_keys_hold() {
    let world = World::new().await;
    let product = world.product("A", 1, 5).await;
    let stock = format!(
        "/internal/api/products/{}/stock",
        product["id"].as_str().unwrap()
    );
    let admin = Client::new(world.internal_url())
        .with_bearer(&world.service_token("product", Some(Role::Admin)));
    let set = |version: &str, key: &str| {
        admin
            .put(&stock)
            .header("if-match", version)
            .header("idempotency-key", key)
            .json(&json!({"set": 7}))
    };
    set("\"99\"", "k")
        .send()
        .await
        .problem(412, "stale_version");
    let version = format!("\"{}\"", product["version"]);
    let first = set(&version, "k").expect(200).await;
    let again = set(&version, "k").expect(200).await;
    assert_eq!(first.value(), again.value());
    set(&version, "other")
        .send()
        .await
        .problem(412, "stale_version");
    let support = Client::new(world.internal_url())
        .with_bearer(&world.service_token("product", Some(Role::Support)));
    support
        .put(&stock)
        .json(&json!({"set": 7}))
        .send()
        .await
        .problem(403, "forbidden");
}
