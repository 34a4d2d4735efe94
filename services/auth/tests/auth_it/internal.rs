use serde_json::json;

use crate::support::app;

#[tokio::test]
async fn services_look_users_and_addresses_up() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let body = json!({"ids": [anna.id, "019f0000-0000-7000-8000-000000000000"]});
    let found = app
        .service()
        .post("/internal/users/lookup")
        .json(&body)
        .expect(200)
        .await
        .value();
    let expected = json!({"id": anna.id, "email": "anna@example.com", "email_verified": false, "name": "Anna Schmidt", "role": "customer", "closed": false});
    assert_eq!(found, json!({"users": [expected]}));

    let address =
        json!({"name": "A", "line1": "B", "city": "C", "postal_code": "10969", "country": "DE"});
    let saved = anna
        .client
        .post("/api/users/me/addresses")
        .json(&address)
        .expect(201)
        .await
        .value();
    let path = format!(
        "/internal/users/{}/addresses/{}",
        anna.id,
        saved["id"].as_str().unwrap()
    );
    let found = app.service().get(&path).expect(200).await.value();
    assert_eq!((&found["id"], &found["city"]), (&saved["id"], &json!("C")));
    let bert = app.register("bert@example.com").await;
    let path = format!(
        "/internal/users/{}/addresses/{}",
        bert.id,
        saved["id"].as_str().unwrap()
    );
    app.service()
        .get(&path)
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn nobody_else_gets_in() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let elsewhere = app.order.token("product", None).unwrap();
    for client in [
        app.anonymous_service(),
        app.anonymous_service().with_bearer(&admin.access),
        app.anonymous_service().with_bearer(&elsewhere),
    ] {
        let lookup = json!({"ids": []});
        client
            .post("/internal/users/lookup")
            .json(&lookup)
            .send()
            .await
            .problem(401, "unauthenticated");
        client
            .post("/internal/staff/login")
            .json(&json!({}))
            .send()
            .await
            .problem(401, "unauthenticated");
        let address = format!("/internal/users/{0}/addresses/{0}", admin.id);
        client
            .get(&address)
            .send()
            .await
            .problem(401, "unauthenticated");
    }
    app.client()
        .post("/internal/users/lookup")
        .send()
        .await
        .problem(404, "not_found");
}
