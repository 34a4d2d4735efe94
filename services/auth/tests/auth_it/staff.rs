use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp, app};

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

impl TestApp {
    /// The newest act of staff, after it was checked that there are so many.
    async fn act(&self, count: usize) -> Value {
        let mut acts = self.events("staff.acted").await;
        assert_eq!(acts.len(), count, "{acts:#?}");
        acts.pop().unwrap_or_default()
    }
}

#[tokio::test]
async fn each_act_is_told_once_and_what_failed_is_not() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let anna = app.register("anna@example.com").await;
    let path = format!("/api/users/{}", anna.id);
    let change = async |body: Value| admin.client.patch(&path).json(&body).send().await;

    let answer = change(json!({"role": "support"})).await;
    assert_eq!(
        app.act(1).await,
        json!({
            "actor": {"user_id": admin.id, "email": "admin@example.com", "role": "admin"},
            "through": "rest",
            "action": "user.change_role",
            "target": format!("user:{}", anna.id),
            "before": {"role": "customer"},
            "after": {"role": "support"},
            "ip": "127.0.0.1",
            "request_id": answer.header("x-request-id"),
        })
    );
    assert_eq!(
        app.events("user.role_changed").await,
        [json!({"user_id": anna.id, "before": "customer", "after": "support", "by": admin.id})]
    );
    assert_eq!(change(json!({"role": "support"})).await.status, 200);
    change(json!({"role": "king"}))
        .await
        .problem(422, "validation_failed");
    let own = format!("/api/users/{}", admin.id);
    admin
        .client
        .patch(&own)
        .json(&json!({"role": "customer"}))
        .send()
        .await
        .problem(409, "cannot_change_self");
    app.act(1).await;

    // Two changes in one request are two acts.
    let answer = change(json!({"role": "customer", "disabled": true})).await;
    assert_eq!(answer.status, 200);
    let act = app.act(3).await;
    assert_eq!(
        (&act["action"], &act["before"], &act["after"]),
        (
            &json!("user.disable"),
            &json!({"disabled": false}),
            &json!({"disabled": true})
        )
    );
    assert_eq!(change(json!({"disabled": false})).await.status, 200);
    assert_eq!(app.act(4).await["action"], "user.enable");
}

#[tokio::test]
async fn staff_see_one_user() {
    let app = app().await;
    let support = app.with_role("support@example.com", "support").await;
    let anna = app.register("anna@example.com").await;
    let path = format!("/api/users/{}", anna.id);
    let user = support.client.get(&path).expect(200).await.value();
    assert_eq!(
        (&user["id"], &user["email"], &user["disabled"]),
        (&json!(anna.id), &json!("anna@example.com"), &json!(false))
    );
    anna.client
        .get(&path)
        .send()
        .await
        .problem(403, "forbidden");
    support
        .client
        .get("/api/users/019f0000-0000-7000-8000-000000000000")
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn staff_end_a_users_sessions() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let support = app.with_role("support@example.com", "support").await;
    let anna = app.register("anna@example.com").await;
    let second = app.login("anna@example.com", PASSWORD).await;
    let path = format!("/api/users/{}/sessions", anna.id);
    for client in [&support.client, &anna.client] {
        client.delete(&path).send().await.problem(403, "forbidden");
    }
    for client in [&anna.client, &second.client] {
        let _ = client.get("/api/users/me").expect(200).await;
    }
    app.act(0).await;
    for _ in 0..2 {
        let _ = admin.client.delete(&path).expect(204).await;
    }
    for client in [&anna.client, &second.client] {
        client
            .get("/api/users/me")
            .send()
            .await
            .problem(401, "token_revoked");
    }
    let refresh = json!({"refresh_token": second.refresh});
    app.client()
        .post("/api/auth/refresh")
        .json(&refresh)
        .send()
        .await
        .problem(401, "invalid_refresh_token");
    let act = app.act(1).await;
    assert_eq!(
        (
            &act["action"],
            &act["target"],
            &act["before"],
            &act["after"]
        ),
        (
            &json!("user.end_sessions"),
            &json!(format!("user:{}", anna.id)),
            &json!({"sessions": 2}),
            &json!({"sessions": 0})
        )
    );
    app.login("anna@example.com", PASSWORD).await;
    let nobody = "/api/users/019f0000-0000-7000-8000-000000000000/sessions";
    admin
        .client
        .delete(nobody)
        .send()
        .await
        .problem(404, "not_found");
}

/// Each of two admins removes the other at the same moment: one is left, every time.
#[tokio::test]
async fn admins_who_remove_each_other_leave_one() {
    let app = app().await;
    app.with_role("a@example.com", "admin").await;
    app.with_role("b@example.com", "admin").await;
    let root = app.root().await;
    let removals = [json!({"role": "customer"}), json!({"disabled": true})];
    for round in 0..20 {
        sqlx::query("UPDATE users SET role = 'admin', disabled_at = NULL")
            .execute(&root)
            .await
            .unwrap();
        app.later(1);
        let a = app.login("a@example.com", PASSWORD).await;
        let b = app.login("b@example.com", PASSWORD).await;
        let remove = async |by: &testkit::http::Client, id: &str| {
            let body = &removals[round % 2];
            let path = format!("/api/users/{id}");
            by.patch(&path).json(body).send().await.status
        };
        let (by_a, by_b) = tokio::join!(remove(&a.client, &b.id), remove(&b.client, &a.id));
        let mut answers = [by_a, by_b];
        answers.sort_unstable();
        assert!(
            matches!(answers, [200, 401 | 403]),
            "round {round}: {answers:?}"
        );
        let left: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL",
        )
        .fetch_one(&root)
        .await
        .unwrap();
        assert_eq!(left, 1, "round {round}");
    }
}
