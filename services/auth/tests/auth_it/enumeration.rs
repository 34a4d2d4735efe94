//! Nobody learns whether an address has an account: neither by the answer, nor by what is done for it.

use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp, app};

/// What an answer looks like from outside, and what it cost.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    shape: Value,
    statements: u64,
    hashes: u64,
}

/// Everything that differs from one person to the next, made the same.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| *key != "request_id")
            .map(|(key, value)| (key.clone(), shape(value)))
            .collect(),
        Value::String(text) if text.len() > 30 || text.contains('@') => json!("…"),
        other => other.clone(),
    }
}

async fn seen(app: &TestApp, path: &str, body: &Value) -> Seen {
    let before = app.backstage.password_hashes();
    let answer = app.client().post(path).json(body).send().await;
    let body = if answer.body.is_empty() {
        Value::Null
    } else {
        shape(&answer.value())
    };
    Seen {
        status: answer.status,
        shape: body,
        statements: answer.statement_count(),
        hashes: app.backstage.password_hashes() - before,
    }
}

/// Addresses that are verified, claimed once, claimed several times, shut, and unknown.
async fn addresses(app: &TestApp) -> [&'static str; 5] {
    let kinds = [
        "verified@example.com",
        "claimed@example.com",
        "disputed@example.com",
        "shut@example.com",
        "unknown@example.com",
    ];
    for email in &kinds[..4] {
        app.register(email).await;
    }
    app.register("disputed@example.com").await;
    for email in ["verified@example.com", "shut@example.com"] {
        let verify = json!({"token": app.mailed_token(email, "verify_email").await});
        let verify = app.client().post("/api/auth/email/verify").json(&verify);
        let _ = verify.expect(204).await;
    }
    let shut = "UPDATE users SET disabled_at = now() WHERE email = 'shut@example.com'";
    sqlx::query(shut).execute(&app.root().await).await.unwrap();
    kinds
}

async fn alike(path: &str, status: u16, hashes: u64, body: impl Fn(&str) -> Value) {
    let app = app().await;
    let mut all = Vec::new();
    for email in addresses(&app).await {
        all.push((email, seen(&app, path, &body(email)).await));
    }
    let (_, first) = &all[0];
    assert_eq!((first.status, first.hashes), (status, hashes), "{first:?}");
    for (email, seen) in &all {
        assert_eq!(seen, first, "{email}");
    }
}

#[tokio::test]
async fn signing_in_with_a_wrong_password() {
    let body = |email: &str| json!({"email": email, "password": "wrong"});
    alike("/api/auth/login", 401, 1, body).await;
}

#[tokio::test]
async fn registering() {
    let body = |email: &str| json!({"email": email, "password": PASSWORD, "name": "Anna"});
    alike("/api/auth/register", 201, 1, body).await;
}

#[tokio::test]
async fn forgetting_a_password() {
    let body = |email: &str| json!({"email": email});
    alike("/api/auth/password/forgot", 202, 0, body).await;
}

#[tokio::test]
async fn asking_for_the_mail_again() {
    let body = |email: &str| json!({"email": email});
    alike("/api/auth/email/resend", 202, 0, body).await;
}

/// The one who asks to change is signed in, and sees no difference either.
#[tokio::test]
async fn changing_to_an_address() {
    let app = app().await;
    let mut all = Vec::new();
    for email in addresses(&app).await {
        let me = app.register(&format!("me-and-{email}")).await;
        let change = me.client.post("/api/auth/email/change");
        let answer = change.json(&json!({"new_email": email})).expect(202).await;
        all.push((answer.statement_count(), answer.text()));
    }
    assert!(all.iter().all(|seen| *seen == all[0]), "{all:?}");
}
