use serde_json::json;
use testkit::http::Answer;

use crate::support::{PASSWORD, SignedIn, TestApp, app, fields};

const OLD: &str = "anna@example.com";
const NEW: &str = "anna@new.example";

async fn verified(app: &TestApp, email: &str) -> SignedIn {
    let user = app.register(email).await;
    let token = app.mailed_token(email, "verify_email").await;
    let verify = app.client().post("/api/auth/email/verify");
    let _ = verify.json(&json!({"token": token})).expect(204).await;
    app.login(&user_email(&user).await, PASSWORD).await
}

async fn user_email(user: &SignedIn) -> String {
    let me = user.client.get("/api/users/me").expect(200).await.value();
    me["email"].as_str().unwrap().to_owned()
}

async fn ask(user: &SignedIn, email: &str) -> Answer {
    let change = user.client.post("/api/auth/email/change");
    change.json(&json!({"new_email": email})).send().await
}

/// `approve` or `confirm`.
async fn follow(app: &TestApp, link: &str, token: &str) -> Answer {
    let path = format!("/api/auth/email/change/{link}");
    let follow = app.client().post(&path).json(&json!({"token": token}));
    follow.send().await
}

#[tokio::test]
async fn both_addresses_agree_to_a_change() {
    for first in ["approve", "confirm"] {
        let app = app().await;
        let anna = verified(&app, OLD).await;
        let _ = ask(&anna, "Anna@new.example").await.expect(202);
        let to_old = app.mails(OLD, "email_change_approve").await;
        assert_eq!(to_old[0]["new_email"], NEW);
        let url = to_old[0]["url"].as_str().unwrap();
        assert!(url.starts_with("https://shop.example/approve-email-change?token="));
        let url = app.mails(NEW, "email_change_confirm").await[0]["url"].to_string();
        assert!(url.contains("https://shop.example/confirm-email-change?token="));
        let approve = app.mailed_token(OLD, "email_change_approve").await;
        let confirm = app.mailed_token(NEW, "email_change_confirm").await;

        // Each link is for its own question.
        let swapped = follow(&app, "approve", &confirm).await;
        swapped.problem(422, "invalid_token");
        let swapped = follow(&app, "confirm", &approve).await;
        swapped.problem(422, "invalid_token");

        let links = match first {
            "approve" => [
                ("approve", &approve, "new_address"),
                ("confirm", &confirm, ""),
            ],
            _ => [
                ("confirm", &confirm, "old_address"),
                ("approve", &approve, ""),
            ],
        };
        let (link, token, missing) = links[0];
        let half = follow(&app, link, token).await.expect(202).value();
        assert_eq!(half, json!({"waiting_for": missing}));
        follow(&app, link, token)
            .await
            .problem(422, "invalid_token");
        assert_eq!(user_email(&anna).await, OLD);
        let events = app.events("user.updated").await.len();
        let (link, token, _) = links[1];
        let _ = follow(&app, link, token).await.expect(204);
        follow(&app, link, token)
            .await
            .problem(422, "invalid_token");

        // Tokens that say the old address are refused; the session goes on.
        let old = anna.client.get("/api/users/me").send().await;
        old.problem(401, "token_revoked");
        app.later(1);
        let refresh = json!({"refresh_token": anna.refresh});
        let refresh = app.client().post("/api/auth/refresh").json(&refresh);
        let tokens = refresh.expect(200).await.value();
        let access = tokens["tokens"]["access_token"].as_str().unwrap();
        let client = app.client().with_bearer(access);
        let me = client.get("/api/users/me").expect(200).await.value();
        assert_eq!(
            (&me["email"], &me["email_verified"]),
            (&json!(NEW), &json!(true))
        );

        assert_eq!(app.login(NEW, PASSWORD).await.id, anna.id);
        let login = json!({"email": OLD, "password": PASSWORD});
        let login = app.client().post("/api/auth/login").json(&login);
        login.send().await.problem(401, "invalid_credentials");
        let changed = app.mails(OLD, "email_changed").await;
        assert_eq!(changed, [json!({"name": "Anna Schmidt", "new_email": NEW})]);
        let updated = app.events("user.updated").await;
        assert_eq!(updated.len(), events + 1);
        assert_eq!(updated[events]["email"], NEW);
    }
}

#[tokio::test]
async fn an_address_that_was_never_verified_is_not_asked() {
    let app = app().await;
    let anna = app.register(OLD).await;
    let _ = ask(&anna, NEW).await.expect(202);
    assert!(app.mails(OLD, "email_change_approve").await.is_empty());
    let reset = json!({"email": OLD});
    let forgot = app.client().post("/api/auth/password/forgot").json(&reset);
    let _ = forgot.expect(202).await;
    let reset = app.mailed_token(OLD, "reset_password").await;
    let verify = app.mailed_token(OLD, "verify_email").await;
    let confirm = app.mailed_token(NEW, "email_change_confirm").await;
    let _ = follow(&app, "confirm", &confirm).await.expect(204);
    assert!(
        app.mails(OLD, "email_changed").await.is_empty(),
        "a stranger's"
    );
    assert_eq!(app.login(NEW, PASSWORD).await.id, anna.id);
    // Links that went to the old address are good for nothing.
    for (path, body) in [
        ("/api/auth/email/verify", json!({"token": verify})),
        (
            "/api/auth/password/reset",
            json!({"token": reset, "password": "three green lanterns"}),
        ),
    ] {
        let answer = app.client().post(path).json(&body).send().await;
        answer.problem(422, "invalid_token");
    }
}

#[tokio::test]
async fn somebody_elses_address_is_not_taken() {
    let app = app().await;
    verified(&app, NEW).await;
    let anna = verified(&app, OLD).await;
    let _ = ask(&anna, NEW).await.expect(202);
    assert!(app.mails(NEW, "email_change_confirm").await.is_empty());
    assert_eq!(app.mails(NEW, "account_exists").await.len(), 1);
    let approve = app.mailed_token(OLD, "email_change_approve").await;
    let answer = follow(&app, "approve", &approve).await.expect(202);
    assert_eq!(answer.value()["waiting_for"], "new_address");
    let own = ask(&anna, OLD).await.problem(422, "validation_failed");
    assert_eq!(fields(&own), ["new_email"]);
}

#[tokio::test]
async fn an_address_that_is_verified_meanwhile_is_not_taken() {
    let app = app().await;
    let anna = app.register(OLD).await;
    let _ = ask(&anna, NEW).await.expect(202);
    let confirm = app.mailed_token(NEW, "email_change_confirm").await;
    verified(&app, NEW).await;
    let answer = follow(&app, "confirm", &confirm).await;
    answer.problem(422, "invalid_token");
    assert_eq!(user_email(&anna).await, OLD);
}

#[tokio::test]
async fn a_later_change_a_day_and_a_new_password_end_one() {
    let app = app().await;
    let anna = app.register(OLD).await;
    let confirm = async || app.mailed_token(NEW, "email_change_confirm").await;
    let _ = ask(&anna, NEW).await.expect(202);
    let first = confirm().await;
    let _ = ask(&anna, NEW).await.expect(202);
    let second = confirm().await;
    follow(&app, "confirm", &first)
        .await
        .problem(422, "invalid_token");

    let change = json!({"current_password": PASSWORD, "new_password": "three green lanterns"});
    let change = anna.client.post("/api/auth/password/change").json(&change);
    let _ = change.expect(204).await;
    follow(&app, "confirm", &second)
        .await
        .problem(422, "invalid_token");

    let _ = ask(&anna, NEW).await.expect(202);
    let third = confirm().await;
    app.later(24 * 3600 + 1);
    follow(&app, "confirm", &third)
        .await
        .problem(422, "invalid_token");
}

#[tokio::test]
async fn a_change_needs_a_fresh_proof() {
    let app = app().await;
    let anna = app.register(OLD).await;
    app.later(301);
    let stale = ask(&anna, NEW).await;
    stale.problem(401, "insufficient_user_authentication");
}

/// The password keeps its hash, and still costs one run to compare.
#[tokio::test]
async fn the_salt_moves_with_the_account() {
    let app = app().await;
    let anna = app.register(OLD).await;
    let _ = ask(&anna, NEW).await.expect(202);
    let confirm = app.mailed_token(NEW, "email_change_confirm").await;
    let _ = follow(&app, "confirm", &confirm).await.expect(204);
    app.register(NEW).await;
    let before = app.backstage.password_hashes();
    let login = json!({"email": NEW, "password": "wrong"});
    let login = app.client().post("/api/auth/login").json(&login);
    login.send().await.problem(401, "invalid_credentials");
    assert_eq!(app.backstage.password_hashes() - before, 1);
}
