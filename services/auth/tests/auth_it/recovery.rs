use serde_json::json;

use crate::support::{PASSWORD, app, fields};

const NEW: &str = "a wholly new password";

#[tokio::test]
async fn an_address_is_verified_by_its_mail() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let first = app.mailed_token("anna@example.com", "verify_email").await;
    let _ = anna.client.post("/api/auth/email/resend").expect(202).await;
    let second = app.mailed_token("anna@example.com", "verify_email").await;
    assert_ne!(first, second);

    let verify = |token: &str| {
        app.client()
            .post("/api/auth/email/verify")
            .json(&json!({"token": token}))
            .send()
    };
    verify("nonsense").await.problem(422, "invalid_token");
    let _ = verify(&first).await.expect(204);
    verify(&first).await.problem(422, "invalid_token");
    verify(&second).await.problem(422, "invalid_token");
    assert_eq!(
        anna.client.get("/api/users/me").expect(200).await.value()["email_verified"],
        true
    );
    assert_eq!(app.events("user.updated").await[0]["email_verified"], true);

    let _ = anna.client.post("/api/auth/email/resend").expect(202).await;
    assert_eq!(
        app.mails("anna@example.com", "verify_email").await.len(),
        2,
        "nothing to verify any more"
    );
}

#[tokio::test]
async fn links_expire() {
    let app = app().await;
    app.register("anna@example.com").await;
    let token = app.mailed_token("anna@example.com", "verify_email").await;
    app.later(4 * 24 * 3600);
    app.client()
        .post("/api/auth/email/verify")
        .json(&json!({"token": token}))
        .send()
        .await
        .problem(422, "invalid_token");

    let _ = app
        .client()
        .post("/api/auth/password/forgot")
        .json(&json!({"email": "anna@example.com"}))
        .expect(202)
        .await;
    let token = app.mailed_token("anna@example.com", "reset_password").await;
    app.later(31 * 60);
    let body = json!({"token": token, "password": NEW});
    app.client()
        .post("/api/auth/password/reset")
        .json(&body)
        .send()
        .await
        .problem(422, "invalid_token");
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_mail() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let forgot = |email: &str| {
        app.client()
            .post("/api/auth/password/forgot")
            .json(&json!({"email": email}))
            .send()
    };
    let unknown = forgot("nobody@example.com").await.expect(202);
    let known = forgot("anna@example.com").await.expect(202);
    assert_eq!(unknown.body, known.body);
    assert!(
        app.mails("nobody@example.com", "reset_password")
            .await
            .is_empty()
    );

    let token = app.mailed_token("anna@example.com", "reset_password").await;
    let reset = |password: &str| {
        app.client()
            .post("/api/auth/password/reset")
            .json(&json!({"token": token, "password": password}))
            .send()
    };
    assert_eq!(
        fields(&reset("short").await.problem(422, "validation_failed")),
        ["password"]
    );
    let verify = json!({"token": token});
    app.client()
        .post("/api/auth/email/verify")
        .json(&verify)
        .send()
        .await
        .problem(422, "invalid_token");
    let _ = reset(NEW).await.expect(204);
    reset(NEW).await.problem(422, "invalid_token");

    anna.client
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    let old = json!({"email": "anna@example.com", "password": PASSWORD});
    app.client()
        .post("/api/auth/login")
        .json(&old)
        .send()
        .await
        .problem(401, "invalid_credentials");
    let anna = app.login("anna@example.com", NEW).await;
    assert_eq!(
        anna.client.get("/api/users/me").expect(200).await.value()["email_verified"],
        true
    );
    assert_eq!(
        app.mails("anna@example.com", "password_changed")
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn who_knows_the_password_can_change_it() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let phone = app.login("anna@example.com", PASSWORD).await;
    let change = |current: &str, new: &str| {
        anna.client
            .post("/api/auth/password/change")
            .json(&json!({"current_password": current, "new_password": new}))
            .send()
    };
    change("wrong", NEW)
        .await
        .problem(401, "invalid_credentials");
    assert_eq!(
        fields(
            &change(PASSWORD, "short")
                .await
                .problem(422, "validation_failed")
        ),
        ["new_password"]
    );
    assert_eq!(
        fields(
            &change(PASSWORD, "anna@example.com")
                .await
                .problem(422, "validation_failed")
        ),
        ["new_password"]
    );
    let _ = change(PASSWORD, NEW).await.expect(204);

    let _ = anna.client.get("/api/users/me").expect(200).await;
    phone
        .client
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    app.login("anna@example.com", NEW).await;
    assert_eq!(
        app.mails("anna@example.com", "password_changed")
            .await
            .len(),
        1
    );
}
