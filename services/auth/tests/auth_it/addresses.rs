use serde_json::{Value, json};

use crate::support::{app, fields};

const PATH: &str = "/api/users/me/addresses";

fn address() -> Value {
    json!({"name": "Anna Schmidt", "line1": "Lindenstraße 1", "city": "Berlin", "postal_code": "10969", "country": "de"})
}

#[tokio::test]
async fn addresses_are_kept_changed_and_deleted() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let created = anna
        .client
        .post(PATH)
        .json(&address())
        .expect(201)
        .await
        .value();
    assert_eq!(
        (
            &created["country"],
            &created["line2"],
            &created["is_default_shipping"]
        ),
        (&json!("DE"), &json!(null), &json!(true))
    );
    let one = format!("{PATH}/{}", created["id"].as_str().unwrap());

    let mut change = address();
    change["line2"] = "Hinterhaus".into();
    change["is_default_billing"] = true.into();
    let changed = anna
        .client
        .put(&one)
        .json(&change)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (
            &changed["id"],
            &changed["line2"],
            &changed["is_default_billing"]
        ),
        (&created["id"], &json!("Hinterhaus"), &json!(true))
    );
    let list = anna.client.get(PATH).expect(200).await.value();
    assert_eq!(list, json!({"data": [changed], "next_cursor": null}));

    let _ = anna.client.delete(&one).expect(204).await;
    anna.client
        .delete(&one)
        .send()
        .await
        .problem(404, "not_found");
    anna.client
        .put(&one)
        .json(&address())
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn there_is_one_default() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let mut default = address();
    default["is_default_shipping"] = true.into();
    let first = anna
        .client
        .post(PATH)
        .json(&default)
        .expect(201)
        .await
        .value();
    let second = anna
        .client
        .post(PATH)
        .json(&default)
        .expect(201)
        .await
        .value();
    let defaults = async || -> Vec<Value> {
        let list = anna.client.get(PATH).expect(200).await.value();
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|a| a["is_default_shipping"] == true)
            .map(|a| a["id"].clone())
            .collect()
    };
    assert_eq!(defaults().await, [second["id"].clone()]);
    let one = format!("{PATH}/{}", first["id"].as_str().unwrap());
    let _ = anna.client.put(&one).json(&default).expect(200).await;
    assert_eq!(defaults().await, [first["id"].clone()]);
    // Not told: it stays the default.
    let _ = anna.client.put(&one).json(&address()).expect(200).await;
    assert_eq!(defaults().await, [first["id"].clone()]);
}

#[tokio::test]
async fn nobody_reaches_the_addresses_of_others() {
    let app = app().await;
    let (anna, bert) = (
        app.register("anna@example.com").await,
        app.register("bert@example.com").await,
    );
    let created = anna
        .client
        .post(PATH)
        .json(&address())
        .expect(201)
        .await
        .value();
    let one = format!("{PATH}/{}", created["id"].as_str().unwrap());
    bert.client
        .put(&one)
        .json(&address())
        .send()
        .await
        .problem(404, "not_found");
    bert.client
        .delete(&one)
        .send()
        .await
        .problem(404, "not_found");
    assert_eq!(
        bert.client.get(PATH).expect(200).await.value()["data"],
        json!([])
    );
    assert_eq!(
        anna.client.get(PATH).expect(200).await.value()["data"][0],
        created
    );
}

#[tokio::test]
async fn bad_addresses_are_told_field_by_field() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let bad = json!({"name": "", "line1": "x".repeat(201), "city": "a\nb", "postal_code": "1", "country": "XX", "phone": 5, "planet": "Mars"});
    let problem = anna
        .client
        .post(PATH)
        .json(&bad)
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(
        fields(&problem),
        ["city", "country", "line1", "name", "phone", "planet"],
        "{problem}"
    );
}

#[tokio::test]
async fn there_is_an_end_to_addresses() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    for _ in 0..50 {
        let _ = anna.client.post(PATH).json(&address()).expect(201).await;
    }
    anna.client
        .post(PATH)
        .json(&address())
        .send()
        .await
        .problem(409, "too_many_addresses");
}

#[tokio::test]
async fn the_first_address_is_the_default_and_passes_it_on_when_it_goes() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let save = async |body: Value| {
        // Ids sort by time.
        app.later(1);
        anna.client.post(PATH).json(&body).expect(201).await.value()
    };
    let defaults = async || -> Vec<(Value, Value)> {
        let list = anna.client.get(PATH).expect(200).await.value();
        let all = list["data"].as_array().unwrap().iter();
        all.map(|a| {
            (
                a["is_default_shipping"].clone(),
                a["is_default_billing"].clone(),
            )
        })
        .collect()
    };
    let both = (json!(true), json!(true));
    let neither = (json!(false), json!(false));
    let first = save(address()).await;
    save(address()).await;
    save(address()).await;
    assert_eq!(
        defaults().await,
        [both.clone(), neither.clone(), neither.clone()]
    );
    let one = format!("{PATH}/{}", first["id"].as_str().unwrap());
    let _ = anna.client.delete(&one).expect(204).await;
    assert_eq!(defaults().await, [neither, both]);

    let bert = app.register("bert@example.com").await;
    let mut told = address();
    told["is_default_shipping"] = false.into();
    let saved = bert.client.post(PATH).json(&told).expect(201).await.value();
    assert_eq!(
        (&saved["is_default_shipping"], &saved["is_default_billing"]),
        (&json!(false), &json!(true))
    );
}

#[tokio::test]
async fn an_address_is_checked_by_the_rules_of_its_country() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let bad = json!({"name": "Ann", "line1": " ", "city": "", "postal_code": "ABC", "country": "US", "phone": "none"});
    let problem = anna
        .client
        .post(PATH)
        .json(&bad)
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(
        fields(&problem),
        ["city", "line1", "phone", "postal_code", "region"],
        "{problem}"
    );
    let told = problem["errors"].to_string();
    assert!(told.contains("such as 95014"), "{told}");
    assert!(told.contains("is required: a state of US"), "{told}");

    let good = json!({"name": "Ann", "line1": "1 Main St", "city": "San Francisco", "region": "California",
        "postal_code": "941051234", "country": "us", "line2": ""});
    let saved = anna.client.post(PATH).json(&good).expect(201).await.value();
    assert_eq!(
        (&saved["region"], &saved["postal_code"], &saved["line2"]),
        (&json!("CA"), &json!("94105-1234"), &json!(null))
    );
    let abroad =
        json!({"name": "Li", "line1": "1 Nathan Road", "region": "Kowloon", "country": "HK"});
    let saved = anna
        .client
        .post(PATH)
        .json(&abroad)
        .expect(201)
        .await
        .value();
    assert_eq!(
        (&saved["city"], &saved["postal_code"]),
        (&json!(""), &json!(""))
    );
    // What was read may be sent back.
    let one = format!("{PATH}/{}", saved["id"].as_str().unwrap());
    let same = anna.client.put(&one).json(&saved).expect(200).await.value();
    assert_eq!(same, saved);
}
