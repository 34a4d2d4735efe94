//! What people see of their devices, and what they are told.

use std::time::Duration;

use auth_token::{DenyList, JwksSource, User, Verifier};
use axum::Router;
use axum::routing::get;
use primitives::Timestamp;
use serde_json::{Value, json};
use testkit::env;
use tokio_util::sync::CancellationToken;

use crate::support::{PASSWORD, TestApp, app};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";
const NEWER_FIREFOX: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

async fn login_from(app: &TestApp, email: &str, agent: &str, address: &str) -> Value {
    app.client()
        .post("/api/auth/login")
        .header("user-agent", agent)
        .header("x-real-ip", address)
        .json(&json!({"email": email, "password": PASSWORD}))
        .expect(200)
        .await
        .value()
}

async fn verify_email(app: &TestApp, email: &str) {
    let token = app.mailed_token(email, "verify_email").await;
    let _ = app
        .client()
        .post("/api/auth/email/verify")
        .json(&json!({"token": token}))
        .expect(204)
        .await;
}

#[tokio::test]
async fn a_sign_in_from_a_new_device_is_mailed() {
    let app = app().await;
    let email = "anna@example.com";
    app.register(email).await;
    verify_email(&app, email).await;
    // The one she registered with is no news, and is not the second time either.
    app.login(email, PASSWORD).await;
    assert!(app.mails(email, "new_device").await.is_empty());

    login_from(&app, email, FIREFOX, "192.0.2.7").await;
    let mails = app.mails(email, "new_device").await;
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (&mails[0]["device"], &mails[0]["ip"], &mails[0]["name"]),
        (
            &json!("Firefox on Linux"),
            &json!("192.0.2.7"),
            &json!("Anna Schmidt")
        )
    );
    // An update, or another address of the same provider, is the same device.
    login_from(&app, email, FIREFOX, "192.0.2.7").await;
    login_from(&app, email, NEWER_FIREFOX, "192.0.99.1").await;
    assert_eq!(app.mails(email, "new_device").await.len(), 1);
    // Another network is not.
    login_from(&app, email, FIREFOX, "198.51.100.1").await;
    assert_eq!(app.mails(email, "new_device").await.len(), 2);
}

#[tokio::test]
async fn an_address_that_is_not_verified_hears_nothing() {
    let app = app().await;
    app.register("anna@example.com").await;
    login_from(&app, "anna@example.com", FIREFOX, "192.0.2.7").await;
    assert!(app.mails("anna@example.com", "new_device").await.is_empty());
    // It was remembered all the same.
    verify_email(&app, "anna@example.com").await;
    login_from(&app, "anna@example.com", FIREFOX, "192.0.2.7").await;
    assert!(app.mails("anna@example.com", "new_device").await.is_empty());
}

#[tokio::test]
async fn sessions_show_the_device_and_when_any_service_saw_it() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let phone = login_from(&app, "anna@example.com", FIREFOX, "192.0.2.7").await;
    let sessions = async || {
        let list = anna.client.get("/api/auth/sessions").expect(200).await;
        let list = list.value()["data"].as_array().unwrap().clone();
        let (current, mut others): (Vec<Value>, Vec<Value>) = list
            .into_iter()
            .partition(|session| session["current"] == true);
        assert_eq!((current.len(), others.len()), (1, 1));
        (current[0].clone(), others.remove(0))
    };
    let (current, other) = sessions().await;
    assert_eq!(
        (&current["device"], &current["ip"]),
        (&json!("Unknown device"), &json!("127.0.0.1"))
    );
    assert_eq!(
        (&other["device"], &other["ip"], &other["last_seen_at"]),
        (
            &json!("Firefox on Linux"),
            &json!("192.0.2.7"),
            &other["last_used_at"]
        )
    );

    // Another service sees the phone, in another network, and says so when it ends at the latest.
    app.later(120);
    let jwks = app
        .client()
        .get("/api/auth/.well-known/jwks.json")
        .expect(200)
        .await
        .json();
    let verifier = Verifier::new(
        JwksSource::fixed(jwks),
        DenyList::default(),
        app.clock.clone(),
    );
    let shop = Router::new()
        .route("/", get(|_: User| async {}))
        .with_state(verifier.clone());
    let shop = http_kit::public(shop, http_kit::Limits::default());
    let shop = testkit::serve(shop).await;
    let _ = shop
        .client()
        .with_bearer(phone["tokens"]["access_token"].as_str().unwrap())
        .with_header("x-real-ip", "198.51.100.1")
        .get("/")
        .expect(200)
        .await;
    let stop = CancellationToken::new();
    stop.cancel();
    verifier.run(env::var("REDIS_URL").into(), stop).await;
    let (_, other) = sessions().await;
    assert_eq!(other["ip"], "198.51.100.1");
    let at = |field: &str| serde_json::from_value::<Timestamp>(other[field].clone()).unwrap();
    let later = at("last_seen_at").since(at("last_used_at"));
    // In whole seconds there.
    assert!(later > Duration::from_secs(118) && later <= Duration::from_secs(120));

    // An ended session leaves no trace in Redis.
    let path = format!("/api/auth/sessions/{}", other["id"].as_str().unwrap());
    let _ = anna.client.delete(&path).expect(204).await;
    let client = redis::Client::open(env::var("REDIS_URL")).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let id = serde_json::from_value(other["id"].clone()).unwrap();
    let seen = auth_token::activity::last_seen(&mut redis, &[id])
        .await
        .unwrap();
    assert!(seen.is_empty());
}
