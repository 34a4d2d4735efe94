//! Keys for programs: made, used, revoked; and what they never open.

use std::time::Duration;

use auth_token::{
    Area, DenyList, Exchange, InternalClient, JwksSource, Role, Scope, TokenError, Verifier,
};
use primitives::Clock;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::env;
use testkit::http::Client;
use tokio_util::sync::CancellationToken;

use crate::support::{SignedIn, TestApp, app, fields};

const KEYS: &str = "/api/users/me/api-keys";

async fn key(owner: &SignedIn, scopes: &[&str]) -> Value {
    let body = json!({"name": "Stock sync", "scopes": scopes});
    owner
        .client
        .post(KEYS)
        .json(&body)
        .expect(201)
        .await
        .value()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn program(app: &TestApp, key: &Value) -> Client {
    app.client().with_bearer(text(&key["secret"]))
}

#[tokio::test]
async fn a_key_is_shown_once_used_and_revoked() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let made = key(&anna, &["account:read"]).await;
    let (secret, prefix) = (text(&made["secret"]), text(&made["prefix"]));
    assert!(secret.starts_with(prefix) && prefix.len() == 11 && secret.len() == 50);
    let mail = app.mails("anna@example.com", "api_key_created").await;
    assert_eq!(mail[0]["prefix"], prefix);
    assert_eq!(mail[0]["key_name"], "Stock sync");

    // Only its hash is known.
    let list = anna.client.get(KEYS).expect(200).await;
    assert!(!list.text().contains(secret));
    assert_eq!(list.value()["data"][0]["last_used_at"], Value::Null);
    assert_eq!(list.value()["data"][0]["scopes"], json!(["account:read"]));
    let root = app.root().await;
    let hash: Vec<u8> = sqlx::query_scalar("SELECT key_hash FROM api_keys")
        .fetch_one(&root)
        .await
        .unwrap();
    assert_eq!(hash, Sha256::digest(secret).to_vec());
    let row: String = sqlx::query_scalar("SELECT api_keys::text FROM api_keys")
        .fetch_one(&root)
        .await
        .unwrap();
    assert!(!row.contains(&secret[11..]));

    let program = program(&app, &made);
    for _ in 0..3 {
        let me = program.get("/api/users/me").expect(200).await.value();
        assert_eq!(me["id"], anna.id);
    }
    let used = async || {
        let list = anna.client.get(KEYS).expect(200).await.value();
        text(&list["data"][0]["last_used_at"]).to_owned()
    };
    let first = used().await;
    app.later(30);
    let service = app.service();
    let exchange = service.post("/internal/tokens/exchange");
    let body = json!({"token": secret});
    let answer = exchange.json(&body).expect(200).await.value();
    assert!(text(&answer["access_token"]).contains('.'));
    assert_eq!(used().await, first, "noted once a minute");

    let path = format!("{KEYS}/{}", text(&made["id"]));
    let bert = app.register("bert@example.com").await;
    bert.client
        .delete(&path)
        .send()
        .await
        .problem(404, "not_found");
    let _ = anna.client.delete(&path).expect(204).await;
    program
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    anna.client
        .delete(&path)
        .send()
        .await
        .problem(404, "not_found");
    let list = anna.client.get(KEYS).expect(200).await.value();
    assert!(list["data"][0]["revoked_at"].is_string());
}

#[tokio::test]
async fn a_key_does_what_its_scopes_allow_and_never_what_needs_a_person() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let name = json!({"name": "Anna S."});
    for (scopes, reads, writes) in [
        (&["account:read"][..], true, false),
        (&["account:write"], true, true),
        (
            &[
                "catalogue:read",
                "catalogue:write",
                "orders:read",
                "orders:write",
            ],
            false,
            false,
        ),
    ] {
        let program = program(&app, &key(&anna, scopes).await);
        let status = |allowed| if allowed { 200 } else { 403 };
        let read = program.get("/api/users/me").send().await;
        let read = read.expect(status(reads));
        if !reads {
            assert_eq!(
                read.header("www-authenticate"),
                "Bearer error=\"insufficient_scope\", scope=\"account:read\""
            );
            read.problem(403, "insufficient_scope");
        }
        let put = program.put("/api/users/me").json(&name);
        let _ = put.expect(status(writes)).await;
    }

    let program = program(&app, &key(&anna, &["account:write"]).await);
    let id = "019f0000-0000-7000-8000-000000000000";
    for (method, path) in [
        ("POST", KEYS.to_owned()),
        ("GET", KEYS.to_owned()),
        ("DELETE", format!("{KEYS}/{id}")),
        ("GET", "/api/auth/sessions".to_owned()),
        ("DELETE", format!("/api/auth/sessions/{id}")),
        ("POST", "/api/auth/logout".to_owned()),
        ("POST", "/api/auth/logout-all".to_owned()),
        ("POST", "/api/auth/password/change".to_owned()),
    ] {
        let request = program.request(method.parse().unwrap(), &path);
        request
            .json(&json!({}))
            .send()
            .await
            .problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_key_ends_when_it_says() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let expires = app.clock.now() + Duration::from_secs(900);
    let body = json!({"name": "Short", "scopes": ["account:read"], "expires_at": expires});
    let made = anna.client.post(KEYS).json(&body).expect(201).await.value();
    let program = program(&app, &made);
    app.later(850);
    let _ = program.get("/api/users/me").expect(200).await;
    app.later(60);
    program
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_expired");
}

#[tokio::test]
async fn a_new_key_is_checked() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let past = app.clock.now() - Duration::from_secs(1);
    let make = async |body: Value| anna.client.post(KEYS).json(&body).send().await;
    let bad = make(json!({"name": "x", "scopes": [], "expires_at": past})).await;
    assert_eq!(
        fields(&bad.problem(422, "validation_failed")),
        ["expires_at", "scopes"]
    );
    for scopes in [json!(["everything"]), json!(["payments:refund"])] {
        let bad = make(json!({"name": "x", "scopes": scopes})).await;
        bad.problem(422, "validation_failed");
    }
    let staff = app.with_role("sue@example.com", "support").await;
    let _ = key(&staff, &["payments:refund"]).await;

    for _ in 0..25 {
        let _ = key(&anna, &["orders:read"]).await;
    }
    let one_more = make(json!({"name": "x", "scopes": ["orders:read"]})).await;
    one_more.problem(409, "too_many_api_keys");

    app.later(301);
    make(json!({"name": "x", "scopes": ["orders:read"]}))
        .await
        .problem(401, "insufficient_user_authentication");
}

#[tokio::test]
async fn what_changes_its_owner_changes_a_key_at_once() {
    let app = app().await;
    let anna = app.with_role("anna@example.com", "seller").await;
    let boss = app.with_role("boss@example.com", "admin").await;
    let made = key(&anna, &["account:read"]).await;
    let program = program(&app, &made);
    let seen = async || {
        let answer = program.get("/api/auth/verify").send().await;
        (answer.status, answer.value())
    };
    let user = format!("/api/users/{}", anna.id);
    let patch = async |body: Value| drop(boss.client.patch(&user).json(&body).expect(200).await);

    assert_eq!(seen().await.1["role"], "seller");
    app.later(2);
    patch(json!({"role": "customer"})).await;
    app.later(1);
    assert_eq!(seen().await.1["role"], "customer");

    // What a customer made does not become a key of staff.
    app.later(2);
    patch(json!({"role": "support"})).await;
    app.later(1);
    assert_eq!(seen().await.0, 401);

    let anna = app
        .login("anna@example.com", crate::support::PASSWORD)
        .await;
    let other = app
        .client()
        .with_bearer(text(&key(&anna, &["account:read"]).await["secret"]));
    let _ = other.get("/api/users/me").expect(200).await;
    patch(json!({"disabled": true})).await;
    other
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    patch(json!({"disabled": false})).await;
    app.later(20);
    other
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
}

#[tokio::test]
async fn another_service_takes_a_key_and_hears_of_its_end_within_a_second() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let made = key(&anna, &["orders:write"]).await;
    let secret = text(&made["secret"]);
    let (url, clock) = (app.internal_url(), Clock::system());
    let verifier = Verifier::new(
        JwksSource::url(format!("{url}/internal/jwks.json")).unwrap(),
        DenyList::default(),
        clock,
    );
    let auth = InternalClient::new("order", "auth", &url, app.order.clone()).unwrap();
    verifier.admit_programs(Area::Orders, Exchange::auth(auth));
    let stop = CancellationToken::new();
    tokio::spawn(
        verifier
            .clone()
            .run(env::var("REDIS_URL").into(), stop.clone()),
    );
    let principal = verifier.verify(secret).await.unwrap();
    assert_eq!(principal.user_id.to_string(), anna.id);
    assert_eq!(principal.role, Role::Customer);
    assert_eq!(principal.authenticated_at, None);
    let scopes = principal.scopes.unwrap();
    assert!(scopes.allow(Scope::OrdersRead) && !scopes.allow(Scope::AccountRead));

    let last = if secret.ends_with('x') { 'y' } else { 'x' };
    let typed = format!("{}{last}", &secret[..secret.len() - 1]);
    for unknown in ["mk_", "mk_nonsense", &typed, "a.eyJpc3MiOiJ4In0.c"] {
        assert_eq!(
            verifier.verify(unknown).await,
            Err(TokenError::Invalid),
            "{unknown}"
        );
    }

    let path = format!("{KEYS}/{}", text(&made["id"]));
    let _ = anna.client.delete(&path).expect(204).await;
    testkit::eventually_within(Duration::from_secs(1), "revoked elsewhere", async || {
        (verifier.verify(secret).await == Err(TokenError::Revoked)).then_some(())
    })
    .await;
    stop.cancel();
}
