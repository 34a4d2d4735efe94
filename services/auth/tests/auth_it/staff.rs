use serde_json::json;

use crate::support::{PASSWORD, app};

#[tokio::test]
async fn staff_find_users_page_by_page() {
    let app = app().await;
    for n in 0..5 {
        app.register(&format!("user{n}@example.com")).await;
        app.later(1);
    }
    let support = app.with_role("support@example.com", "support").await;
    let first = support
        .client
        .get("/api/users?limit=4")
        .expect(200)
        .await
        .value();
    assert_eq!(first["data"].as_array().unwrap().len(), 4);
    assert_eq!(first["data"][0]["email"], "support@example.com");
    assert_eq!(first["data"][0]["disabled"], false);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = support
        .client
        .get(&format!("/api/users?limit=4&cursor={cursor}"))
        .expect(200)
        .await
        .value();
    assert_eq!(second["data"].as_array().unwrap().len(), 2);
    assert_eq!(second["next_cursor"], json!(null));

    let found = async |query: &str| {
        let list = support
            .client
            .get(&format!("/api/users?{query}"))
            .expect(200)
            .await
            .value();
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["email"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("q=USER3").await, ["user3@example.com"]);
    assert_eq!(
        found("q=schmidt&role=support").await,
        ["support@example.com"]
    );
    assert!(found("q=%25").await.is_empty(), "a pattern is just text");
    support
        .client
        .get("/api/users?limit=0&role=king&x=1")
        .send()
        .await
        .problem(422, "validation_failed");
    support
        .client
        .get("/api/users?cursor=nonsense")
        .send()
        .await
        .problem(422, "validation_failed");
}

#[tokio::test]
async fn only_staff_see_users_and_only_admins_change_them() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let seller = app.with_role("seller@example.com", "seller").await;
    let support = app.with_role("support@example.com", "support").await;
    let path = format!("/api/users/{}", anna.id);
    for client in [&anna.client, &seller.client] {
        client
            .get("/api/users")
            .send()
            .await
            .problem(403, "forbidden");
    }
    for client in [&anna.client, &seller.client, &support.client] {
        client
            .patch(&path)
            .json(&json!({"role": "admin"}))
            .send()
            .await
            .problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_new_role_refuses_tokens_of_the_old_one() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let anna = app.register("anna@example.com").await;
    let path = format!("/api/users/{}", anna.id);
    app.later(1);
    let changed = admin
        .client
        .patch(&path)
        .json(&json!({"role": "seller"}))
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&changed["role"], &changed["disabled"]),
        (&json!("seller"), &json!(false))
    );
    anna.client
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    app.later(1);
    let refreshed = app
        .client()
        .post("/api/auth/refresh")
        .json(&json!({"refresh_token": anna.refresh}))
        .expect(200)
        .await
        .value();
    let newer = app
        .client()
        .with_bearer(refreshed["tokens"]["access_token"].as_str().unwrap());
    assert_eq!(
        newer.get("/api/auth/verify").expect(200).await.value()["role"],
        "seller"
    );
    assert_eq!(app.events("user.updated").await[0]["role"], "seller");

    let _ = admin
        .client
        .patch(&path)
        .json(&json!({"role": "seller"}))
        .expect(200)
        .await;
    assert_eq!(app.events("user.updated").await.len(), 1, "nothing changed");
}

#[tokio::test]
async fn a_disabled_account_is_shut_until_it_is_opened() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let anna = app.register("anna@example.com").await;
    let path = format!("/api/users/{}", anna.id);
    let shut = admin
        .client
        .patch(&path)
        .json(&json!({"disabled": true}))
        .expect(200)
        .await
        .value();
    assert_eq!(shut["disabled"], true);
    anna.client
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    let refresh = json!({"refresh_token": anna.refresh});
    app.client()
        .post("/api/auth/refresh")
        .json(&refresh)
        .send()
        .await
        .problem(401, "invalid_refresh_token");
    let login = json!({"email": "anna@example.com", "password": PASSWORD});
    app.client()
        .post("/api/auth/login")
        .json(&login)
        .send()
        .await
        .problem(403, "account_disabled");
    let wrong = json!({"email": "anna@example.com", "password": "wrong"});
    app.client()
        .post("/api/auth/login")
        .json(&wrong)
        .send()
        .await
        .problem(401, "invalid_credentials");
    let _ = app
        .client()
        .post("/api/auth/password/forgot")
        .json(&json!({"email": "anna@example.com"}))
        .expect(202)
        .await;
    assert!(
        app.mails("anna@example.com", "reset_password")
            .await
            .is_empty()
    );
    assert_eq!(
        app.events("user.disabled").await,
        [json!({"user_id": anna.id})]
    );

    let _ = admin
        .client
        .patch(&path)
        .json(&json!({"disabled": false}))
        .expect(200)
        .await;
    app.login("anna@example.com", PASSWORD).await;
}

#[tokio::test]
async fn admins_cannot_lock_themselves_out() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let path = format!("/api/users/{}", admin.id);
    admin
        .client
        .patch(&path)
        .json(&json!({"disabled": true}))
        .send()
        .await
        .problem(409, "cannot_change_self");
    admin
        .client
        .patch(&path)
        .json(&json!({"role": "customer"}))
        .send()
        .await
        .problem(409, "cannot_change_self");
    let nobody = "/api/users/019f0000-0000-7000-8000-000000000000";
    admin
        .client
        .patch(nobody)
        .json(&json!({"role": "customer"}))
        .send()
        .await
        .problem(404, "not_found");
    admin
        .client
        .patch(nobody)
        .json(&json!({"role": "king"}))
        .send()
        .await
        .problem(422, "validation_failed");
}
