use serde_json::json;

use crate::support::{PASSWORD, app};

#[tokio::test]
async fn signing_in_needs_the_right_password() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let again = app.login("Anna@example.com", PASSWORD).await;
    assert_eq!(again.id, anna.id);
    let wrong = json!({"email": "anna@example.com", "password": "wrong"});
    let wrong = app
        .client()
        .post("/api/auth/login")
        .json(&wrong)
        .send()
        .await
        .problem(401, "invalid_credentials");
    let unknown = json!({"email": "bert@example.com", "password": PASSWORD});
    let unknown = app
        .client()
        .post("/api/auth/login")
        .json(&unknown)
        .send()
        .await
        .problem(401, "invalid_credentials");
    assert_eq!(wrong["detail"], unknown["detail"]);
    app.client()
        .post("/api/auth/login")
        .json(&json!({"email": 1}))
        .send()
        .await
        .problem(422, "validation_failed");
}

#[tokio::test]
async fn nothing_keeps_tokens_and_what_is_personal() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let signing_in = json!({"email": "anna@example.com", "password": PASSWORD});
    let tokens = app.client().post("/api/auth/login").json(&signing_in);
    assert_eq!(tokens.expect(200).await.header("cache-control"), "no-store");
    let me = anna.client.get("/api/users/me").expect(200).await;
    assert_eq!(me.header("cache-control"), "no-store");
}

#[tokio::test]
async fn access_tokens_expire() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let claims = anna
        .client
        .get("/api/auth/verify")
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&claims["user_id"], &claims["role"]),
        (&json!(anna.id), &json!("customer"))
    );
    app.later(606);
    anna.client
        .get("/api/auth/verify")
        .send()
        .await
        .problem(401, "token_expired");
    app.client()
        .with_bearer("nonsense")
        .get("/api/auth/verify")
        .send()
        .await
        .problem(401, "unauthenticated");
    app.client()
        .get("/api/auth/verify")
        .send()
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn others_can_check_tokens_by_the_public_keys() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let answer = app
        .client()
        .get("/api/auth/.well-known/jwks.json")
        .expect(200)
        .await;
    assert!(answer.header("cache-control").contains("max-age"));
    let jwks: auth_token::Jwks = answer.json();
    assert_eq!(jwks.keys.len(), 1);
    assert_eq!(
        app.anonymous_service()
            .get("/internal/jwks.json")
            .expect(200)
            .await
            .json::<auth_token::Jwks>(),
        jwks
    );
    let source = auth_token::JwksSource::fixed(jwks);
    let elsewhere =
        auth_token::Verifier::new(source, auth_token::DenyList::default(), app.clock.clone());
    assert_eq!(
        elsewhere
            .verify(&anna.access)
            .await
            .unwrap()
            .user_id
            .to_string(),
        anna.id
    );
}

#[tokio::test]
async fn a_name_can_be_changed() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let me = anna
        .client
        .put("/api/users/me")
        .json(&json!({"name": "  Anna S. "}))
        .expect(200)
        .await
        .value();
    assert_eq!(me["name"], "Anna S.");
    let answer = anna.client.get("/api/users/me").expect(200).await;
    assert_eq!(answer.value(), me);
    let etag = answer.header("etag").to_owned();
    anna.client
        .get("/api/users/me")
        .header("if-none-match", &etag)
        .expect(304)
        .await;
    assert_eq!(app.events("user.updated").await[0]["name"], "Anna S.");
    anna.client
        .put("/api/users/me")
        .json(&json!({"name": "x", "role": "admin"}))
        .send()
        .await
        .problem(422, "validation_failed");
}
