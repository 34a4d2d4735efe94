//! Leaving, and coming back in time.

use std::time::Duration;

use auth_token::TokenError;
use serde_json::{Value, json};

use crate::revocation::elsewhere;
use crate::support::{PASSWORD, SignedIn, TestApp, app};

const ME: &str = "/api/users/me";
const DAY: u64 = 86_400;

/// Whether the account is there, and the rows of other tables that name it.
async fn traces(app: &TestApp, id: &str) -> (i64, Vec<String>) {
    let root = app.root().await;
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
          WHERE table_schema = 'public' AND data_type = 'uuid' AND column_name LIKE '%user_id' AND table_name <> 'revocations'",
    )
    .fetch_all(&root)
    .await
    .unwrap();
    assert!(tables.len() > 5, "{tables:?}");
    let mut left = Vec::new();
    for (table, column) in tables {
        let sql = format!("SELECT count(*) FROM {table} WHERE {column}::text = $1");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(id)
            .fetch_one(&root)
            .await
            .unwrap();
        if rows > 0 {
            left.push(format!("{table}.{column}"));
        }
    }
    let there = sqlx::query_scalar("SELECT count(*) FROM users WHERE id::text = $1")
        .bind(id)
        .fetch_one(&root)
        .await
        .unwrap();
    (there, left)
}

#[tokio::test]
async fn an_account_is_shut_at_once_and_a_sign_in_takes_it_back() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let phone = app.login("anna@example.com", PASSWORD).await;
    let admin = app.with_role("root@example.com", "admin").await;
    let jwks = app
        .client()
        .get("/api/auth/.well-known/jwks.json")
        .expect(200)
        .await
        .json();
    let (verifier, _stop) = elsewhere(jwks, &app.clock);
    assert!(verifier.verify(&phone.access).await.is_ok());

    let answer = anna.client.delete(ME).expect(202).await.value();
    let due = app.clock.now() + Duration::from_secs(14 * DAY);
    assert_eq!(answer, json!({"deletes_at": due}));
    for device in [&anna, &phone] {
        device
            .client
            .get(ME)
            .send()
            .await
            .problem(401, "token_revoked");
        let refresh = json!({"refresh_token": device.refresh});
        let refused = app.client().post("/api/auth/refresh").json(&refresh).send();
        assert_eq!(refused.await.status, 401);
    }
    testkit::eventually_within(Duration::from_secs(1), "revoked elsewhere", async || {
        (verifier.verify(&phone.access).await == Err(TokenError::Revoked)).then_some(())
    })
    .await;
    let mails = app.mails("anna@example.com", "deletion_scheduled").await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["deleted_at"], json!(due));

    let seen = async || -> Value {
        let list = admin
            .client
            .get("/api/users?q=anna@")
            .expect(200)
            .await
            .value();
        list["data"][0]["deletion_scheduled_at"].clone()
    };
    assert_eq!(seen().await, json!(due));
    app.later(13 * DAY);
    let admin = app.login("root@example.com", PASSWORD).await;
    let back = app.login("anna@example.com", PASSWORD).await;
    assert_eq!(back.id, anna.id);
    let list = admin
        .client
        .get("/api/users?q=anna@")
        .expect(200)
        .await
        .value();
    assert_eq!(list["data"][0]["deletion_scheduled_at"], json!(null));
    app.later(2 * DAY);
    app.backstage.delete_accounts().await.unwrap();
    assert_eq!(traces(&app, &anna.id).await.0, 1);
    assert_eq!(app.events("user.deleted").await, Vec::<Value>::new());
    assert_eq!(app.events("user.updated").await, Vec::<Value>::new());
}

#[tokio::test]
async fn after_the_days_of_grace_nothing_is_left_and_the_news_goes_out_once() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let address =
        json!({"name": "A", "line1": "B", "city": "C", "postal_code": "10969", "country": "DE"});
    let _ = anna
        .client
        .post("/api/users/me/addresses")
        .json(&address)
        .expect(201)
        .await;
    let bert = app.register("bert@example.com").await;
    assert!(!traces(&app, &anna.id).await.1.is_empty());
    let _ = anna.client.delete(ME).expect(202).await;
    app.later(14 * DAY - 1);
    app.backstage.delete_accounts().await.unwrap();
    assert_eq!(traces(&app, &anna.id).await.0, 1, "too early");
    app.later(1);
    // As many replicas would.
    let rounds = (0..4).map(|_| {
        let backstage = app.backstage.clone();
        tokio::spawn(async move { backstage.delete_accounts().await })
    });
    for round in rounds.collect::<Vec<_>>() {
        round.await.unwrap().unwrap();
    }
    assert_eq!(traces(&app, &anna.id).await, (0, vec![]));
    assert_eq!(traces(&app, &bert.id).await.0, 1);
    assert_eq!(
        app.events("user.deleted").await,
        [json!({"user_id": anna.id})]
    );
    assert_eq!(
        app.mails("anna@example.com", "account_deleted").await.len(),
        1
    );
    app.client()
        .post("/api/auth/login")
        .json(&json!({"email": "anna@example.com", "password": PASSWORD}))
        .send()
        .await
        .problem(401, "invalid_credentials");
    let again = app.register("anna@example.com").await;
    assert_ne!(again.id, anna.id);
}

/// What was written to an address goes with the account that has it, and with no other that only claims it.
#[tokio::test]
async fn the_last_mail_says_whether_the_address_was_proved() {
    let app = app().await;
    let owner = app.register("anna@example.com").await;
    let token = app.mailed_token("anna@example.com", "verify_email").await;
    let verify = app.client().post("/api/auth/email/verify");
    let _ = verify.json(&json!({"token": token})).expect(204).await;
    let stranger = app.register("anna@example.com").await;
    assert_ne!(stranger.id, owner.id);
    let leave = async |leaving: &SignedIn| {
        let _ = leaving.client.delete(ME).expect(202).await;
        app.later(14 * DAY);
        app.backstage.delete_accounts().await.unwrap();
        assert_eq!(traces(&app, &leaving.id).await.0, 0);
        let mails = app.mails("anna@example.com", "account_deleted").await;
        mails.last().unwrap()["proved"].clone()
    };
    assert_eq!(leave(&stranger).await, false);
    let owner = app.login("anna@example.com", PASSWORD).await;
    assert_eq!(leave(&owner).await, true);
}

#[tokio::test]
async fn leaving_needs_a_fresh_proof() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    app.later(301);
    anna.client
        .delete(ME)
        .send()
        .await
        .problem(401, "insufficient_user_authentication");
    assert_eq!(
        app.mails("anna@example.com", "deletion_scheduled").await,
        Vec::<Value>::new()
    );
}

#[tokio::test]
async fn the_last_admin_stays_also_when_two_leave_at_once() {
    let app = app().await;
    let one = app.with_role("one@example.com", "admin").await;
    one.client
        .delete(ME)
        .send()
        .await
        .problem(409, "last_admin");
    let two = app.with_role("two@example.com", "admin").await;
    let (first, second) = tokio::join!(one.client.delete(ME).send(), two.client.delete(ME).send());
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409]);
}

#[tokio::test]
async fn an_admin_who_leaves_is_not_one_to_rely_on() {
    let app = app().await;
    let one = app.with_role("one@example.com", "admin").await;
    let two = app.with_role("two@example.com", "admin").await;
    let path = format!("/api/users/{}", two.id);
    let demote = json!({"role": "customer"});
    let (left, demoted) = tokio::join!(
        one.client.delete(ME).send(),
        one.client.patch(&path).json(&demote).send()
    );
    let (left, demoted) = (left.status, demoted.status);
    assert!(
        matches!((left, demoted), (202, 409 | 401) | (409, 200)),
        "{left} {demoted}"
    );
}

/// The one or the other, whole.
#[tokio::test]
async fn coming_back_and_being_deleted_at_once_end_in_one_of_both() {
    let app = app().await;
    for round in 0..6 {
        let email = format!("anna{round}@example.com");
        let anna = app.register(&email).await;
        let _ = anna.client.delete(ME).expect(202).await;
        app.later(14 * DAY);
        let body = json!({"email": email, "password": PASSWORD});
        let client = app.client();
        let (deleted, login) = tokio::join!(
            app.backstage.delete_accounts(),
            client.post("/api/auth/login").json(&body).send()
        );
        deleted.unwrap();
        let there = traces(&app, &anna.id).await.0;
        match login.status {
            200 => assert_eq!(there, 1),
            401 => assert_eq!(there, 0),
            other => panic!("{other}"),
        }
    }
}
