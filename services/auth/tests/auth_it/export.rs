//! What a user takes along; order, product and admin are stand-ins here, the real ones in e2e.

use std::sync::{Arc, OnceLock};

use auth_token::ServiceKeys;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::HashMap;

use crate::support::{app, app_with};

const PATH: &str = "/api/users/me/export";
/// Where other services are asked.
pub(crate) const ROUTE: &str = "/internal/users/{id}/export";

/// The keys that it checks callers with; the app makes them.
pub(crate) type Keys = Arc<OnceLock<ServiceKeys>>;

/// Order's side: three pages of orders, for auth in the user's name alone.
pub(crate) async fn orders(
    State(keys): State<Keys>,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<axum::Json<Value>, StatusCode> {
    let token = headers["authorization"].to_str().unwrap();
    let token = token.strip_prefix("Bearer ").unwrap();
    let service = keys.get().unwrap().verify(token).unwrap();
    let user = service.user().unwrap().user_id.to_string();
    if (service.caller.as_str(), &user) != ("auth", &id) {
        return Err(StatusCode::FORBIDDEN);
    }
    let page: u32 = query.get("cursor").map_or(0, |page| page.parse().unwrap());
    let mut sections = json!({"orders": [{"number": 2 * page}, {"number": 2 * page + 1}]});
    if page == 0 {
        sections["carts"] = json!([]);
    }
    let next = (page < 2).then(|| (page + 1).to_string());
    Ok(axum::Json(
        json!({"sections": sections, "next_cursor": next}),
    ))
}

pub(crate) async fn catalogue() -> axum::Json<Value> {
    axum::Json(json!({"sections": {"reviews": [{"rating": 5}]}, "next_cursor": null}))
}

async fn conversations() -> axum::Json<Value> {
    axum::Json(json!({"sections": {"conversations": [{"subject": "Late"}]}, "next_cursor": null}))
}

async fn broken(query: Query<HashMap<String, String>>) -> Result<axum::Json<Value>, StatusCode> {
    if query.contains_key("cursor") {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Ok(axum::Json(
        json!({"sections": {"orders": []}, "next_cursor": "1"}),
    ))
}

#[tokio::test]
async fn all_that_is_known_comes_in_one_document_without_secrets() {
    let keys = Keys::default();
    let order = testkit::serve(
        Router::new()
            .route(ROUTE, get(orders))
            .with_state(keys.clone()),
    )
    .await;
    let product = testkit::serve(Router::new().route(ROUTE, get(catalogue))).await;
    let admin = testkit::serve(Router::new().route(ROUTE, get(conversations))).await;
    let app = app_with(|settings| {
        settings.order_internal_url = order.url();
        settings.product_internal_url = product.url();
        settings.common.admin_internal_url = admin.url();
    })
    .await;
    keys.set(app.order.clone()).ok().unwrap();
    let anna = app.register("anna@example.com").await;
    app.register("bert@example.com").await;
    let address =
        json!({"name": "Anna", "line1": "B", "city": "C", "postal_code": "10969", "country": "DE"});
    let _ = anna
        .client
        .post("/api/users/me/addresses")
        .json(&address)
        .expect(201)
        .await;

    let answer = anna.client.get(PATH).expect(200).await;
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"my-data.json\""
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let text = answer.text();
    for secret in ["bert@", "hash", "$argon2", &anna.refresh, &anna.access] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let document = answer.value();
    assert_eq!(document["account"]["email"], "anna@example.com");
    assert_eq!(document["addresses"][0]["postal_code"], "10969");
    assert_eq!(document["sessions"].as_array().unwrap().len(), 1);
    let numbers: Vec<&Value> = document["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| &order["number"])
        .collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    assert_eq!(document["carts"], json!([]));
    assert_eq!(document["reviews"], json!([{"rating": 5}]));
    assert_eq!(document["conversations"], json!([{"subject": "Late"}]));

    app.later(301);
    anna.client
        .get(PATH)
        .send()
        .await
        .problem(401, "insufficient_user_authentication");
}

#[tokio::test]
async fn there_is_never_half_an_export() {
    let away = app().await;
    let anna = away.register("anna@example.com").await;
    anna.client
        .get(PATH)
        .send()
        .await
        .problem(503, "unavailable");

    // The second page fails.
    let peer = testkit::serve(Router::new().route(ROUTE, get(broken))).await;
    let app = app_with(|settings| {
        settings.order_internal_url = peer.url();
        settings.product_internal_url = peer.url();
        settings.common.admin_internal_url = peer.url();
    })
    .await;
    let anna = app.register("anna@example.com").await;
    anna.client
        .get(PATH)
        .send()
        .await
        .problem(503, "unavailable");
}
