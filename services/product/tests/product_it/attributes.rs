//! Typed attributes: defined by categories, checked at products.

use auth_token::Role;
use serde_json::{Value, json};
use testkit::http::Client;

use crate::world::World;

async fn category(admin: &Client, body: Value) -> String {
    let made = admin
        .post("/api/categories")
        .json(&body)
        .expect(201)
        .await
        .value();
    made["id"].as_str().unwrap().to_owned()
}

/// Defines a category's attributes, whatever its version.
async fn define(admin: &Client, id: &str, attributes: Value) -> testkit::http::Answer {
    let path = format!("/api/categories/{id}/attributes");
    let read = admin.get(&path).expect(200).await;
    admin
        .put(&path)
        .header("if-match", read.header("etag"))
        .json(&json!({ "attributes": attributes }))
        .send()
        .await
}

fn thing(sku: &str, category: &str, attributes: Value) -> Value {
    json!({"title": format!("Thing {sku}"), "description": "", "sku": sku, "price": {"amount": 100, "currency": "EUR"},
        "category_id": category, "attributes": attributes})
}

/// `(field, code)` of each bad field.
fn wrong(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            (
                error["field"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn products_are_as_their_category_and_those_above_it_ask() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let clothes = category(&admin, json!({"name": "Clothes"})).await;
    let shirts = category(&admin, json!({"name": "Shirts", "parent_id": clothes})).await;
    let defined = define(
        &admin,
        &clothes,
        json!([{"key": "material", "kind": "text", "required": true, "label": "Material"},
               {"key": "weight", "kind": "number", "unit": "g"}]),
    )
    .await;
    assert_eq!(defined.status, 200, "{}", defined.text());
    assert!(defined.header("etag").starts_with("\"2-"));
    let own = json!([{"key": "fit", "kind": "choice", "choices": ["slim", "wide"]}, {"key": "organic", "kind": "boolean", "filterable": false}]);
    assert_eq!(define(&admin, &shirts, own).await.status, 200);

    let told = world
        .guest()
        .get("/api/categories/shirts/attributes")
        .expect(200)
        .await
        .value();
    let keys: Vec<_> = told["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (&a["key"], &a["inherited"], &a["label"], &a["unit"]))
        .collect();
    assert_eq!(
        keys,
        [
            (
                &json!("material"),
                &json!(true),
                &json!("Material"),
                &Value::Null
            ),
            (
                &json!("weight"),
                &json!(true),
                &json!("weight"),
                &json!("g")
            ),
            (&json!("fit"), &json!(false), &json!("fit"), &Value::Null),
            (
                &json!("organic"),
                &json!(false),
                &json!("organic"),
                &Value::Null
            ),
        ]
    );

    let seller = world.person(Role::Seller).client;
    let bad = json!({"weight": "180 g", "fit": "tight", "organic": "yes", "washing": "cold", "length": 70.5});
    let problem = seller
        .post("/api/products")
        .json(&thing("A", &shirts, bad))
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(
        wrong(&problem),
        [
            ("attributes.fit", "unknown_choice"),
            ("attributes.material", "required"),
            ("attributes.organic", "wrong_type"),
            ("attributes.weight", "wrong_type")
        ]
    );
    let good = json!({"material": "linen", "weight": 180.5, "fit": "slim", "organic": true, "washing": "cold", "pockets": 2});
    let product = seller
        .post("/api/products")
        .json(&thing("A", &shirts, good.clone()))
        .expect(201)
        .await
        .value();
    assert_eq!(product["attributes"], good, "each keeps its type");
    // The same on update; without the category everything is free.
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    let mut body = thing("A", &shirts, json!({"fit": 1}));
    let problem = seller
        .put(&path)
        .header("if-match", "\"1\"")
        .json(&body)
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(
        wrong(&problem),
        [
            ("attributes.fit", "wrong_type"),
            ("attributes.material", "required")
        ]
    );
    body["category_id"] = Value::Null;
    seller
        .put(&path)
        .header("if-match", "\"1\"")
        .json(&body)
        .expect(200)
        .await;
    let nested = thing(
        "B",
        &shirts,
        json!({"material": {"warp": "linen"}, "fit": [], "weight": null}),
    );
    let problem = seller
        .post("/api/products")
        .json(&nested)
        .send()
        .await
        .problem(422, "validation_failed");
    let fields: Vec<_> = wrong(&problem)
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(
        fields,
        ["attributes.fit", "attributes.material", "attributes.weight"]
    );
}

#[tokio::test]
async fn definitions_are_checked_and_guarded() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let id = category(&admin, json!({"name": "Lamps"})).await;
    let bad = json!([{"key": "Size", "kind": "text"}, {"key": "a", "kind": "tint"}]);
    let problem = define(&admin, &id, bad)
        .await
        .problem(422, "validation_failed");
    let fields: Vec<_> = wrong(&problem)
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(fields, ["attributes[0].key", "attributes[1].kind"]);
    let bad = json!([{"key": "a", "kind": "choice"}, {"key": "a", "kind": "text", "unit": "cm", "choices": ["x"]}]);
    let problem = define(&admin, &id, bad)
        .await
        .problem(422, "validation_failed");
    assert_eq!(
        wrong(&problem),
        [
            ("attributes[0].choices", "required"),
            ("attributes[1].key", "duplicate"),
            ("attributes[1].unit", "not_allowed"),
            ("attributes[1].choices", "not_allowed"),
        ]
    );
    let path = format!("/api/categories/{id}/attributes");
    let body = json!({"attributes": [{"key": "watts", "kind": "number"}]});
    admin
        .put(&path)
        .json(&body)
        .send()
        .await
        .problem(428, "precondition_required");
    admin
        .put(&path)
        .header("if-match", "\"9\"")
        .json(&body)
        .send()
        .await
        .problem(412, "stale_version");
    let read = admin.get(&path).expect(200).await;
    let set = admin
        .put(&path)
        .header("if-match", read.header("etag"))
        .json(&body)
        .expect(200)
        .await;
    assert_eq!(set.value()["version"], 2);
    assert_eq!(
        world.event("category.changed").await["version"],
        2,
        "readers drop what they cached"
    );
    assert_eq!(
        world.event("staff.acted").await["action"],
        "category.define"
    );
}

#[tokio::test]
async fn what_products_contradict_is_refused_and_named() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let top = category(&admin, json!({"name": "Tools"})).await;
    let saws = category(&admin, json!({"name": "Saws", "parent_id": top})).await;
    let product = admin
        .post("/api/products")
        .json(&thing(
            "A",
            &saws,
            json!({"teeth": "many", "blade": "steel"}),
        ))
        .expect(201)
        .await
        .value();
    for (rule, code) in [
        (json!({"key": "teeth", "kind": "number"}), "wrong_type"),
        (
            json!({"key": "blade", "kind": "choice", "choices": ["bronze"]}),
            "unknown_choice",
        ),
        (
            json!({"key": "length", "kind": "number", "required": true}),
            "required",
        ),
    ] {
        let problem = define(&admin, &top, json!([rule]))
            .await
            .problem(409, "products_contradict");
        assert_eq!(problem["count"], 1);
        assert_eq!(
            problem["contradictions"][0],
            json!({"product_id": product["id"], "title": "Thing A", "field": format!("attributes.{}", rule["key"].as_str().unwrap()), "code": code})
        );
    }
    let fits = json!([{"key": "teeth", "kind": "text"}, {"key": "blade", "kind": "choice", "choices": ["steel", "bronze"], "required": true},
        {"key": "length", "kind": "number"}]);
    assert_eq!(define(&admin, &top, fits).await.status, 200);
    // One attribute is defined once on the way down.
    let problem = define(&admin, &saws, json!([{"key": "teeth", "kind": "text"}]))
        .await
        .problem(409, "attribute_defined_twice");
    assert_eq!(
        problem["attributes"],
        json!([{"key": "teeth", "above": top, "below": saws}])
    );
    // A move brings what holds above, too.
    let strict = category(&admin, json!({"name": "Strict"})).await;
    let handle = json!([{"key": "handle", "kind": "text", "required": true}]);
    assert_eq!(define(&admin, &strict, handle).await.status, 200);
    let problem = admin
        .put(&format!("/api/categories/{saws}"))
        .json(&json!({"name": "Saws", "parent_id": strict}))
        .send()
        .await
        .problem(409, "products_contradict");
    assert_eq!(problem["contradictions"][0]["field"], "attributes.handle");
    // What is deleted asks nothing more.
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    admin.delete(&path).expect(204).await;
    let teeth = json!([{"key": "teeth", "kind": "number"}]);
    assert_eq!(define(&admin, &top, teeth).await.status, 200);
}

/// A rule and a product that contradicts it, at the same moment: one of the two is refused, always.
#[tokio::test]
async fn a_rule_and_a_product_that_contradicts_it_never_both_pass() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    for round in 0..12 {
        let top = category(&admin, json!({"name": format!("Top {round}")})).await;
        let leaf = category(
            &admin,
            json!({"name": format!("Leaf {round}"), "parent_id": top}),
        )
        .await;
        let body = thing(&format!("S-{round}"), &leaf, json!({"size": "large"}));
        let create = admin.post("/api/products").json(&body).send();
        let size = define(&admin, &top, json!([{"key": "size", "kind": "number"}]));
        let (created, defined) = tokio::join!(create, size);
        match (created.status, defined.status) {
            (201, 409) | (422, 200) => {}
            other => panic!("round {round}: {other:?}"),
        }
    }
}
