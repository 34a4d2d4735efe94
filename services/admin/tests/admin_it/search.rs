//! One box finds everything.

use auth_token::Role;
use serde_json::Value;
use sqlx::types::Json;

use crate::html::{assert_hides, assert_shows};
use crate::panel::Panel;
use crate::seed::NewOrder;

#[tokio::test]
async fn one_exact_hit_is_opened_at_once() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let order = panel.order(NewOrder::default()).await;
    let _ = panel
        .order(NewOrder {
            email: "other@example.com",
            ..NewOrder::default()
        })
        .await;
    let _ = panel.shipment(order.id, "shipped").await;
    for sql in [
        "UPDATE shipments SET tracking_number = '1Z999AA10123456784' WHERE order_id = $1",
        "UPDATE payments SET session_ref = 'cs_test_1' WHERE order_id = $1",
    ] {
        let change = sqlx::query(sql).bind(order.id.uuid());
        change.execute(&panel.order_db).await.unwrap();
    }
    let product = panel.product("Blue lamp", "active", &[3]).await;
    let (variant, sku): (uuid::Uuid, String) =
        sqlx::query_as("UPDATE product_variants SET barcode = '4006381333931' WHERE product_id = $1 RETURNING id, sku")
            .bind(product)
            .fetch_one(&panel.product_db)
            .await
            .unwrap();
    let anna = panel.account(Role::Customer).await;
    let coupon = panel.id();
    sqlx::query("INSERT INTO coupons (id, code, kind, percent, created_at) VALUES ($1, 'SPRING', 'percent', 10, now())")
        .bind(coupon)
        .execute(&panel.order_db)
        .await
        .unwrap();
    let the_order = format!("/admin/orders/{}", order.id);
    let the_product = format!("/admin/products/{product}");
    let anna_page = format!("/admin/customers/{}", anna.id);
    for (q, path) in [
        (order.number.clone(), &the_order),
        (format!("#{}", order.number), &the_order),
        (order.id.to_string(), &the_order),
        (order.payment.to_string(), &the_order),
        (format!("pi_{}", order.payment), &the_order),
        ("cs_test_1".to_owned(), &the_order),
        ("1Z 999 AA1 0123456784".to_owned(), &the_order),
        (" 1Z999AA10123456784 ".to_owned(), &the_order),
        ("GUEST@example.com".to_owned(), &the_order),
        (sku.to_uppercase(), &the_product),
        ("4006381333931".to_owned(), &the_product),
        (variant.to_string(), &the_product),
        (anna.email.to_string(), &anna_page),
        (anna.id.to_string(), &anna_page),
        ("spring".to_owned(), &format!("/admin/coupons/{coupon}")),
        ("1z999aa10123456784".to_owned(), &the_order),
    ] {
        let query = [("q", q.as_str())];
        let query: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace('#', "%23").replace(' ', "+")))
            .collect();
        let answer = staff
            .get(&format!("/admin/search?{}", query.join("&")))
            .expect(303)
            .await;
        assert_eq!(answer.header("location"), path, "{q}");
    }
}

#[tokio::test]
async fn several_hits_stand_in_groups_and_lead_to_their_lists() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    for _ in 0..8 {
        let _ = panel
            .order(NewOrder {
                email: "lover@example.com",
                sku: "LAMP",
                ..NewOrder::default()
            })
            .await;
    }
    for title in ["Blue lamp", "Red <b>lamp", "Table"] {
        let _ = panel.product(title, "active", &[3]).await;
    }
    let page = staff.page("/admin/search?q=lamp").await;
    assert_shows(
        &page,
        &[
            "“lamp”",
            "Products",
            "Blue lamp",
            "Orders all 8 in orders",
            "lover@example.com",
        ],
    );
    assert_hides(&page, &["Table"]);
    assert!(page.contains("Red &#60;b&#62;lamp"));
    assert!(page.contains("href=\"/admin/orders?q=lamp\""));
    // Written in the list, too.
    let list = staff.page("/admin/orders?q=lamp").await;
    assert_shows(&list, &["lover@example.com"]);
    // An account and its orders: whom did they mean?
    let user = panel.account(Role::Customer).await;
    let _ = panel
        .order(NewOrder {
            email: user.email.as_str(),
            ..NewOrder::default()
        })
        .await;
    let both = staff.page(&format!("/admin/search?q={}", user.email)).await;
    assert_shows(&both, &["Customers", "Somebody in customer", "Orders"]);
    assert_shows(
        &staff.page("/admin/search?q=nothing+like+it").await,
        &["Nothing was found", "three letters"],
    );
    assert_shows(
        &staff.page("/admin/search?q=+").await,
        &["What are you looking for?"],
    );
    assert_shows(
        &staff.page("/admin/search?q=50%25_%5C").await,
        &["Nothing was found"],
    );
    assert_shows(
        &staff.page("/admin/search?q=99999999999999999999").await,
        &["Nothing was found"],
    );
    let home = staff.page("/admin/orders").await;
    assert!(
        home.contains("action=\"/admin/search\""),
        "the box leads there"
    );
    let anybody = panel.client.get("/admin/search?q=lamp").expect(303).await;
    assert!(anybody.header("location").starts_with("/admin/login"));
}

#[tokio::test]
async fn of_many_orders_the_newest_are_shown() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let month = std::time::Duration::from_secs(31 * 24 * 3600);
    let now = panel.clock.now();
    // The oldest are written last, so that they do not stand last by chance.
    let mut numbers = Vec::new();
    for ago in 0..8 {
        let order = NewOrder {
            email: "anna.ek@example.com",
            sku: "MANY",
            placed_at: Some(now - ago * month),
            ..NewOrder::default()
        };
        numbers.push(panel.order(order).await.number);
    }
    for q in ["anna.e", "many"] {
        let page = staff.page(&format!("/admin/search?q={q}")).await;
        assert_shows(&page, &[&numbers[0], &numbers[5], "all 8 in orders"]);
        assert_hides(&page, &[&numbers[6], &numbers[7]]);
    }
}

/// Common words are found by walking, rare ones in an index; which is which only statistics say, and the panel's rights on single columns would hide them.
#[tokio::test]
async fn how_common_words_are_is_known_to_the_planner() {
    let panel = Panel::open().await;
    let _ = panel.product("Lamp", "active", &[]).await;
    let filled = [
        (
            &panel.auth_db,
            "INSERT INTO users (id, email, name, role, created_at, updated_at)
             SELECT gen_random_uuid(), 'person-' || n || '@common.example', 'Somebody', 'customer', now(), now() FROM generate_series(1, 3000) n",
        ),
        (&panel.auth_db, "ANALYZE users"),
        (
            &panel.product_db,
            "INSERT INTO products (id, seller_id, category_id, slug, title, description, status, currency, price_min, price_max, skus, created_at, updated_at)
             SELECT gen_random_uuid(), seller_id, category_id, 'lamp-' || n, 'Common lamp-' || n, '', status, currency, price_min, price_max, '', created_at, updated_at
               FROM products, generate_series(1, 3000) n",
        ),
        (
            &panel.product_db,
            "INSERT INTO reviews (id, product_id, user_id, author_name, rating, title, body, created_at, updated_at)
             SELECT gen_random_uuid(), id, gen_random_uuid(), 'Anna', 5, 'As it should be', 'A ' || title, now(), now() FROM products",
        ),
        (&panel.product_db, "ANALYZE products, reviews"),
    ];
    for (db, sql) in filled {
        let _ = sqlx::query(sql).execute(db).await.unwrap();
    }
    let auth = panel.auth.pool_as("admin_service").await;
    let product = panel.product.pool_as("admin_service").await;
    for (db, sql) in [
        (
            &auth,
            "EXPLAIN (FORMAT JSON) SELECT id FROM user_words WHERE words ILIKE $1",
        ),
        (
            &product,
            "EXPLAIN (FORMAT JSON) SELECT id FROM product_words WHERE words ILIKE $1",
        ),
        (
            &product,
            "EXPLAIN (FORMAT JSON) SELECT id FROM review_words WHERE words ILIKE $1",
        ),
    ] {
        for (word, likely) in [("%common%", 2_900..=3_100), ("%-1234%", 1..=100)] {
            let Json(plan): Json<Value> = sqlx::query_scalar(sql)
                .bind(word)
                .persistent(false)
                .fetch_one(db)
                .await
                .unwrap();
            let rows = plan[0]["Plan"]["Plan Rows"].as_i64().unwrap();
            assert!(likely.contains(&rows), "{sql}, {word}: {rows}");
        }
    }
}
