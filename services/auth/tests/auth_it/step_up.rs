use serde_json::{Value, json};
use testkit::http::{Answer, Client};

use crate::second_factor::enrol;
use crate::support::{PASSWORD, app};

const ANNA: &str = "anna@example.com";

async fn reauthenticate(client: &Client, body: Value) -> Answer {
    client
        .post("/api/auth/reauthenticate")
        .json(&body)
        .send()
        .await
}

#[tokio::test]
async fn a_password_makes_a_session_fresh_again() {
    let app = app().await;
    let anna = app.register(ANNA).await;
    app.later(301);
    let stale = anna.client.post("/api/auth/mfa/totp").send().await;
    stale.problem(401, "insufficient_user_authentication");
    let wrong = reauthenticate(&anna.client, json!({"password": "wrong"})).await;
    wrong.problem(401, "invalid_credentials");
    for bad in [
        json!({}),
        json!({"password": PASSWORD, "code": "123456"}),
        json!({"password": 1}),
    ] {
        reauthenticate(&anna.client, bad)
            .await
            .problem(422, "validation_failed");
    }
    let code = reauthenticate(&anna.client, json!({"code": "123456"})).await;
    code.problem(401, "invalid_credentials");

    let again = reauthenticate(&anna.client, json!({"password": PASSWORD})).await;
    let again = again.expect(200).value();
    let client = app
        .client()
        .with_bearer(again["tokens"]["access_token"].as_str().unwrap());
    let _ = client.post("/api/auth/mfa/totp").expect(201).await;
    // The same session, and one chain of refresh tokens: the one from before is used up.
    let sessions = client.get("/api/auth/sessions").expect(200).await.value();
    assert_eq!(sessions["data"].as_array().unwrap().len(), 1);
    let refresh = async |token: &str| {
        let body = json!({"refresh_token": token});
        app.client()
            .post("/api/auth/refresh")
            .json(&body)
            .send()
            .await
    };
    let new = again["tokens"]["refresh_token"].as_str().unwrap();
    let _ = refresh(new).await.expect(200);
    refresh(&anna.refresh)
        .await
        .problem(401, "refresh_token_reused");
}

#[tokio::test]
async fn whoever_has_a_second_factor_must_use_it() {
    let app = app().await;
    let anna = enrol(&app, &app.register(ANNA).await).await;
    let client = &anna.user.client;
    let password = reauthenticate(client, json!({"password": PASSWORD})).await;
    password.problem(409, "code_required");
    let wrong = reauthenticate(client, json!({"password": "wrong"})).await;
    wrong.problem(401, "invalid_credentials");
    let _ = reauthenticate(client, json!({"code": anna.recovery_codes[0]}))
        .await
        .expect(200);
    let code = json!({"code": anna.phone.code(app.clock.now())});
    let _ = reauthenticate(client, code.clone()).await.expect(200);
    reauthenticate(client, code)
        .await
        .problem(401, "invalid_credentials");
}

#[tokio::test]
async fn a_session_that_has_ended_cannot_be_renewed() {
    let app = app().await;
    let anna = app.register(ANNA).await;
    let _ = anna.client.post("/api/auth/logout").expect(204).await;
    let gone = reauthenticate(&anna.client, json!({"password": PASSWORD})).await;
    gone.problem(401, "token_revoked");
}
