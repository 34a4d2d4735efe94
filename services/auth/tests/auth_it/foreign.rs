//! Access tokens of a trusted issuer, accepted as they are.

use serde_json::{Value, json};
use testkit::http::Client;

use crate::federation::{app_of, sign_in, verify};
use crate::issuer::{Issuer, Key, text};
use crate::support::{PASSWORD, TestApp};

fn by(app: &TestApp, token: &str) -> Client {
    app.client().with_bearer(token)
}

async fn claims(app: &TestApp, token: &str) -> Value {
    by(app, token)
        .get("/api/auth/verify")
        .expect(200)
        .await
        .value()
}

#[tokio::test]
async fn a_token_stands_for_the_same_user_as_a_sign_in() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    let first = claims(&app, &issuer.access_token(&json!({}))).await;
    assert_eq!(
        (&first["email"], &first["email_verified"]),
        (&json!("anna@example.com"), &json!(true))
    );
    let second = claims(&app, &issuer.access_token(&json!({"jti": "another"}))).await;
    assert_eq!(
        (&second["user_id"], &second["session_id"]),
        (&first["user_id"], &first["session_id"])
    );
    let in_browser = app.signed_in(&sign_in(&app).await.expect(200).value());
    assert_eq!(first["user_id"], in_browser.id);
    assert_eq!(app.events("user.registered").await.len(), 1);
    // It says nothing of a proof, so it is good for nothing that wants a person's own.
    let link = json!({"link_token": "x"});
    let token = issuer.access_token(&json!({}));
    by(&app, &token)
        .post("/api/auth/oidc/link")
        .json(&link)
        .send()
        .await
        .problem(403, "forbidden");
    let proved = issuer.access_token(&json!({"auth_time": issuer.now() - 10}));
    by(&app, &proved)
        .post("/api/auth/oidc/link")
        .json(&link)
        .send()
        .await
        .problem(422, "invalid_link_token");
    let long_ago = issuer.access_token(&json!({"auth_time": issuer.now() - 400}));
    let stale = by(&app, &long_ago)
        .post("/api/auth/oidc/link")
        .json(&link)
        .send()
        .await;
    stale.problem(401, "insufficient_user_authentication");
}

#[tokio::test]
async fn two_first_uses_at_once_make_one_user() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    let tokens: Vec<String> = (0..4)
        .map(|n| issuer.access_token(&json!({"jti": n.to_string()})))
        .collect();
    let (a, b, c, d) = tokio::join!(
        claims(&app, &tokens[0]),
        claims(&app, &tokens[1]),
        claims(&app, &tokens[2]),
        claims(&app, &tokens[3])
    );
    for other in [b, c, d] {
        assert_eq!(
            (&a["user_id"], &a["session_id"]),
            (&other["user_id"], &other["session_id"])
        );
    }
}

#[tokio::test]
async fn tokens_that_are_for_others_or_no_access_tokens_are_refused() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    let now = issuer.now();
    for changes in [
        json!({"aud": "api://other"}),
        json!({"aud": crate::issuer::CLIENT}),
        json!({"iss": "https://another.example"}),
        json!({"nonce": "of a sign-in"}),
        json!({"scp": null}),
        json!({"idtyp": "app"}),
        json!({"nbf": now + 120}),
        json!({"iat": now + 120}),
        json!({"sub": null}),
        json!({"email": null}),
    ] {
        let answer = by(&app, &issuer.access_token(&changes))
            .get("/api/users/me")
            .send()
            .await;
        assert_eq!(answer.status, 401, "{changes}: {}", answer.text());
    }
    let expired = issuer.access_token(&json!({"exp": now - 120}));
    by(&app, &expired)
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_expired");
    let good = issuer.access_token(&json!({}));
    let (rest, _) = good.rsplit_once('.').unwrap();
    let payload = rest.split('.').nth(1).unwrap();
    let forged = [
        format!("{rest}."),
        format!("{}.{payload}.", text(r#"{"alg":"none"}"#)),
        issuer.script(|script| {
            let claims: Value = serde_json::from_slice(&base64(payload)).unwrap();
            Key::ec("one").sign(&script.key.header(), &claims)
        }),
    ];
    for token in forged {
        by(&app, &token)
            .get("/api/users/me")
            .send()
            .await
            .problem(401, "unauthenticated");
    }
    let _ = by(&app, &good).get("/api/users/me").expect(200).await;
}

fn base64(text: &str) -> Vec<u8> {
    base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text).unwrap()
}

#[tokio::test]
async fn without_an_audience_no_token_is_accepted() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({"audiences": []})).await;
    let token = issuer.access_token(&json!({}));
    by(&app, &token)
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn ending_the_session_refuses_tokens_from_before() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    let token = issuer.access_token(&json!({}));
    let before = claims(&app, &token).await;
    let anna = app.signed_in(&sign_in(&app).await.expect(200).value());
    let sessions = anna
        .client
        .get("/api/auth/sessions")
        .expect(200)
        .await
        .value();
    let shown = sessions["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["id"] == before["session_id"]);
    assert_eq!(shown.unwrap()["user_agent"], "Token of Corp");
    let path = format!(
        "/api/auth/sessions/{}",
        before["session_id"].as_str().unwrap()
    );
    let _ = anna.client.delete(&path).expect(204).await;
    by(&app, &token)
        .get("/api/auth/verify")
        .send()
        .await
        .problem(401, "token_revoked");
    let same_age = issuer.access_token(&json!({"jti": "another"}));
    by(&app, &same_age)
        .get("/api/auth/verify")
        .send()
        .await
        .problem(401, "token_revoked");
    app.later(2);
    let newer = issuer.access_token(&json!({}));
    assert_ne!(
        claims(&app, &newer).await["session_id"],
        before["session_id"]
    );
}

#[tokio::test]
async fn a_token_ends_when_the_providers_does() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    let token = issuer.access_token(&json!({"exp": issuer.now() + 100}));
    let _ = claims(&app, &token).await;
    app.later(106);
    by(&app, &token)
        .get("/api/auth/verify")
        .send()
        .await
        .problem(401, "token_expired");
}

#[tokio::test]
async fn an_account_that_is_shut_or_not_linked_is_not_opened_by_a_token() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    app.register("anna@example.com").await;
    verify(&app, "anna@example.com").await;
    let token = issuer.access_token(&json!({}));
    by(&app, &token)
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "unauthenticated");
    app.login("anna@example.com", PASSWORD).await;
    let bert = issuer.access_token(&json!({"sub": "bert", "email": "bert@example.com"}));
    let id = claims(&app, &bert).await["user_id"].clone();
    let boss = app.with_role("boss@example.com", "admin").await;
    let path = format!("/api/users/{}", id.as_str().unwrap());
    let _ = boss
        .client
        .patch(&path)
        .json(&json!({"disabled": true}))
        .expect(200)
        .await;
    by(&app, &bert)
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    app.later(2);
    let newer = issuer.access_token(&json!({"sub": "bert", "email": "bert@example.com"}));
    by(&app, &newer)
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
}

#[tokio::test]
async fn app_roles_in_tokens_are_applied() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({"roles": {"Shop.Support": "support"}})).await;
    let support = issuer.access_token(&json!({"roles": ["Shop.Support"]}));
    assert_eq!(claims(&app, &support).await["role"], "support");
    app.later(2);
    let customer = issuer.access_token(&json!({"roles": []}));
    assert_eq!(claims(&app, &customer).await["role"], "customer");
    // The older token does not bring back what was taken since.
    assert_eq!(claims(&app, &support).await["role"], "customer");
    assert_eq!(claims(&app, &customer).await["role"], "customer");
}
