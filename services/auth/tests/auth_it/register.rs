use serde_json::json;

use crate::support::{PASSWORD, app, fields};

#[tokio::test]
async fn registering_signs_in_and_tells_the_others() {
    let app = app().await;
    let body = json!({"email": " Anna@Example.com", "password": PASSWORD, "name": "Anna Schmidt"});
    let answer = app
        .client()
        .post("/api/auth/register")
        .json(&body)
        .expect(201)
        .await
        .value();
    let user = &answer["user"];
    assert_eq!(user["email"], "anna@example.com");
    assert_eq!(
        (&user["email_verified"], &user["name"], &user["role"]),
        (&json!(false), &json!("Anna Schmidt"), &json!("customer"))
    );
    assert_eq!(user.as_object().unwrap().len(), 6, "{user}");
    let tokens = &answer["tokens"];
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("Bearer"), &json!(600))
    );
    assert_eq!(tokens.as_object().unwrap().len(), 4, "{tokens}");

    let anna = app.signed_in(&answer);
    assert_eq!(
        &anna.client.get("/api/users/me").expect(200).await.value(),
        user
    );

    let events = app.events("user.registered").await;
    assert_eq!(
        events,
        [
            json!({"user_id": anna.id, "email": "anna@example.com", "name": "Anna Schmidt", "role": "customer", "email_verified": false})
        ]
    );
    let mails = app.mails("anna@example.com", "verify_email").await;
    assert!(
        mails[0]["url"]
            .as_str()
            .unwrap()
            .starts_with("https://shop.example/verify-email?token="),
        "{mails:?}"
    );
}

#[tokio::test]
async fn every_bad_field_is_told_at_once() {
    let app = app().await;
    let register =
        |body: serde_json::Value| app.client().post("/api/auth/register").json(&body).send();
    let bad =
        register(json!({"email": "anna", "password": "short", "name": " ", "role": "admin"})).await;
    let problem = bad.problem(422, "validation_failed");
    assert_eq!(
        fields(&problem),
        ["email", "name", "password", "role"],
        "{problem}"
    );
    assert!(
        !problem.to_string().contains("short"),
        "a password is never told back"
    );
    assert_eq!(
        fields(&register(json!({})).await.problem(422, "validation_failed")),
        ["email", "name", "password"]
    );
    let like = register(
        json!({"email": "anna.schmidt@example.com", "password": "Anna.Schmidt", "name": "Anna"}),
    )
    .await;
    assert_eq!(
        fields(&like.problem(422, "validation_failed")),
        ["password"]
    );
    let common =
        register(json!({"email": "anna@example.com", "password": "Password1", "name": "Anna"}))
            .await;
    assert_eq!(
        fields(&common.problem(422, "validation_failed")),
        ["password"]
    );
}

#[tokio::test]
async fn what_is_not_json_is_told_apart() {
    let app = app().await;
    let post = || app.client().post("/api/auth/register");
    post()
        .header("content-type", "application/json")
        .body("{")
        .send()
        .await
        .problem(400, "malformed_json");
    post()
        .header("content-type", "text/plain")
        .body("{}")
        .send()
        .await
        .problem(415, "unsupported_media_type");
    post()
        .json(&json!({"name": "x".repeat(100_000)}))
        .send()
        .await
        .problem(413, "payload_too_large");
    app.client()
        .get("/api/auth/register")
        .send()
        .await
        .problem(405, "method_not_allowed");
    app.client()
        .get("/api/auth/nothing")
        .send()
        .await
        .problem(404, "not_found");
}
