//! One product with all its parts; categories, reviews, imports and stock.

use auth_token::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::html::{assert_hides, assert_shows, value_of};
use crate::panel::{Panel, Staff};
use crate::peer::Call;

/// The only call since the last time.
#[track_caller]
fn only(panel: &Panel) -> Call {
    let calls = panel.peer.calls();
    let [call] = <[_; 1]>::try_from(calls).unwrap();
    call
}

async fn category_of(panel: &Panel, product: Uuid) -> Uuid {
    sqlx::query_scalar("SELECT category_id FROM products WHERE id = $1")
        .bind(product)
        .fetch_one(&panel.product_db)
        .await
        .unwrap()
}

/// A form with a file, as a browser sends it.
pub(crate) fn multipart(fields: &[(&str, &str)], file: Option<(&str, &str)>) -> (String, String) {
    let mut body = String::new();
    for (name, value) in fields {
        body +=
            &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    if let Some((name, content)) = file {
        body += &format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n{content}\r\n"
        );
    }
    (
        "multipart/form-data; boundary=b".to_owned(),
        body + "--b--\r\n",
    )
}

async fn upload(
    panel: &Panel,
    staff: &Staff,
    path: &str,
    fields: &[(&str, &str)],
    file: Option<(&str, &str)>,
) -> testkit::http::Answer {
    let (kind, body) = multipart(fields, file);
    let request = panel.client.post(path).header("cookie", &staff.cookie);
    request
        .header("content-type", &kind)
        .body(body)
        .send()
        .await
}

#[tokio::test]
async fn a_product_is_edited_whole() {
    let panel = Panel::open().await;
    let (admin, support) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Support).await,
    );
    let lamp = panel.product("Blue lamp", "active", &[10, 2]).await;
    sqlx::query("UPDATE products SET option_names = '{n}' WHERE id = $1")
        .bind(lamp)
        .execute(&panel.product_db)
        .await
        .unwrap();
    let category = category_of(&panel, lamp).await;
    sqlx::query("INSERT INTO category_attributes (category_id, key, label, kind, unit, position) VALUES ($1, 'watts', 'Power', 'number', 'W', 1)")
        .bind(category)
        .execute(&panel.product_db)
        .await
        .unwrap();
    let path = format!("/admin/products/{lamp}");
    let page = admin.page(&path).await;
    assert_shows(
        &page,
        &[
            "Blue lamp",
            "Variants",
            "Power, W",
            "Pictures",
            "Take out of the shop",
            "Archive",
        ],
    );
    let page = support.page(&path).await;
    assert_hides(&page, &["Archive", "Take out of the shop", "Upload"]);
    assert!(!page.contains("<button class=\"primary\""));

    let variants: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT id, sku FROM product_variants WHERE product_id = $1 ORDER BY position",
    )
    .bind(lamp)
    .fetch_all(&panel.product_db)
    .await
    .unwrap();
    let known = |(id, sku): &(Uuid, String)| {
        json!({"id": id, "sku": sku, "price": {"amount": 1000, "currency": "EUR"}, "options": {"n": "0"},
        "compare_at_price": null, "barcode": null, "weight_grams": null, "dimensions": {"length_mm": 1, "width_mm": 2, "height_mm": 3}})
    };
    let answer = json!({"title": "Blue lamp", "slug": "x", "description": "", "category": null, "attributes": {}, "options": ["n"], "tax_class": "standard",
        "seo": {"title": null, "description": null}, "publish_at": null, "unpublish_at": null, "version": 1,
        "variants": variants.iter().map(known).collect::<Vec<_>>()});
    let api = format!("/internal/api/products/{lamp}");
    panel.peer.world().answers.insert(api.clone(), answer);
    let (category, sku) = (category.to_string(), variants[0].1.as_str());
    let fields = [
        ("version", "1"),
        ("title", "Bluer lamp"),
        ("category", category.as_str()),
        ("currency", "EUR"),
        ("tax_class", "reduced"),
        ("attr.watts", "5"),
        ("free", "colour: blue"),
        ("options", "n"),
        ("v0.known", "yes"),
        ("v0.sku", sku),
        ("v0.price", "12.50"),
        ("v0.option.n", "0"),
        ("v0.threshold", "9"),
        ("v0.backorder", "yes"),
        ("v1.known", "yes"),
        ("v1.sku", variants[1].1.as_str()),
        ("v1.remove", "yes"),
        ("v2.sku", "NEW"),
        ("v2.price", "3"),
        ("v2.option.n", "2"),
        ("v2.stock", "4"),
    ];
    let done = admin.send(&path, &fields).await.expect(303);
    assert_eq!(done.header("location"), format!("{path}?done=product"));
    let calls = panel.peer.calls();
    let said: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call.method.as_str(),
                call.path.as_str(),
                call.if_match.as_deref(),
            )
        })
        .collect();
    let terms = format!("{api}/stock/terms");
    assert_eq!(
        said,
        [
            ("GET", api.as_str(), None),
            ("PUT", &api, Some("\"1\"")),
            ("PUT", &terms, Some("\"8\""))
        ]
    );
    let body = &calls[1].body;
    assert_eq!(
        (&body["title"], &body["tax_class"], &body["category_id"]),
        (&json!("Bluer lamp"), &json!("reduced"), &json!(category))
    );
    assert_eq!(body["attributes"], json!({"watts": 5, "colour": "blue"}));
    assert_eq!(body["variants"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        body["variants"][0]["dimensions"]["height_mm"], 3,
        "what the table does not show stays"
    );
    assert_eq!(
        body["variants"][1],
        json!({"sku": "NEW", "price": {"amount": 300, "currency": "EUR"}, "options": {"n": "2"}, "stock": 4})
    );
    assert_eq!(
        calls[2].body,
        json!({"variant_id": variants[0].0, "low_stock_threshold": 9, "backorder": {"limit": null}})
    );

    // What is wrong is told where it stands, with all that was written.
    let mut wrong = fields.to_vec();
    wrong[1].1 = "Kept <b>title</b>";
    wrong[10].1 = "much";
    let page = admin.send(&path, &wrong).await.expect(422).text();
    assert_shows(
        &page,
        &[
            "Nothing is saved yet",
            "This must be a number such as 12.50.",
        ],
    );
    assert!(
        page.contains("value=\"Kept &#60;b&#62;title&#60;/b&#62;\""),
        "{page}"
    );
    assert!(panel.peer.calls().iter().all(|call| call.method == "GET"));

    let done = admin
        .send(&format!("{path}/archive"), &[("version", "1")])
        .await
        .expect(303);
    assert_eq!(done.header("location"), "/admin/products?done=archived");
    assert_eq!((only(&panel).method.as_str(),), ("DELETE",));
}

#[tokio::test]
async fn many_variants_are_edited_some_at_a_time() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let lamp = panel.product("Blue lamp", "active", &[3; 100]).await;
    sqlx::query("UPDATE products SET option_names = '{n}' WHERE id = $1")
        .bind(lamp)
        .execute(&panel.product_db)
        .await
        .unwrap();
    // As many categories as a large shop has to choose from.
    sqlx::query(
        "INSERT INTO categories (id, name, slug, position, created_at, updated_at)
         SELECT gen_random_uuid(), 'Kitchen and dining ' || n, 'k-' || n, n, now(), now() FROM generate_series(1, 270) n",
    )
    .execute(&panel.product_db)
    .await
    .unwrap();
    let skus: Vec<String> = sqlx::query_scalar(
        "SELECT sku FROM product_variants WHERE product_id = $1 ORDER BY position, id",
    )
    .bind(lamp)
    .fetch_all(&panel.product_db)
    .await
    .unwrap();
    let path = format!("/admin/products/{lamp}");
    let page = admin.page(&format!("{path}?from=15")).await;
    assert!(page.len() < 60_000, "{}", page.len());
    assert_shows(&page, &["16 to 30", "of 100 variants"]);
    assert!(page.contains(&format!("value=\"{}\"", skus[15])) && !page.contains(&skus[14]));
    assert!(!page.contains(&skus[30]));

    let known = |sku: &String| json!({"sku": sku, "price": {"amount": 1000, "currency": "EUR"}, "options": {"n": sku}});
    let answer = json!({"title": "Blue lamp", "slug": "x", "description": "", "category": null, "attributes": {}, "options": ["n"], "tax_class": "standard",
        "seo": {"title": null, "description": null}, "publish_at": null, "unpublish_at": null, "version": 1,
        "variants": skus.iter().map(known).collect::<Vec<_>>()});
    let api = format!("/internal/api/products/{lamp}");
    panel.peer.world().answers.insert(api, answer);
    let fields = [
        ("version", "1"),
        ("title", "Blue lamp"),
        ("currency", "EUR"),
        ("tax_class", "standard"),
        ("options", "n"),
        ("v15.known", "yes"),
        ("v15.sku", skus[15].as_str()),
        ("v15.price", "12.50"),
        ("v15.option.n", "z"),
        ("v16.known", "yes"),
        ("v16.sku", skus[16].as_str()),
        ("v16.remove", "yes"),
    ];
    let done = admin.send(&format!("{path}?from=15"), &fields).await;
    let done = done.expect(303);
    assert_eq!(
        done.header("location"),
        format!("{path}?done=product&from=15")
    );
    let body = &panel.peer.calls()[1].body;
    let sent = body["variants"].as_array().unwrap();
    assert_eq!(sent.len(), 99, "all but the one that was removed");
    assert_eq!(
        (&sent[15]["sku"], &sent[15]["price"]["amount"]),
        (&json!(skus[15]), &json!(1250))
    );
    assert_eq!(
        (&sent[16], &sent[98]),
        (&known(&skus[17]), &known(&skus[99]))
    );
}

#[tokio::test]
async fn a_new_product_begins_as_a_draft() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    assert_shows(
        &admin.page("/admin/products/new").await,
        &["New product", "Create as a draft"],
    );
    let page = admin
        .send("/admin/products/new", &[("title", "Lamp")])
        .await
        .expect(422)
        .text();
    assert_shows(&page, &["A product needs at least one SKU with a price."]);
    let id = panel.id();
    panel.peer.world().posted = Some(json!({ "id": id }));
    let fields = [
        ("title", "Lamp"),
        ("currency", "EUR"),
        ("tax_class", "standard"),
        ("v0.sku", "LAMP"),
        ("v0.price", "9.90"),
        ("v0.stock", "3"),
    ];
    let done = admin.send("/admin/products/new", &fields).await.expect(303);
    assert_eq!(
        done.header("location"),
        format!("/admin/products/{id}?done=product_created")
    );
    let call = only(&panel);
    assert_eq!(
        (call.method.as_str(), call.path.as_str()),
        ("POST", "/internal/api/products")
    );
    assert_eq!(
        (&call.body["sku"], &call.body["stock"]),
        (&json!("LAMP"), &json!(3))
    );
}

#[tokio::test]
async fn pictures_are_passed_on_as_they_come() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let lamp = panel.product("Blue lamp", "active", &[10]).await;
    let path = format!("/admin/products/{lamp}/images");
    let csrf = [
        ("csrf", admin.csrf.as_str()),
        ("key", "k"),
        ("alt", "A lamp"),
    ];
    let big = "x".repeat(300_000);
    let done = upload(&panel, &admin, &path, &csrf, Some(("lamp.png", &big)))
        .await
        .expect(303);
    assert_eq!(
        done.header("location"),
        format!("/admin/products/{lamp}?done=image#images")
    );
    let call = only(&panel);
    assert_eq!(call.path, format!("/internal/api/products/{lamp}/images"));
    assert_eq!(call.key.as_deref(), Some("k-0"));
    assert!(call.bytes > 300_000, "{}", call.bytes);
    for (fields, status) in [
        (&[("csrf", "x")][..], 403),
        (&[("alt", "x")], 403),
        (&csrf, 422),
    ] {
        let file = (status == 403).then_some(("lamp.png", "x"));
        let _ = upload(&panel, &admin, &path, fields, file)
            .await
            .expect(status);
    }
    assert!(panel.peer.calls().is_empty());
    panel
        .peer
        .refuse(415, "unsupported_media_type", "That is no picture.");
    let page = upload(&panel, &admin, &path, &csrf, Some(("lamp.png", &big)))
        .await
        .expect(415)
        .text();
    assert_shows(&page, &["That is no picture."]);

    let images: Vec<Uuid> = (0..2).map(|_| panel.id()).collect();
    for (position, image) in images.iter().enumerate() {
        sqlx::query("INSERT INTO product_images (id, product_id, position, file_name, content_type, bytes, width, height, alt, created_at) VALUES ($1, $2, $3, $1::text || '.jpg', 'image/jpeg', 1, 1, 1, '', $4)")
            .bind(image)
            .bind(lamp)
            .bind(i32::try_from(position).unwrap())
            .bind(panel.clock.now())
            .execute(&panel.product_db)
            .await
            .unwrap();
    }
    panel.peer.world().refusal = None;
    panel.peer.calls();
    let move_it = format!("{path}/{}/move", images[1]);
    let _ = admin.send(&move_it, &[("to", "0")]).await.expect(303);
    assert_eq!(only(&panel).body, json!({"ids": [images[1], images[0]]}));
    let _ = admin
        .send(
            &format!("{path}/{}/describe", images[1]),
            &[("alt", " Lamp ")],
        )
        .await
        .expect(303);
    assert_eq!(only(&panel).body, json!({"alt": "Lamp"}));
    let _ = admin
        .send(&format!("{path}/{}/remove", images[1]), &[])
        .await
        .expect(303);
    assert_eq!(only(&panel).method, "DELETE");
}

#[tokio::test]
async fn stock_is_shown_by_place_with_its_ledger() {
    let panel = Panel::open().await;
    let (admin, support) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Support).await,
    );
    let lamp = panel.product("Blue lamp", "active", &[10]).await;
    let path = format!("/admin/products/{lamp}/stock");
    let page = admin.page(&path).await;
    assert_shows(
        &page,
        &[
            "Main warehouse 10 1",
            "Nothing has moved yet.",
            "It was never offered to the public.",
        ],
    );
    sqlx::query(
        "INSERT INTO stock_movements (id, variant_id, location_id, kind, on_hand_delta, reserved_delta, reason, actor_id, created_at)
         SELECT $1, v.id, l.id, 'adjust', -2, 0, '<b>broken</b>', $2, $3 FROM product_variants v, stock_locations l WHERE v.product_id = $4",
    )
    .bind(panel.id())
    .bind(admin.id.uuid())
    .bind(panel.clock.now())
    .bind(lamp)
    .execute(&panel.product_db)
    .await
    .unwrap();
    let page = support.page(&path).await;
    assert_shows(&page, &["adjust −2 – –", "&#60;b&#62;broken&#60;/b&#62;"]);
    assert!(!page.contains(">Set</button>"));
    let page = admin.page(&path).await;
    let fields: Vec<(&str, String)> = ["version", "key", "variant", "location"]
        .map(|name| (name, value_of(&page, name)))
        .to_vec();
    let mut fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    fields.extend([("units", "8"), ("reason", "broken")]);
    let _ = admin.send(&path, &fields).await.expect(303);
    let call = only(&panel);
    assert_eq!(
        (&call.body["set"], &call.body["reason"]),
        (&json!(8), &json!("broken"))
    );
}

#[tokio::test]
async fn the_doctor_says_what_stands_between_a_product_and_its_buyers() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let lamp = panel.product("Blue lamp", "draft", &[1]).await;
    let page = admin.page(&format!("/admin/products/{lamp}/doctor")).await;
    assert_shows(
        &page,
        &[
            "Shoppers cannot buy it as it is",
            "Status fails It is a draft: nobody has approved it. Approve it",
            "Seller fails The account of its seller is gone.",
            "Stock fails Nothing can be had",
            "Category fine It lies in Lighting.",
            "Pictures could be better It has no picture.",
            "Ledger fails",
        ],
    );
    let _ = admin
        .get(&format!("/admin/products/{}/doctor", panel.id()))
        .expect(404)
        .await;
}

#[tokio::test]
async fn the_doctor_knows_what_the_whole_shop_lacks() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let lamp = panel.product("Blue lamp", "active", &[1]).await;
    let doctor = async || admin.page(&format!("/admin/products/{lamp}/doctor")).await;
    assert_shows(
        &doctor().await,
        &[
            "Currency fine It is priced in EUR, as new carts are.",
            "Shipping fine",
            "Shop fine The shop is open.",
        ],
    );
    sqlx::query("UPDATE products SET currency = 'USD' WHERE id = $1")
        .bind(lamp)
        .execute(&panel.product_db)
        .await
        .unwrap();
    sqlx::query("UPDATE shipping_methods SET active = false")
        .execute(&panel.order_db)
        .await
        .unwrap();
    assert_shows(
        &doctor().await,
        &[
            "Currency fails It is priced in USD, and new carts are in EUR",
            "Shipping fails No shipping method is offered in EUR",
        ],
    );
}

#[tokio::test]
async fn categories_are_a_tree_that_can_be_changed() {
    let panel = Panel::open().await;
    let (admin, support) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Support).await,
    );
    assert_shows(&admin.page("/admin/categories").await, &["No category yet"]);
    let lamp = panel.product("Blue lamp", "active", &[10]).await;
    let top = category_of(&panel, lamp).await;
    let below = panel.id();
    sqlx::query("INSERT INTO categories (id, parent_id, slug, name, position, created_at, updated_at) VALUES ($1, $2, 'lamps', 'Lamps', 3, $3, $3)")
        .bind(below)
        .bind(top)
        .bind(panel.clock.now())
        .execute(&panel.product_db)
        .await
        .unwrap();
    let page = admin.page("/admin/categories").await;
    assert_shows(&page, &["Lighting 1 0", "Lamps 0 0", "New category"]);
    assert_hides(&support.page("/admin/categories").await, &["New category"]);

    panel.peer.world().posted = Some(json!({ "id": below }));
    let done = admin
        .send("/admin/categories", &[("name", "Chairs"), ("parent", "")])
        .await
        .expect(303);
    assert_eq!(
        done.header("location"),
        format!("/admin/categories/{below}?done=category_created")
    );
    assert_eq!(
        only(&panel).body,
        json!({"name": "Chairs", "description": "", "parent_id": null, "position": 0})
    );
    panel.peer.world().posted = None;

    let path = format!("/admin/categories/{below}");
    assert_shows(
        &admin.page(&path).await,
        &["Lamps", "Attributes of its products", "Delete"],
    );
    let top_text = top.to_string();
    let _ = admin
        .send(
            &path,
            &[
                ("version", "1"),
                ("name", "Lights"),
                ("slug", "lights"),
                ("parent", &top_text),
                ("position", "2"),
            ],
        )
        .await
        .expect(303);
    let call = only(&panel);
    assert_eq!(
        (call.method.as_str(), call.if_match.as_deref()),
        ("PUT", Some("\"1\""))
    );
    assert_eq!(call.body["parent_id"], json!(top));
    let _ = admin
        .send(
            &format!("{path}/attributes"),
            &[("version", "1"), ("v0.key", "watts"), ("v0.kind", "number")],
        )
        .await
        .expect(303);
    assert_eq!(only(&panel).body["attributes"][0]["key"], "watts");
    let _ = admin
        .send("/admin/categories/move", &[("move", &format!("0 {below}"))])
        .await
        .expect(303);
    assert_eq!(only(&panel).body["position"], 1);
    let _ = admin
        .send(
            &format!("{path}/delete"),
            &[
                ("version", "1"),
                ("products", "uncategorise"),
                ("children", ""),
            ],
        )
        .await
        .expect(303);
    assert_eq!(
        only(&panel).path,
        format!("/internal/api/categories/{below}?products=uncategorise")
    );
    let fields = [("csrf", admin.csrf.as_str()), ("version", "1")];
    let _ = upload(
        &panel,
        &admin,
        &format!("{path}/picture"),
        &fields,
        Some(("x.png", "x")),
    )
    .await
    .expect(303);
    let call = only(&panel);
    assert_eq!(call.path, format!("/internal/api/categories/{below}/image"));
    assert_eq!(call.if_match.as_deref(), Some("\"1\""));
}

#[tokio::test]
async fn reviews_are_moderated_with_a_reason() {
    let panel = Panel::open().await;
    let (admin, support) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Support).await,
    );
    assert_shows(
        &admin.page("/admin/reviews?status=pending").await,
        &["Nothing to moderate"],
    );
    let lamp = panel.product("Blue lamp", "active", &[10]).await;
    let mut ids = Vec::new();
    for (status, rating, title) in [("pending", 1_i16, "<i>Bad</i>"), ("published", 5, "Good")] {
        let id = panel.id();
        sqlx::query("INSERT INTO reviews (id, product_id, user_id, author_name, rating, title, body, status, created_at, updated_at) VALUES ($1, $2, $1, 'Anna', $3, $4, 'Text', $5, $6, $6)")
            .bind(id)
            .bind(lamp)
            .bind(rating)
            .bind(title)
            .bind(status)
            .bind(panel.clock.now())
            .execute(&panel.product_db)
            .await
            .unwrap();
        ids.push(id);
    }
    let page = support.page("/admin/reviews?status=pending").await;
    assert_shows(
        &page,
        &[
            "&#60;i&#62;Bad&#60;/i&#62;",
            "★☆☆☆☆ Anna on Blue lamp",
            "Publish",
            "Hide",
        ],
    );
    assert_hides(&page, &["Good"]);
    assert_shows(&admin.page("/admin/reviews?rating=5").await, &["Good"]);
    assert_shows(
        &admin
            .page(&format!("/admin/reviews?product={}", panel.id()))
            .await,
        &["No review matches"],
    );
    let fields = [("text", "Insults"), ("back", "status=pending&done=x")];
    let done = support
        .send(&format!("/admin/reviews/{}/hide", ids[0]), &fields)
        .await
        .expect(303);
    assert_eq!(
        done.header("location"),
        "/admin/reviews?status=pending&done=review_hide"
    );
    let call = only(&panel);
    assert_eq!(
        (call.path, call.body),
        (
            format!("/internal/api/reviews/{}/hide", ids[0]),
            json!({"reason": "Insults"})
        )
    );
    let _ = support
        .send(&format!("/admin/reviews/{}/publish", ids[0]), &[])
        .await
        .expect(303);
    assert_eq!(only(&panel).body, json!({}));
    let _ = support
        .send(
            &format!("/admin/reviews/{}/reply", ids[1]),
            &[("text", "Thanks")],
        )
        .await
        .expect(303);
    assert_eq!(only(&panel).body, json!({"body": "Thanks"}));
    let _ = support
        .send(
            &format!("/admin/reviews/{}/reply", ids[1]),
            &[("text", " ")],
        )
        .await
        .expect(303);
    assert_eq!(only(&panel).method, "DELETE");
}

#[tokio::test]
async fn imports_are_sent_followed_and_tried_again() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    assert_shows(
        &admin.page("/admin/imports").await,
        &["No file yet", "Bring a file", "Take the catalogue"],
    );
    let id = panel.id();
    panel.peer.world().posted = Some(json!({ "id": id }));
    let fields = [
        ("csrf", admin.csrf.as_str()),
        ("key", "k"),
        ("format", "shopify"),
        ("dry_run", "true"),
    ];
    let done = upload(
        &panel,
        &admin,
        "/admin/imports",
        &fields,
        Some(("a.csv", "Handle\nx\n")),
    )
    .await
    .expect(303);
    assert_eq!(
        done.header("location"),
        format!("/admin/imports/{id}?done=import")
    );
    let call = only(&panel);
    assert_eq!(
        call.path,
        "/internal/api/products/import?format=shopify&dry_run=true"
    );
    assert_eq!(call.bytes, "Handle\nx\n".len());
    assert_eq!(call.key.as_deref(), Some("k"));

    sqlx::query(
        "INSERT INTO imports (id, requested_by, seller_id, by_staff, format, dry_run, currency, status, delimiter, headings, total_rows, processed, created, failed, created_at, updated_at)
         VALUES ($1, $2, $2, true, 'mercato', false, 'EUR', 'finished', ',', '{}', 3, 3, 2, 1, $3, $3)",
    )
    .bind(id)
    .bind(admin.id.uuid())
    .bind(panel.clock.now())
    .execute(&panel.product_db)
    .await
    .unwrap();
    sqlx::query("INSERT INTO import_products (import_id, handle, row, rows, bytes, outcome, errors) VALUES ($1, '<lamp>', 2, 1, 1, 'failed', $2)")
        .bind(id)
        .bind(json!([{"row": 2, "column": "price", "message": "must be a number"}]))
        .execute(&panel.product_db)
        .await
        .unwrap();
    let path = format!("/admin/imports/{id}");
    let page = admin.page(&path).await;
    assert_shows(
        &page,
        &[
            "3 / 3 rows done",
            "&#60;lamp&#62; row 2: price: must be a number",
            "Try the bad rows again",
        ],
    );
    assert!(
        !page.contains("data-live-every"),
        "nothing happens to it any more"
    );
    let csrf = [("csrf", admin.csrf.as_str())];
    let _ = upload(
        &panel,
        &admin,
        &format!("{path}/retry"),
        &csrf,
        Some(("a.csv", "x")),
    )
    .await
    .expect(303);
    assert_eq!(
        only(&panel).path,
        format!("/internal/api/products/imports/{id}/retry")
    );
    let answer = admin.get(&format!("{path}/errors")).expect(200).await;
    assert_eq!(answer.text(), "{}");
    let _ = admin
        .get("/admin/imports/export?format=mercato&status=active")
        .expect(200)
        .await;
    let calls = panel.peer.calls();
    assert_eq!(
        calls[1].path,
        "/internal/api/products/export?bom=true&format=mercato&status=active"
    );
    panel.peer.world().posted = None;
    let _ = admin.send(&format!("{path}/cancel"), &[]).await.expect(303);
    assert_eq!(
        only(&panel).path,
        format!("/internal/api/products/imports/{id}/cancel")
    );
}

#[tokio::test]
async fn an_import_under_way_says_how_far_it_is() {
    let panel = Panel::open().await;
    let (admin, support) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Support).await,
    );
    let id = panel.id();
    let path = format!("/admin/imports/{id}");
    let change = async |sql: &'static str| {
        let change = sqlx::query(sql).bind(id).bind(panel.clock.now());
        change.execute(&panel.product_db).await.unwrap();
    };
    change(
        "INSERT INTO imports (id, requested_by, seller_id, by_staff, format, dry_run, currency, status, delimiter, headings, total_rows, created_at, updated_at)
         VALUES ($1, $1, $1, true, 'mercato', false, 'EUR', 'queued', ',', '{}', 1200, $2, $2)",
    )
    .await;
    let page = admin.page(&path).await;
    assert_shows(&page, &["queued", "0 / 1,200 rows done", "Stop"]);
    change(
        "INSERT INTO import_products (import_id, handle, row, rows, bytes, outcome, errors)
         SELECT $1, handle, row, 1, 1, outcome, errors FROM (VALUES ('vase', 2, 'failed', '[{\"row\": 2, \"message\": \"has no price\"}]'::jsonb), ('lamp', 3, NULL, NULL)) AS p (handle, row, outcome, errors)
          WHERE $2 IS NOT NULL",
    )
    .await;
    for (sql, shown) in [
        (
            "UPDATE imports SET status = 'running', claim = $1, leased_until = $2, started_at = $2, processed = 300, created = 20, updated = 4, unchanged = 25, failed = 1 WHERE id = $1",
            "300 / 1,200 rows done 20 products new 4 changed 25 as before 1 refused",
        ),
        (
            "UPDATE imports SET processed = 900, created = 21, updated_at = $2 WHERE id = $1",
            "900 / 1,200 rows done 21 products new 4 changed 25 as before 1 refused",
        ),
    ] {
        change(sql).await;
        let page = admin.page(&path).await;
        assert_shows(
            &page,
            &[
                "running",
                shown,
                "goes on by itself",
                "What was refused",
                "vase row 2: has no price",
                "Stop",
            ],
        );
        // What is still to come is not refused, and cannot be tried again yet.
        assert_hides(&page, &["lamp", "Try the bad rows again", "finished"]);
        assert!(page.contains("data-live-every"), "it stands still");
    }
    let page = admin.page(&path).await;
    assert!(
        page.contains("max=\"1200\" value=\"900\">900 of 1200</progress>"),
        "{page}"
    );
    assert_shows(
        &admin.page("/admin/imports").await,
        &["running 900 / 1,200"],
    );
    let page = support.page(&path).await;
    assert_shows(&page, &["900 / 1,200 rows done"]);
    assert_hides(&page, &["Stop", "Download bad rows"]);

    change("UPDATE imports SET status = 'cancelled', claim = NULL, leased_until = NULL, finished_at = $2 WHERE id = $1").await;
    let page = admin.page(&path).await;
    assert_shows(&page, &["cancelled", "900 / 1,200 rows done"]);
    assert_hides(&page, &["Stop", "goes on by itself"]);
    assert!(
        !page.contains("data-live-every"),
        "nothing happens to it any more"
    );
}

#[tokio::test]
async fn stock_moves_between_places_and_is_counted() {
    let panel = Panel::open().await;
    let (admin, support) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Support).await,
    );
    let lamp = panel.product("Blue lamp", "active", &[10]).await;
    let (sku, variant): (String, Uuid) =
        sqlx::query_as("SELECT sku, id FROM product_variants WHERE product_id = $1")
            .bind(lamp)
            .fetch_one(&panel.product_db)
            .await
            .unwrap();
    assert_shows(
        &admin.page("/admin/inventory").await,
        &["Places", "Stock-take"],
    );
    assert_hides(
        &support.page("/admin/inventory").await,
        &["Transfer", "Add a place"],
    );
    let place = "00000000-0000-7000-8000-000000000001";
    let mut fields = [
        ("key", "k"),
        ("sku", sku.as_str()),
        ("from", place),
        ("to", place),
        ("quantity", "2"),
        ("reason", ""),
    ];
    let _ = admin
        .send("/admin/inventory/transfers", &fields)
        .await
        .expect(303);
    let call = only(&panel);
    assert_eq!(
        (call.key.as_deref(), &call.body["variant_id"]),
        (Some("k"), &json!(variant))
    );
    fields[1].1 = "NONE";
    let page = admin
        .send("/admin/inventory/transfers", &fields)
        .await
        .expect(422)
        .text();
    assert_shows(&page, &["No variant has this SKU."]);
    let _ = admin
        .send(
            "/admin/inventory/places",
            &[("code", "b"), ("name", "Berlin")],
        )
        .await
        .expect(303);
    assert_eq!(only(&panel).body, json!({"code": "b", "name": "Berlin"}));
    let save = format!("/admin/inventory/places/{place}");
    let _ = admin
        .send(
            &save,
            &[
                ("version", "1"),
                ("name", "Main"),
                ("position", "1"),
                ("active", "true"),
            ],
        )
        .await
        .expect(303);
    let call = only(&panel);
    assert_eq!(
        call.body,
        json!({"name": "Main", "active": true, "position": 1})
    );
    panel.peer.world().posted = Some(
        json!({"rows": 2, "changed": 1, "refused": 1, "units": -3, "errors": [{"row": 3, "sku": "<x>", "message": "is unknown"}]}),
    );
    let fields = [
        ("csrf", admin.csrf.as_str()),
        ("key", "k"),
        ("dry_run", "true"),
        ("reason", "Yearly"),
    ];
    let page = upload(
        &panel,
        &admin,
        "/admin/inventory/stock-takes",
        &fields,
        Some(("c.csv", "sku,counted\n")),
    )
    .await
    .expect(200)
    .text();
    assert_shows(&page, &["2 rows", "&#60;x&#62; is unknown"]);
    let call = only(&panel);
    assert_eq!(
        call.path,
        "/internal/api/inventory/stock-takes?dry_run=true&reason=Yearly"
    );
    let _: Value = call.body;
}

#[tokio::test]
async fn a_large_tree_is_shown_a_branch_at_a_time() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    // Ten at the top, ten in each of them.
    for sql in [
        "INSERT INTO categories (id, slug, name, position, created_at, updated_at)
         SELECT ('01890a5d-ac96-774b-bcce-0000000000' || lpad(n::text, 2, '0'))::uuid, 'top-' || n, 'Top ' || n, n, now(), now() FROM generate_series(10, 19) n",
        "INSERT INTO categories (id, parent_id, slug, name, position, created_at, updated_at)
         SELECT gen_random_uuid(), ('01890a5d-ac96-774b-bcce-0000000000' || n)::uuid, 'below-' || n || '-' || k, 'Below ' || n || '/' || k, k, now(), now()
           FROM generate_series(10, 19) n, generate_series(1, 10) k",
    ] {
        sqlx::query(sql).execute(&panel.product_db).await.unwrap();
    }
    let top = admin.page("/admin/categories").await;
    assert_shows(&top, &["Top 10", "Top 19", "10 in it"]);
    assert_hides(&top, &["Below 10/1"]);
    let branch = admin
        .page("/admin/categories?within=01890a5d-ac96-774b-bcce-000000000012")
        .await;
    assert_shows(&branch, &["Top 10", "Below 12/1", "Below 12/10"]);
    assert_hides(&branch, &["Below 13/1"]);
}
