//! What the admin panel asks auth for its own sessions.

use auth::StaffSecondFactor;
use auth_token::OnBehalfOf;
use primitives::Timestamp;
use serde_json::{Value, json};
use testkit::http::{Answer, Client};

use crate::second_factor::{Authenticator, enrol};
use crate::support::{PASSWORD, SignedIn, TestApp, app, app_with};

const EMAIL: &str = "support@example.com";

async fn post(client: &Client, path: &str, body: Value) -> Answer {
    let path = format!("/internal/staff/{path}");
    client.post(&path).json(&body).send().await
}

async fn login(app: &TestApp, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password, "user_agent": "a browser"});
    post(&app.panel(), "login", body).await
}

async fn second_step(app: &TestApp, mfa_token: &Value, code: &str) -> Answer {
    let body = json!({"mfa_token": mfa_token, "code": code});
    post(&app.panel(), "second-factor", body).await
}

/// The panel, calling in the name of a member of staff who proved at some time who they are.
fn in_the_name_of(app: &TestApp, user: &SignedIn, proved: Timestamp) -> Client {
    let name = OnBehalfOf {
        user_id: user.id.parse().unwrap(),
        role: auth_token::Role::Support,
        email: None,
        auth_time: Some(proved.unix()),
    };
    let token = app.admin.token("auth", Some(&name)).unwrap();
    app.anonymous_service().with_bearer(&token)
}

/// What the panel reads of a session: how it was proved, and whether it goes on.
async fn row(app: &TestApp, session: &Value) -> (Vec<String>, Timestamp, Option<String>) {
    let sql = "SELECT methods, authenticated_at, revoked_why FROM sessions WHERE id = $1::uuid";
    sqlx::query_as(sql)
        .bind(session.as_str().unwrap())
        .fetch_one(&app.root().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn staff_sign_in_to_the_panel() {
    let app = app().await;
    let support = app.with_role(EMAIL, "support").await;
    app.register("anna@example.com").await;
    let answer = login(&app, EMAIL, PASSWORD).await.expect(200).value();
    assert_eq!(
        (
            &answer["outcome"],
            &answer["user"]["id"],
            &answer["user"]["role"],
            &answer["factor_required"]
        ),
        (
            &json!("signed_in"),
            &json!(support.id),
            &json!("support"),
            &json!(false)
        )
    );
    let (methods, at, ended) = row(&app, &answer["session_id"]).await;
    assert_eq!(
        (methods, at, ended),
        (vec!["pwd".to_owned()], app.clock.now(), None)
    );
    // It is one of the account's sessions: shown with them, and ended with them.
    let sessions = support
        .client
        .get("/api/auth/sessions")
        .expect(200)
        .await
        .value();
    let sessions = sessions["data"].as_array().unwrap();
    assert!(
        sessions
            .iter()
            .any(|session| session["user_agent"] == "a browser")
    );
    let _ = support
        .client
        .post("/api/auth/logout-all")
        .expect(204)
        .await;
    assert!(row(&app, &answer["session_id"]).await.2.is_some());

    login(&app, EMAIL, "wrong")
        .await
        .problem(401, "invalid_credentials");
    login(&app, "nobody@example.com", PASSWORD)
        .await
        .problem(401, "invalid_credentials");
    login(&app, "not an address", PASSWORD)
        .await
        .problem(401, "invalid_credentials");
    login(&app, "anna@example.com", PASSWORD)
        .await
        .problem(403, "not_staff");
}

#[tokio::test]
async fn the_panel_asks_for_the_second_factor() {
    let app = app_with(|settings| settings.staff_second_factor = StaffSecondFactor::Required).await;
    let support = app.with_role(EMAIL, "support").await;
    let answer = login(&app, EMAIL, PASSWORD).await.expect(200).value();
    assert_eq!(answer["factor_required"], true);
    let session = &answer["session_id"];

    // Setting it up from the panel.
    let panel = in_the_name_of(&app, &support, app.clock.now());
    let body = json!({"session_id": session});
    let shown = post(&panel, "totp", body.clone()).await.expect(200).value();
    let phone = Authenticator::new(shown["secret"].as_str().unwrap());
    let code = json!({"session_id": session, "code": phone.code(app.clock.now())});
    let codes = post(&panel, "totp/confirm", code).await.expect(200).value();
    assert_eq!(codes["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(row(&app, session).await.0, ["pwd", "otp"]);
    let factors = panel
        .get("/internal/staff/factors")
        .expect(200)
        .await
        .value();
    assert_eq!(
        factors,
        json!({"totp": true, "passkeys": false, "recovery_codes": 10, "required": true})
    );
    post(&panel, "totp/remove", body.clone())
        .await
        .problem(409, "second_factor_required");
    let _ = post(&panel, "recovery-codes", body.clone())
        .await
        .expect(200);

    // Signing in with it.
    app.later(30);
    let answer = login(&app, EMAIL, PASSWORD).await.expect(200).value();
    assert_eq!(answer["outcome"], "second_factor");
    assert_eq!(answer["methods"], json!(["totp", "recovery_code"]));
    let token = &answer["mfa_token"];
    second_step(&app, token, "nonsense")
        .await
        .problem(401, "invalid_credentials");
    let done = second_step(&app, token, &phone.code(app.clock.now())).await;
    let done = done.expect(200).value();
    assert_eq!(row(&app, &done["session_id"]).await.0, ["pwd", "otp"]);
    second_step(&app, token, &phone.code(app.clock.now()))
        .await
        .problem(401, "invalid_mfa_token");

    let panel = in_the_name_of(&app, &support, app.clock.now());
    let _ = post(
        &panel,
        "sign-out",
        json!({"session_id": done["session_id"]}),
    )
    .await
    .expect(204);
    assert_eq!(
        row(&app, &done["session_id"]).await.2.as_deref(),
        Some("logout")
    );
    assert_eq!(row(&app, session).await.2, None);
}

#[tokio::test]
async fn a_customers_sign_in_opens_no_panel() {
    let app = app().await;
    let anna = enrol(&app, &app.register("anna@example.com").await).await;
    let token = json!(crate::second_factor::first_step(&app, "anna@example.com").await);
    let code = anna.phone.code(app.clock.now());
    second_step(&app, &token, &code)
        .await
        .problem(403, "not_staff");
}

#[tokio::test]
async fn the_panel_makes_its_session_fresh() {
    let app = app().await;
    let support = app.with_role(EMAIL, "support").await;
    let other = app.register("anna@example.com").await;
    let answer = login(&app, EMAIL, PASSWORD).await.expect(200).value();
    let session = &answer["session_id"];
    let begun = app.clock.now();
    app.later(301);
    let panel = in_the_name_of(&app, &support, begun);
    for path in ["totp", "totp/remove", "recovery-codes"] {
        let stale = post(&panel, path, json!({"session_id": session})).await;
        stale.problem(401, "insufficient_user_authentication");
    }
    let proof = async |client: &Client, password: Option<&str>, code: Option<&str>| {
        let body = json!({"session_id": session, "password": password, "code": code});
        post(client, "reauthenticate", body).await
    };
    proof(&panel, Some("wrong"), None)
        .await
        .problem(401, "invalid_credentials");
    proof(&panel, None, Some("123456"))
        .await
        .problem(401, "invalid_credentials");
    proof(&panel, None, None)
        .await
        .problem(422, "validation_failed");
    assert_eq!(row(&app, session).await.1, begun);
    // Nobody renews somebody else's session, though the password is theirs.
    let stranger = in_the_name_of(&app, &other, begun);
    proof(&stranger, Some(PASSWORD), None)
        .await
        .problem(401, "token_revoked");
    let _ = proof(&panel, Some(PASSWORD), None).await.expect(204);
    assert_eq!(row(&app, session).await.1, app.clock.now());
    // It calls in somebody's name, or not at all.
    proof(&app.panel(), Some(PASSWORD), None)
        .await
        .problem(403, "forbidden");
}
