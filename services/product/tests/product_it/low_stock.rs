//! What the admin panel reads ready-made: which variants run low, and what a product said when staff decided on it.

use auth_token::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{World, variant};

impl World {
    /// The marks, after they were compared with all stock.
    async fn low(&self) -> Vec<(Uuid, bool)> {
        let noted: Vec<(Uuid, bool)> =
            sqlx::query_as("SELECT variant_id, sold_out FROM low_stock ORDER BY 1")
                .fetch_all(&self.pool)
                .await
                .unwrap();
        let found: Vec<(Uuid, bool)> = sqlx::query_as(
            "SELECT v.id, l.free <= 0 FROM product_variants v,
                    LATERAL (SELECT coalesce(sum(on_hand - reserved - owed), 0) AS free FROM stock_levels WHERE variant_id = v.id) l
              WHERE v.archived_at IS NULL AND l.free <= v.low_stock_threshold ORDER BY 1",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        assert_eq!(noted, found);
        noted
    }
}

#[tokio::test]
async fn what_runs_low_is_noted_when_it_does() {
    let world = World::new().await;
    let cup = world.product("CUP", 100, 10).await;
    let id: Uuid = variant(&cup).parse().unwrap();
    assert_eq!(world.low().await, []);
    let order = world.order_id();
    let _ = world
        .reserve(order, &[(variant(&cup), 5)])
        .await
        .expect(200);
    assert_eq!(world.low().await, [(id, false)]);
    let other = world.order_id();
    let _ = world
        .reserve(other, &[(variant(&cup), 5)])
        .await
        .expect(200);
    assert_eq!(world.low().await, [(id, true)]);
    for order in [order, other] {
        let release = format!("/internal/reservations/{order}/release");
        world.order_service().post(&release).expect(200).await;
        world.low().await;
    }
    assert_eq!(world.low().await, []);

    let admin = world.person(Role::Admin).client;
    let path = format!("/api/products/{}", cup["id"].as_str().unwrap());
    let stock = format!("{path}/stock");
    for (units, marks) in [(0, 1), (3, 1), (6, 0), (5, 1), (100, 0)] {
        admin
            .put(&stock)
            .json(&json!({"set": units}))
            .expect(200)
            .await;
        assert_eq!(world.low().await.len(), marks, "{units}");
    }
    let terms = |threshold: i32| json!({"low_stock_threshold": threshold});
    let path_of_terms = format!("{stock}/terms");
    admin
        .put(&path_of_terms)
        .json(&terms(100))
        .expect(200)
        .await;
    assert_eq!(world.low().await, [(id, false)]);
    admin.put(&path_of_terms).json(&terms(99)).expect(200).await;
    assert_eq!(world.low().await, []);
    admin.put(&stock).json(&json!({"set": 0})).expect(200).await;
    assert_eq!(world.low().await, [(id, true)]);
    admin.delete(&path).expect(204).await;
    assert_eq!(world.low().await, [], "nobody waits for what is archived");
    let _ = world.product("NEW", 100, 0).await;
    assert_eq!(world.low().await.len(), 1);
}

#[tokio::test]
async fn a_decision_keeps_what_the_product_said() {
    let world = World::new().await;
    let (admin, seller) = (
        world.person(Role::Admin).client,
        world.person(Role::Seller).client,
    );
    let body = |title: &str| json!({"title": title, "description": "Old", "sku": "CUP", "stock": 10, "price": {"amount": 100, "currency": "EUR"}});
    let made = seller
        .post("/api/products")
        .json(&body("Cup"))
        .expect(201)
        .await
        .value();
    let path = format!("/api/products/{}", made["id"].as_str().unwrap());
    let decision = async || -> Option<(bool, Value)> {
        sqlx::query_as("SELECT approved, content FROM product_decisions")
            .fetch_optional(&world.pool)
            .await
            .unwrap()
    };
    seller.post(&format!("{path}/submit")).expect(200).await;
    assert!(decision().await.is_none());
    let reject = format!("{path}/reject");
    admin
        .post(&reject)
        .json(&json!({"reason": "blurred"}))
        .expect(200)
        .await;
    let (approved, content) = decision().await.unwrap();
    assert!(!approved);
    assert_eq!(
        (&content["title"], &content["variants"][0]["price"]),
        (&json!("Cup"), &json!(100))
    );
    // As the panel's editor says it.
    let mended = json!({"title": "Better cup", "description": "Old", "slug": made["slug"], "attributes": {}, "tax_class": "standard",
        "seo": {"title": null, "description": null}, "sku": "CUP", "weight_grams": 300, "price": {"amount": 100, "currency": "EUR"}});
    let version = seller.get(&path).expect(200).await.value()["version"].clone();
    let put = seller
        .put(&path)
        .header("if-match", &format!("\"{version}\""));
    put.json(&mended).expect(200).await;
    assert_eq!(
        decision().await.unwrap().1["title"],
        "Cup",
        "as it was then"
    );
    admin.post(&format!("{path}/approve")).expect(200).await;
    let (approved, content) = decision().await.unwrap();
    assert_eq!((approved, &content["title"]), (true, &json!("Better cup")));
}
