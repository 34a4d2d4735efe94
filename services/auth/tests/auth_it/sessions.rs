use serde_json::json;

use crate::support::{PASSWORD, TestApp, app};

async fn refresh(app: &TestApp, token: &str) -> testkit::http::Answer {
    app.client()
        .post("/api/auth/refresh")
        .json(&json!({"refresh_token": token}))
        .send()
        .await
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_session() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let other_device = app.login("anna@example.com", PASSWORD).await;
    app.later(300);
    let second = refresh(&app, &anna.refresh).await.expect(200).value();
    let (access, token) = (
        second["tokens"]["access_token"].as_str().unwrap(),
        second["tokens"]["refresh_token"].as_str().unwrap(),
    );
    assert_ne!(token, anna.refresh);
    let newer = app.client().with_bearer(access);
    let _ = newer.get("/api/users/me").expect(200).await;

    refresh(&app, &anna.refresh)
        .await
        .problem(401, "refresh_token_reused");
    refresh(&app, token)
        .await
        .problem(401, "invalid_refresh_token");
    newer
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    anna.client
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    assert_eq!(
        app.mails("anna@example.com", "session_reuse").await.len(),
        1
    );
    refresh(&app, &anna.refresh)
        .await
        .problem(401, "refresh_token_reused");
    assert_eq!(
        app.mails("anna@example.com", "session_reuse").await.len(),
        1,
        "told once"
    );

    let _ = other_device.client.get("/api/users/me").expect(200).await;
    let _ = refresh(&app, &other_device.refresh).await.expect(200);
    refresh(&app, "nonsense")
        .await
        .problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn of_two_at_once_one_wins() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let (one, two) = tokio::join!(refresh(&app, &anna.refresh), refresh(&app, &anna.refresh));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "{} {}", one.text(), two.text());
}

#[tokio::test]
async fn sessions_end_when_not_used_for_long() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    app.later(29 * 24 * 3600);
    let second = refresh(&app, &anna.refresh).await.expect(200).value();
    app.later(31 * 24 * 3600);
    refresh(&app, second["tokens"]["refresh_token"].as_str().unwrap())
        .await
        .problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn sessions_end_after_ninety_days_however_often_they_are_used() {
    let app = app().await;
    let mut token = app.register("anna@example.com").await.refresh;
    for _ in 0..4 {
        app.later(20 * 24 * 3600);
        let tokens = refresh(&app, &token).await.value();
        token = tokens["tokens"]["refresh_token"]
            .as_str()
            .unwrap()
            .to_owned();
    }
    app.later(11 * 24 * 3600);
    refresh(&app, &token)
        .await
        .problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn signing_out_refuses_the_tokens() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let phone = app.login("anna@example.com", PASSWORD).await;
    let _ = anna.client.post("/api/auth/logout").expect(204).await;
    anna.client
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    anna.client
        .post("/api/auth/logout")
        .send()
        .await
        .problem(401, "token_revoked");
    refresh(&app, &anna.refresh)
        .await
        .problem(401, "invalid_refresh_token");
    let _ = phone.client.get("/api/users/me").expect(200).await;

    let tablet = app.login("anna@example.com", PASSWORD).await;
    let _ = phone.client.post("/api/auth/logout-all").expect(204).await;
    for device in [&phone, &tablet] {
        device
            .client
            .get("/api/users/me")
            .send()
            .await
            .problem(401, "token_revoked");
        refresh(&app, &device.refresh)
            .await
            .problem(401, "invalid_refresh_token");
    }
    let back = app.login("anna@example.com", PASSWORD).await;
    let _ = back.client.get("/api/users/me").expect(200).await;
}

#[tokio::test]
async fn sessions_can_be_seen_and_ended_one_by_one() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let phone = app.login("anna@example.com", PASSWORD).await;
    let bert = app.register("bert@example.com").await;

    let list = anna
        .client
        .get("/api/auth/sessions")
        .expect(200)
        .await
        .value();
    let sessions = list["data"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{list}");
    assert_eq!(
        sessions
            .iter()
            .filter(|session| session["current"] == true)
            .count(),
        1
    );
    let other = sessions
        .iter()
        .find(|session| session["current"] == false)
        .unwrap()["id"]
        .as_str()
        .unwrap();
    let path = format!("/api/auth/sessions/{other}");

    bert.client
        .delete(&path)
        .send()
        .await
        .problem(404, "not_found");
    let _ = phone.client.get("/api/users/me").expect(200).await;
    let _ = anna.client.delete(&path).expect(204).await;
    phone
        .client
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    anna.client
        .delete(&path)
        .send()
        .await
        .problem(404, "not_found");
    anna.client
        .delete("/api/auth/sessions/nonsense")
        .send()
        .await
        .problem(404, "not_found");
    assert_eq!(
        anna.client
            .get("/api/auth/sessions")
            .expect(200)
            .await
            .value()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
