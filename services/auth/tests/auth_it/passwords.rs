//! Which passwords are taken, and how they are kept.

use argon2::password_hash::phc::PasswordHash;
use serde_json::json;

use crate::support::{PASSWORD, TestApp, app};

async fn stored(app: &TestApp, id: &str) -> String {
    let hash = sqlx::query_scalar("SELECT password_hash FROM credentials WHERE user_id::text = $1");
    hash.bind(id).fetch_one(&app.root().await).await.unwrap()
}

async fn store(app: &TestApp, id: &str, hash: &str) {
    let set = "UPDATE credentials SET password_hash = $2 WHERE user_id::text = $1";
    let set = sqlx::query(set).bind(id).bind(hash);
    set.execute(&app.root().await).await.unwrap();
}

fn hashed(password: &str, salt: &[u8], memory: u32) -> String {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
    let params = Params::new(memory, 1, 1, Some(32)).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(password.as_bytes(), salt);
    hash.unwrap().to_string()
}

#[tokio::test]
async fn an_easy_password_is_refused_with_advice() {
    let app = app().await;
    let refused = async |password: &str, name: &str| {
        let body = json!({"email": "erika.gabler@example.com", "password": password, "name": name});
        let register = app.client().post("/api/auth/register").json(&body);
        let problem = register.send().await.problem(422, "validation_failed");
        let error = problem["errors"][0].clone();
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!("password"), &json!("weak_password"))
        );
        error["message"].as_str().unwrap().to_owned()
    };
    let message = refused("password", "Erika").await;
    assert!(message.contains("top-10 common password"), "{message}");
    assert!(message.contains("Add another word or two"), "{message}");
    // What somebody who knows the person, or the shop, tries.
    refused("erika.gabler", "Erika").await;
    refused("gabler123", "Erika").await;
    refused("Zwirnberg-1", "Zwirnberg").await;
    refused("shop.example", "Erika").await;
    refused("Mercato1", "Erika").await;
    assert!(app.events("user.registered").await.is_empty());
}

#[tokio::test]
async fn every_way_to_set_a_password_judges_it() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let change = json!({"current_password": PASSWORD, "new_password": "anna1234"});
    let change = anna.client.post("/api/auth/password/change").json(&change);
    let problem = change.send().await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "new_password");
    assert_eq!(problem["errors"][0]["code"], "weak_password");

    let forgot = json!({"email": "anna@example.com"});
    let forgot = app.client().post("/api/auth/password/forgot").json(&forgot);
    let _ = forgot.expect(202).await;
    let token = app.mailed_token("anna@example.com", "reset_password").await;
    let reset = |password: &str| {
        let body = json!({"token": token, "password": password});
        app.client()
            .post("/api/auth/password/reset")
            .json(&body)
            .send()
    };
    let problem = reset("anna1234").await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "weak_password");
    // The link is still good for a better one.
    let _ = reset("three green lanterns").await.expect(204);
}

#[tokio::test]
async fn a_hash_of_weaker_parameters_is_renewed_at_sign_in() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let first = stored(&app, &anna.id).await;
    let salt = PasswordHash::new(&first).unwrap().salt.unwrap();
    store(&app, &anna.id, &hashed(PASSWORD, &salt, 1024)).await;

    let wrong = json!({"email": "anna@example.com", "password": "wrong"});
    let wrong = app.client().post("/api/auth/login").json(&wrong);
    wrong.send().await.problem(401, "invalid_credentials");
    assert_ne!(stored(&app, &anna.id).await, first, "nothing was proved");
    assert_eq!(app.login("anna@example.com", PASSWORD).await.id, anna.id);
    assert_eq!(stored(&app, &anna.id).await, first);
    let before = app.backstage.password_hashes();
    app.login("anna@example.com", PASSWORD).await;
    assert_eq!(app.backstage.password_hashes() - before, 1, "once");
}

/// Of two sign-ins that renew at once, none fails.
#[tokio::test]
async fn renewing_twice_at_once_is_harmless() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    store(
        &app,
        &anna.id,
        &hashed(PASSWORD, b"quite another one", 1024),
    )
    .await;
    let (one, other) = tokio::join!(
        app.login("anna@example.com", PASSWORD),
        app.login("anna@example.com", PASSWORD)
    );
    assert_eq!(one.id, other.id);
}

/// Accounts from before addresses had salts, or that moved here with their own.
#[tokio::test]
async fn a_claim_with_another_salt_gets_that_of_the_address_at_sign_in() {
    let app = app().await;
    let email = "anna@example.com";
    let anna = app.register(email).await;
    let body = json!({"email": email, "password": "three green lanterns", "name": "Other"});
    let other = app.client().post("/api/auth/register").json(&body);
    let other = app.signed_in(&other.expect(201).await.value());
    let salt = |hash: &str| PasswordHash::new(hash).unwrap().salt.unwrap();
    let kept = stored(&app, &anna.id).await;
    assert_eq!(salt(&kept), salt(&stored(&app, &other.id).await));

    store(
        &app,
        &other.id,
        &hashed("three green lanterns", b"quite another one", 19456),
    )
    .await;
    assert_eq!(app.login(email, "three green lanterns").await.id, other.id);
    assert_eq!(salt(&stored(&app, &other.id).await), salt(&kept));
    assert_eq!(app.login(email, PASSWORD).await.id, anna.id);
}

/// What the migration does with the hashes of accounts that are there.
#[tokio::test]
async fn addresses_keep_the_salts_of_their_accounts() {
    let app = app().await;
    let root = app.root().await;
    for (index, length) in [8, 11, 16, 17, 18, 48].into_iter().enumerate() {
        let email = format!("{index}@example.com");
        let user = app.register(&email).await;
        let salt: Vec<u8> = (0..length).map(|byte| byte * 5 + 1).collect();
        store(&app, &user.id, &hashed(PASSWORD, &salt, 1024)).await;
        let backfill = include_str!("../../migrations/0003_address_claims.sql");
        let begin = backfill.find("INSERT INTO address_salts").unwrap();
        let backfill = &backfill[begin..begin + backfill[begin..].find(';').unwrap()];
        sqlx::raw_sql("DELETE FROM address_salts")
            .execute(&root)
            .await
            .unwrap();
        sqlx::raw_sql(backfill).execute(&root).await.unwrap();
        let kept: Vec<u8> = sqlx::query_scalar("SELECT salt FROM address_salts WHERE email = $1")
            .bind(&email)
            .fetch_one(&root)
            .await
            .unwrap();
        assert_eq!(kept, salt);
    }
}
