//! Products: the list with what can be done in it, and the queue for approval.

use auth_token::Role;
use primitives::Money;
use serde_json::{Value, json};
use testkit::http::Answer;
use uuid::Uuid;

use crate::html::{assert_hides, assert_shows, value_of};
use crate::panel::{Panel, Staff};

fn rows_of(page: &str) -> usize {
    page.matches("<td><div class=\"what\">").count()
}

impl Panel {
    /// The variants of a product, in their order.
    async fn variants(&self, product: Uuid) -> Vec<Uuid> {
        sqlx::query_scalar(
            "SELECT id FROM product_variants WHERE product_id = $1 ORDER BY position",
        )
        .bind(product)
        .fetch_all(&self.product_db)
        .await
        .unwrap()
    }

    /// A movement of stock of a variant so many days ago.
    async fn moved(&self, variant: Uuid, kind: &str, on_hand: i32, days: i32) {
        sqlx::query(
            "INSERT INTO stock_movements (id, variant_id, location_id, kind, on_hand_delta, reserved_delta, order_id, created_at)
             SELECT $1, $2, id, $3, $4, 0, $1, $5::timestamptz - make_interval(days => $6) FROM stock_locations",
        )
        .bind(self.id())
        .bind(variant)
        .bind(kind)
        .bind(on_hand)
        .bind(self.clock.now())
        .bind(days)
        .execute(&self.product_db)
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn products_are_listed_with_what_there_is_and_what_was_sold() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    assert_shows(
        &admin.page("/admin/products").await,
        &["Nothing to sell yet"],
    );
    let lamp = panel.product("Blue lamp", "active", &[61]).await;
    let _ = panel.product("Green sofa", "active", &[10, 20]).await;
    let _ = panel.product("Red chair", "active", &[3]).await;
    let _ = panel.product("White table", "draft", &[1]).await;
    let [variant] = panel.variants(lamp).await[..] else {
        panic!()
    };
    panel.moved(variant, "sell", -50, 3).await;
    panel.moved(variant, "restock", 5, 2).await;
    panel.moved(variant, "sell", -99, 31).await;

    let page = admin.page("/admin/products").await;
    assert_shows(
        &page,
        &[
            "active 10.00 – 15.00 EUR 61 1 60 45 40 d",
            "2 variants 30 2 28 0 –",
            "draft 10.00 – 15.00 EUR 1 1 sold out 0 –",
            "3 1 2 low 0 –",
        ],
    );
    let finds = async |query: &str| rows_of(&admin.page(&format!("/admin/products?{query}")).await);
    assert_eq!(finds("q=LAMP").await, 1);
    assert_eq!(finds("status=active").await, 3);
    assert_eq!(finds("stock=low").await, 2, "and what is sold out");
    assert_eq!(finds("stock=out").await, 1);
    assert_eq!(finds("q=lamp&stock=low").await, 0);
    assert_eq!(finds(&format!("seller={lamp}")).await, 1);
    let category: Uuid = sqlx::query_scalar("SELECT category_id FROM products WHERE id = $1")
        .bind(lamp)
        .fetch_one(&panel.product_db)
        .await
        .unwrap();
    assert_eq!(finds(&format!("category={category}")).await, 1);
    assert_eq!(
        finds("category=x&seller=x&stock=x").await,
        4,
        "a broken filter is none"
    );
}

#[tokio::test]
async fn a_full_list_is_small_and_takes_a_constant_number_of_statements() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let _ = panel.product("One", "active", &[1]).await;
    let few = admin.get("/admin/products").expect(200).await;
    for number in 0..50 {
        let title = format!("A product whose name is about as long as most {number}");
        let _ = panel.product(&title, "active", &[100]).await;
    }
    let first = admin.get("/admin/products").expect(200).await;
    assert_eq!(rows_of(&first.text()), 50);
    assert!(first.body.len() < 60 * 1024, "{} bytes", first.body.len());
    assert_eq!(first.statement_count(), few.statement_count());
    assert_eq!(
        rows_of(&admin.page(&link(&first, "Older products")).await),
        1
    );
}

fn link(page: &Answer, name: &str) -> String {
    let page = page.text();
    let (before, _) = page.split_once(&format!("\">{name}")).unwrap();
    before
        .rsplit_once("href=\"")
        .unwrap()
        .1
        .replace("&#38;", "&")
}

/// A product as product's API answers it.
fn answered(id: Uuid, variant: Uuid, price: i64) -> Value {
    json!({
        "id": id, "title": "Blue lamp", "slug": "blue-lamp", "description": "", "category": null, "attributes": {"watts": 5},
        "options": [], "tax_class": "standard", "seo": {"title": null, "description": null}, "publish_at": null, "unpublish_at": null,
        "version": 7, "status": "active",
        "variants": [{"id": variant, "sku": "LAMP", "price": {"amount": price, "currency": "EUR"}, "compare_at_price": null, "options": {},
                      "barcode": null, "weight_grams": 300, "dimensions": {"length_mm": 1, "width_mm": 2, "height_mm": 3}}],
    })
}

async fn with_undo(panel: &Panel, staff: &Staff, page: &str, answer: &Answer) -> String {
    let cookie = answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let page = panel
        .client
        .get(page)
        .header("cookie", &format!("{}; {cookie}", staff.cookie));
    page.expect(200).await.text()
}

#[tokio::test]
async fn a_price_is_changed_in_the_list_and_taken_back() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let lamp = panel.product("Blue lamp", "active", &[10]).await;
    let variant = panel.variants(lamp).await[0];
    let api = format!("/internal/api/products/{lamp}");
    panel
        .peer
        .world()
        .answers
        .insert(api.clone(), answered(lamp, variant, 1000));

    let path = format!("/admin/products/{lamp}/price");
    let form = admin.page(&path).await;
    assert_shows(&form, &["Price of Blue lamp", "Price, EUR"]);
    let cell = admin
        .get(&path)
        .header("hx-request", "true")
        .expect(200)
        .await;
    assert!(
        cell.text().starts_with("<form"),
        "the form alone for the cell"
    );
    let version = value_of(&form, "version");
    let variant = variant.to_string();
    let fields = [
        ("variant", variant.as_str()),
        ("version", &version),
        ("price", "12,50"),
        ("back", "/admin/products?q=lamp"),
    ];
    let done = admin.send(&path, &fields).await.expect(303);
    assert_eq!(done.header("location"), "/admin/products?q=lamp&done=price");
    let [_, put] = <[_; 2]>::try_from(panel.peer.calls()).unwrap();
    assert_eq!((put.method.as_str(), &put.path), ("PUT", &api));
    assert_eq!(put.if_match, Some(format!("\"{version}\"")));
    let euros = |amount| json!(Money::new(amount, primitives::Currency::EUR));
    assert_eq!(put.body["price"], euros(1250));
    assert_eq!(put.body["weight_grams"], 300, "all else stays");
    assert_eq!(put.body["dimensions"]["height_mm"], 3);
    assert_eq!(put.body["attributes"], json!({"watts": 5}));

    let list = with_undo(&panel, &admin, "/admin/products?q=lamp&done=price", &done).await;
    assert_shows(&list, &["The price is changed; it was 10.00 EUR. Undo"]);
    let cookie = done
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let undo = panel
        .client
        .post("/admin/products/undo")
        .header("cookie", &format!("{}; {cookie}", admin.cookie))
        .form(&[("csrf", admin.csrf.as_str()), ("key", "k")])
        .expect(303)
        .await;
    assert_eq!(
        undo.header("location"),
        "/admin/products?q=lamp&done=undone"
    );
    let [_, put] = <[_; 2]>::try_from(panel.peer.calls()).unwrap();
    assert_eq!(put.body["price"], euros(1000));
    assert_eq!(
        put.if_match.as_deref(),
        Some("\"8\""),
        "the version that the change made"
    );

    for wrong in ["", "x", "1.234", "-1"] {
        let mut fields = fields;
        fields[2].1 = wrong;
        let page = admin.send(&path, &fields).await.expect(422).text();
        assert_shows(&page, &["The price must be a number"]);
    }
    let _ = admin
        .send("/admin/products/undo", &[("key", "k")])
        .await
        .expect(422);
}

#[tokio::test]
async fn stock_is_changed_in_the_list_and_taken_back_as_a_difference() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let lamp = panel.product("Blue lamp", "active", &[10]).await;
    let path = format!("/admin/products/{lamp}/stock/edit");
    let form = admin.page(&path).await;
    let fields: Vec<(&str, String)> = ["variant", "version", "location", "was", "key", "back"]
        .map(|name| (name, value_of(&form, name)))
        .to_vec();
    let mut fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    fields.push(("units", "14"));
    let done = admin.send(&path, &fields).await.expect(303);
    let [put] = <[_; 1]>::try_from(panel.peer.calls()).unwrap();
    assert_eq!(put.path, format!("/internal/api/products/{lamp}/stock"));
    assert_eq!(
        (&put.body["set"], put.key.is_some(), put.if_match.is_some()),
        (&json!(14), true, true)
    );
    let list = with_undo(&panel, &admin, "/admin/products?done=stock", &done).await;
    assert_shows(&list, &["The stock is changed by +4. Undo"]);
    let cookie = done
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let undo = panel.client.post("/admin/products/undo");
    let undo = undo.header("cookie", &format!("{}; {cookie}", admin.cookie));
    let _ = undo
        .form(&[("csrf", admin.csrf.as_str()), ("key", "k")])
        .expect(303)
        .await;
    let [put] = <[_; 1]>::try_from(panel.peer.calls()).unwrap();
    assert_eq!(
        (&put.body["delta"], put.if_match.as_deref()),
        (&json!(-4), Some("\"8\""))
    );

    panel
        .peer
        .refuse(412, "stale_version", "Somebody changed it.");
    let page = admin.send(&path, &fields).await.expect(412).text();
    assert_shows(&page, &["Somebody else changed this meanwhile"]);
}

#[tokio::test]
async fn what_waits_is_shown_with_what_is_different() {
    let panel = Panel::open().await;
    let (admin, support) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Support).await,
    );
    let queue = "/admin/products/approvals";
    assert_shows(&admin.page(queue).await, &["Nothing waits"]);
    let lamp = panel.product("Blue lamp", "pending_review", &[10]).await;
    sqlx::query("INSERT INTO product_decisions (product_id, approved, decided_at, content) VALUES ($1, false, $2, product_content($1))")
        .bind(lamp)
        .bind(panel.clock.now())
        .execute(&panel.product_db)
        .await
        .unwrap();
    sqlx::query("UPDATE products SET title = 'Bluer lamp', description = 'Shines' WHERE id = $1")
        .bind(lamp)
        .execute(&panel.product_db)
        .await
        .unwrap();
    let _ = panel.product("New chair", "pending_review", &[1]).await;
    let page = admin.page(queue).await;
    assert_shows(
        &page,
        &[
            "compared with what was rejected on",
            "Title changed Blue lamp Bluer lamp",
            "Description added Shines",
            "not decided on before",
            "Approve",
            "Reject",
        ],
    );
    assert_hides(&page, &["Category changed", "Tax class changed"]);
    let page = support.page(queue).await;
    assert_hides(&page, &["Approve", "Reject"]);
}
