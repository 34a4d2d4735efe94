//! The category tree.

use auth_token::Role;
use serde_json::{Value, json};

use crate::world::{World, keys};

#[tokio::test]
async fn the_tree_counts_public_products_of_each_branch() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let create = async |body: Value| {
        admin
            .post("/api/categories")
            .json(&body)
            .expect(201)
            .await
            .value()
    };
    let books = create(json!({"name": "Books"})).await;
    let novels =
        create(json!({"name": "Novels", "parent_id": books["id"], "slug": "novels"})).await;
    create(json!({"name": "Atlases", "parent_id": books["id"], "position": -1})).await;
    for (sku, status) in [("A", "active"), ("B", "active"), ("C", "draft")] {
        let price = json!({"amount": 1, "currency": "EUR"});
        world.product_of(&json!({"title": sku, "description": "", "sku": sku, "price": price, "category_id": novels["id"], "status": status})).await;
    }
    let answer = world.guest().get("/api/categories").expect(200).await;
    assert_eq!(answer.statement_count(), 1);
    let tree = answer.value();
    assert_eq!(
        keys(&tree["data"][0]),
        [
            "children",
            "id",
            "image",
            "name",
            "parent_id",
            "product_count",
            "slug"
        ]
    );
    assert_eq!(tree["data"][0]["product_count"], 2);
    let children: Vec<_> = tree["data"][0]["children"]
        .as_array()
        .unwrap()
        .iter()
        .map(|child| (&child["slug"], &child["product_count"]))
        .collect();
    assert_eq!(
        children,
        [
            (&json!("atlases"), &json!(0)),
            (&json!("novels"), &json!(2))
        ]
    );
    let product = world
        .guest()
        .get("/api/products/a")
        .expect(200)
        .await
        .value();
    assert_eq!(
        product["category"],
        json!({"id": novels["id"], "slug": "novels", "name": "Novels"})
    );

    let path = format!("/api/categories/{}", novels["id"].as_str().unwrap());
    admin
        .delete(&path)
        .send()
        .await
        .problem(409, "category_not_empty");
    admin
        .delete(&format!(
            "/api/categories/{}",
            books["id"].as_str().unwrap()
        ))
        .send()
        .await
        .problem(409, "category_not_empty");
    admin
        .post("/api/categories")
        .json(&json!({"name": "Books"}))
        .send()
        .await
        .problem(409, "slug_taken");
    admin
        .post("/api/categories")
        .json(&json!({"name": "X", "slug": "Ä"}))
        .send()
        .await
        .problem(422, "validation_failed");
    let cycle = json!({"name": "Books", "parent_id": novels["id"]});
    let problem = admin
        .put(&format!(
            "/api/categories/{}",
            books["id"].as_str().unwrap()
        ))
        .json(&cycle)
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "cycle");
    let moved = admin
        .put(&path)
        .header("if-match", "\"1\"")
        .json(&json!({"name": "Fiction"}))
        .expect(200)
        .await;
    assert_eq!(
        (&moved.value()["slug"], moved.header("etag")),
        (&json!("novels"), "\"2\"")
    );
    admin
        .put(&path)
        .header("if-match", "\"1\"")
        .json(&json!({"name": "Fiction"}))
        .send()
        .await
        .problem(412, "stale_version");
    admin
        .put(&path)
        .json(&json!({"name": "Fiction", "slug": "books"}))
        .send()
        .await
        .problem(409, "slug_taken");
    assert_eq!(
        world
            .guest()
            .get("/api/categories/novels")
            .expect(200)
            .await
            .value()["parent_id"],
        Value::Null
    );
    world
        .guest()
        .get("/api/categories/nothing")
        .send()
        .await
        .problem(404, "not_found");
    let atlases = tree["data"][0]["children"][0]["id"].as_str().unwrap();
    admin
        .delete(&format!("/api/categories/{atlases}"))
        .expect(204)
        .await;
    admin
        .delete(&format!("/api/categories/{atlases}"))
        .send()
        .await
        .problem(404, "not_found");
}
