//! What staff do with one account: also through the panel, in their name.

use auth_token::{OnBehalfOf, Role};
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use testkit::http::Client;

use crate::export::{Keys, ROUTE, catalogue, orders};
use crate::support::{SignedIn, TestApp, app, app_with};

impl TestApp {
    /// The panel, which calls in the name of a member of staff who proved who they are just now.
    fn panel_for(&self, staff: &SignedIn, role: Role) -> Client {
        let name = OnBehalfOf {
            user_id: staff.id.parse().unwrap(),
            role,
            email: Some("staff@example.com".parse().unwrap()),
            auth_time: Some(self.clock.now().unix()),
        };
        self.anonymous_service()
            .with_bearer(&self.admin.token("auth", Some(&name)).unwrap())
    }

    /// Action, before and after of each act of staff.
    async fn acts(&self) -> Vec<(Value, Value, Value)> {
        let acts = self.events("staff.acted").await;
        let parts = |act: Value| {
            (
                act["action"].clone(),
                act["before"].clone(),
                act["after"].clone(),
            )
        };
        acts.into_iter().map(parts).collect()
    }
}

#[tokio::test]
async fn the_panel_changes_a_user_as_they_were_seen_and_says_why() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let support = app.with_role("support@example.com", "support").await;
    let anna = app.register("anna@example.com").await;
    let path = format!("/internal/api/users/{}", anna.id);
    let panel = app.panel_for(&admin, Role::Admin);
    let seen = panel.get(&path).expect(200).await;
    let etag = seen.header("etag").to_owned();
    let shut = json!({"disabled": true, "reason": "Chargebacks"});
    let done = panel
        .patch(&path)
        .header("if-match", &etag)
        .json(&shut)
        .expect(200)
        .await;
    assert_ne!(done.header("etag"), etag);
    assert_eq!(done.value()["disabled_reason"], "Chargebacks");
    panel
        .patch(&path)
        .header("if-match", &etag)
        .json(&json!({"disabled": false}))
        .send()
        .await
        .problem(412, "stale_version");
    let opened = panel.patch(&path).json(&json!({"disabled": false}));
    assert_eq!(
        opened.expect(200).await.value()["disabled_reason"],
        json!(null)
    );
    assert_eq!(
        app.acts().await,
        [
            (
                json!("user.disable"),
                json!({"disabled": false}),
                json!({"disabled": true, "reason": "Chargebacks"})
            ),
            (
                json!("user.enable"),
                json!({"disabled": true, "reason": "Chargebacks"}),
                json!({"disabled": false})
            ),
        ]
    );
    assert_eq!(app.events("staff.acted").await[0]["through"], "admin");

    // Support may look, and change nothing.
    let panel = app.panel_for(&support, Role::Support);
    let _ = panel.get(&path).expect(200).await;
    panel
        .patch(&path)
        .json(&shut)
        .send()
        .await
        .problem(403, "forbidden");
}

#[tokio::test]
async fn staff_end_one_session_of_many() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let anna = app.register("anna@example.com").await;
    app.later(60);
    let other = app
        .login("anna@example.com", crate::support::PASSWORD)
        .await;
    let path = format!("/api/users/{}/sessions", anna.id);
    let sessions = admin.client.get(&path).expect(200).await.value();
    let sessions = sessions["data"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(
        (&sessions[0]["current"], &sessions[0]["ip"]),
        (&json!(false), &json!("127.0.0.1"))
    );
    let newest = sessions[0]["id"].as_str().unwrap();
    let one = format!("{path}/{newest}");
    let _ = admin.client.delete(&one).expect(204).await;
    admin
        .client
        .delete(&one)
        .send()
        .await
        .problem(404, "not_found");
    other
        .client
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    let _ = anna.client.get("/api/users/me").expect(200).await;
    assert_eq!(
        app.acts().await,
        [(
            json!("user.end_session"),
            json!({"session": newest}),
            json!({"session": null})
        )]
    );
}

#[tokio::test]
async fn staff_have_an_account_deleted_and_keep_it() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let anna = app.register("anna@example.com").await;
    let user = format!("/api/users/{}", anna.id);
    let path = format!("{user}/deletion");
    let asked = async || admin.client.post(&path).expect(202).await.value()["deletes_at"].clone();
    let due = asked().await;
    assert_eq!(asked().await, due, "again: it stays as it is");
    anna.client
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    assert_eq!(
        app.mails("anna@example.com", "deletion_scheduled")
            .await
            .len(),
        1
    );
    let shown =
        async || admin.client.get(&user).expect(200).await.value()["deletion_scheduled_at"].clone();
    assert_eq!(shown().await, due);
    let _ = admin.client.delete(&path).expect(204).await;
    let _ = admin.client.delete(&path).expect(204).await;
    assert_eq!(shown().await, json!(null));
    let acts = app.acts().await;
    assert_eq!(
        acts.iter().map(|act| &act.0).collect::<Vec<_>>(),
        [&json!("user.schedule_deletion"), &json!("user.keep")]
    );
    let own = format!("/api/users/{}/deletion", admin.id);
    admin
        .client
        .post(&own)
        .send()
        .await
        .problem(409, "cannot_change_self");
    admin
        .client
        .post(&path)
        .header("if-match", "\"77\"")
        .send()
        .await
        .problem(412, "stale_version");
}

#[tokio::test]
async fn staff_export_what_is_the_users() {
    let keys = Keys::default();
    let order = Router::new().route(ROUTE, get(orders));
    let order = testkit::serve(order.with_state(keys.clone())).await;
    let peers = testkit::serve(Router::new().route(ROUTE, get(catalogue))).await;
    let app = app_with(|settings| {
        settings.order_internal_url = order.url();
        settings.product_internal_url = peers.url();
        settings.common.admin_internal_url = peers.url();
    })
    .await;
    keys.set(app.order.clone()).ok().unwrap();
    let admin = app.with_role("admin@example.com", "admin").await;
    let anna = app.register("anna@example.com").await;
    let user = format!("/api/users/{}", anna.id);
    let shut = json!({"disabled": true, "reason": "Chargebacks"});
    let _ = admin.client.patch(&user).json(&shut).expect(200).await;
    let document = admin.client.get(&format!("{user}/export"));
    let document = document.expect(200).await.value();
    assert_eq!(document["account"]["email"], "anna@example.com");
    // Order answers nobody but auth in the name of whom it is about.
    assert_eq!(document["orders"].as_array().unwrap().len(), 6);
    assert!(
        !document.to_string().contains("Chargebacks"),
        "staff's words are theirs"
    );
    assert_eq!(app.acts().await[1].0, "user.export");
}

#[tokio::test]
async fn a_reason_is_kept_or_refused() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let anna = app.register("anna@example.com").await;
    let path = format!("/api/users/{}", anna.id);
    let change = async |body: Value| admin.client.patch(&path).json(&body).send().await;
    let alone = change(json!({"reason": "Chargebacks"})).await;
    let problem = alone.problem(422, "validation_failed");
    assert_eq!(crate::support::fields(&problem), ["reason"]);
    // Nothing to open: it is why the role changes.
    let role = json!({"role": "seller", "disabled": false, "reason": "Sells mugs"});
    let _ = change(role).await.expect(200);
    let shut = |reason: &str| json!({"disabled": true, "reason": reason});
    let _ = change(shut("Chargebacks")).await.expect(200);
    let again = change(shut("Chargebacks")).await.expect(200);
    let better = change(shut("Two chargebacks")).await.expect(200);
    assert_ne!(again.header("etag"), better.header("etag"));
    assert_eq!(better.value()["disabled_reason"], "Two chargebacks");
    let _ = change(json!({"disabled": true})).await.expect(200);
    let seen = admin.client.get(&path).expect(200).await.value();
    assert_eq!(seen["disabled_reason"], "Two chargebacks");
    assert_eq!(
        app.acts().await,
        [
            (
                json!("user.change_role"),
                json!({"role": "customer"}),
                json!({"role": "seller", "reason": "Sells mugs"})
            ),
            (
                json!("user.disable"),
                json!({"disabled": false}),
                shut("Chargebacks")
            ),
            (
                json!("user.disable"),
                shut("Chargebacks"),
                shut("Two chargebacks")
            ),
        ]
    );
}

#[tokio::test]
async fn staff_mail_a_link_once_in_a_minute() {
    let app = app_with(|settings| settings.limits.limit_mails_per_hour = 1000).await;
    let support = app.with_role("support@example.com", "support").await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let anna = app.register("anna@example.com").await;
    let path = format!("/api/users/{}/links", anna.id);
    let send = async |link: &str| {
        support
            .client
            .post(&path)
            .json(&json!({"link": link}))
            .send()
            .await
    };
    assert_eq!(send("reset_password").await.status, 204);
    assert_eq!(send("reset_password").await.status, 204);
    assert_eq!(
        app.mails("anna@example.com", "reset_password").await.len(),
        1
    );
    app.later(61);
    assert_eq!(send("reset_password").await.status, 204);
    assert_eq!(send("verify_email").await.status, 204);
    assert_eq!(
        app.mails("anna@example.com", "reset_password").await.len(),
        2
    );
    assert_eq!(app.mails("anna@example.com", "verify_email").await.len(), 2);
    send("gold").await.problem(422, "validation_failed");
    let user = format!("/api/users/{}", anna.id);
    let _ = admin
        .client
        .patch(&user)
        .json(&json!({"disabled": true}))
        .expect(200)
        .await;
    send("reset_password")
        .await
        .problem(409, "account_disabled");
}

#[tokio::test]
async fn links_by_staff_count_as_mails_to_their_target() {
    let app = app().await;
    let support = app.with_role("support@example.com", "support").await;
    let anna = app.register("anna@example.com").await;
    let path = format!("/api/users/{}/links", anna.id);
    let body = json!({"link": "reset_password"});
    // Registering sent the first of five.
    for _ in 0..4 {
        let _ = support.client.post(&path).json(&body).expect(204).await;
    }
    let fifth = support.client.post(&path).json(&body).send().await;
    fifth.problem(429, "rate_limited");
    let forgot = app.client().post("/api/auth/password/forgot");
    let forgot = forgot.json(&json!({"email": "anna@example.com"}));
    forgot.send().await.problem(429, "rate_limited");
}

/// To verify one of several accounts that claim an address would give it to whoever opened that one.
#[tokio::test]
async fn for_an_address_that_several_claim_staff_send_one_link_for_a_new_password() {
    let app = app_with(|settings| settings.limits.limit_mails_per_hour = 1000).await;
    let support = app.with_role("support@example.com", "support").await;
    let anna = app.register("anna@example.com").await;
    app.register("anna@example.com").await;
    let path = format!("/api/users/{}/links", anna.id);
    for link in ["verify_email", "verify_email", "reset_password"] {
        let body = json!({"link": link});
        let _ = support.client.post(&path).json(&body).expect(204).await;
    }
    let mails = app.mails("anna@example.com", "reset_password").await;
    assert_eq!(mails.len(), 1);
    let sent = json!({"link": "reset_password"});
    assert_eq!(
        app.acts().await,
        [(json!("user.send_link"), json!({}), sent)]
    );
}
