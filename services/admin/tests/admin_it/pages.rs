use std::time::Duration;

use auth_token::Role;
use testkit::http::Answer;

use crate::html::{self, assert_hides, assert_shows, between, text};
use crate::panel::Panel;
use crate::seed::NewOrder;

#[tokio::test]
async fn orders_are_found_and_paged() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let now = panel.clock.now();
    let anna = panel
        .order(NewOrder {
            email: "anna@example.com",
            sku: "CHAIR-1",
            status: "cancelled",
            payment_status: "refunded",
            refunded: 2690,
            ..NewOrder::default()
        })
        .await;
    for minute in 1..=55 {
        let placed_at = Some(now - Duration::from_secs(60 * minute));
        let _ = panel
            .order(NewOrder {
                email: "b_b@example.com",
                placed_at,
                ..NewOrder::default()
            })
            .await;
    }
    let first = staff.get("/admin/orders").expect(200).await;
    assert_eq!(rows_of(&first.text()), 50);
    let next = link_named(&first, "Older orders");
    let second = staff.get(&next).expect(200).await;
    assert_eq!(rows_of(&second.text()), 6);
    assert_hides(&second.text(), &["Older orders", &anna.number]);
    assert_eq!(first.statement_count(), second.statement_count());

    let finds = async |query: &str| rows_of(&staff.page(&format!("/admin/orders?{query}")).await);
    assert_eq!(finds(&format!("q={}", anna.number)).await, 1);
    assert_eq!(finds("q=+ANNA%40+").await, 1);
    assert_eq!(finds("q=CHAIR-1").await, 1);
    assert_eq!(finds("q=b_b%40").await, 50);
    assert_eq!(finds("q=b%25b").await, 0, "% is no wildcard");
    assert_eq!(finds("q=a_na").await, 0, "_ is no wildcard");
    assert_eq!(finds("status=cancelled").await, 1);
    assert_eq!(finds("payment_status=refunded").await, 1);
    assert_eq!(finds("fulfillment_status=delivered").await, 0);
    assert_eq!(finds("status=cancelled&payment_status=paid").await, 0);
    let filtered = staff
        .get("/admin/orders?status=confirmed&q=b_b%40")
        .expect(200)
        .await;
    let next = link_named(&filtered, "Older orders");
    assert!(
        next.contains("status=confirmed") && next.contains("q=b_b%40"),
        "{next}"
    );
    assert_eq!(rows_of(&staff.page(&next).await), 5);
    assert!(
        filtered
            .text()
            .contains(r#"<option value="confirmed" selected>"#)
    );
}

#[tokio::test]
async fn an_order_shows_all_of_it() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let order = panel
        .order(NewOrder {
            note: Some("Ring twice"),
            refunded: 500,
            payment_status: "partially_refunded",
            ..NewOrder::default()
        })
        .await;
    panel.refund(order.payment, "pending", 200, 0).await;
    panel
        .order_event(
            order.id,
            "note",
            &format!("staff:{}", staff.id),
            "Called, will wait",
        )
        .await;
    panel
        .order_event(
            order.id,
            "note",
            "staff:01890a5d-ac96-774b-bcce-b302099a8057",
            "By one who left",
        )
        .await;
    let path = format!("/admin/orders/{}", order.id);
    panel.peer.allow(&["ship", "cancel", "refund"]);
    let page = staff.page(&path).await;
    assert_shows(
        &page,
        &[
            &format!("Order {}", order.number),
            "Blue lamp LAMP-BLUE How it came about 2 × 10.00 EUR 20.00 EUR Total 22.00 EUR 2 2 0 0 0 22.00 EUR",
            "Subtotal 20.00 EUR",
            "Discount (WELCOME) −1.00 EUR",
            "Shipping, standard 4.90 EUR",
            "Total 26.90 EUR",
            "guest@example.com guest",
            "Anna Example Street 1 10115 Berlin DE",
            "Ring twice",
            "Refunded 5.00 EUR",
            "Nothing sent yet.",
            "Order placed",
            "Somebody in admin",
            "staff:01890a5d-ac96-774b-bcce-b302099a8057",
        ],
    );
    assert!(page.contains("/ship\"") && page.contains("/refund\"") && page.contains("/cancel\""));
    assert_hides(&page, &[&format!("staff:{}", staff.id)]);

    let shipment = panel.shipment(order.id, "shipped").await;
    sqlx::query("UPDATE orders SET fulfillment_status = 'shipped' WHERE id = $1")
        .bind(order.id.uuid())
        .execute(&panel.order_db)
        .await
        .unwrap();
    panel.peer.allow(&["deliver", "refund", "return"]);
    let page = staff.page(&path).await;
    assert_shows(&page, &["DHL T-1 shipped", "Mark delivered"]);
    assert!(page.contains(&shipment.to_string()));
    assert!(
        !page.contains("/ship\"") && !page.contains("/cancel\""),
        "what the state forbids is not offered"
    );

    let dead = panel
        .order(NewOrder {
            status: "cancelled",
            payment_status: "failed",
            user: Some(staff.id.uuid()),
            ..NewOrder::default()
        })
        .await;
    panel.peer.allow(&[]);
    let page = staff.page(&format!("/admin/orders/{}", dead.id)).await;
    assert_shows(&page, &["Last problem card_declined"]);
    assert_hides(&page, &["Cancel the order", "guest@example.com guest"]);

    panel.peer.world().next = serde_json::Value::Null;
    let page = staff.page(&path).await;
    assert_shows(
        &page,
        &[
            "The order service does not answer right now",
            "Total 26.90 EUR",
        ],
    );
    assert_hides(&page, &["Mark delivered", "Cancel the order"]);
}

#[tokio::test]
async fn each_cent_of_an_order_says_how_it_came_about() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let order = panel.order(NewOrder::default()).await;
    for sql in [
        "INSERT INTO order_adjustments (order_id, position, order_item_id, kind, source_id, label, amount)
         SELECT i.order_id, a.place, CASE WHEN a.kind <> 'shipping' THEN i.id END, a.kind, gen_random_uuid(), a.label, a.amount
           FROM order_items i, (VALUES (0, 'promotion', 'Summer <sale>', 60), (1, 'coupon', 'WELCOME', 40), (2, 'shipping', 'Post for less', 210))
                               AS a (place, kind, label, amount)
          WHERE i.order_id = $1",
        "INSERT INTO order_taxes (order_id, position, order_item_id, name, rate_ppm, base, amount)
         SELECT i.order_id, t.place, CASE WHEN t.of_line THEN i.id END, t.name, t.rate_ppm, t.base, t.amount
           FROM order_items i, (VALUES (0, true, 'VAT', 120000, 1900, 228), (1, true, 'City tax', 37500, 1900, 72), (2, false, 'VAT', 120000, 490, 59))
                               AS t (place, of_line, name, rate_ppm, base, amount)
          WHERE i.order_id = $1",
    ] {
        let change = sqlx::query(sql).bind(order.id.uuid());
        change.execute(&panel.order_db).await.unwrap();
    }
    let path = format!("/admin/orders/{}", order.id);
    assert_shows(
        &staff.page(&path).await,
        &[
            "How it came about 2 × 10.00 EUR 20.00 EUR \
             promotion Summer &#60;sale&#62; −0.60 EUR coupon WELCOME −0.40 EUR \
             VAT 12 % of 19.00 EUR +2.28 EUR City tax 3.75 % of 19.00 EUR +0.72 EUR \
             Total 22.00 EUR",
            "Shipping, standard · shipping Post for less −2.10 EUR · VAT 12 % of 4.90 EUR +0.59 EUR 4.90 EUR",
            "Discount (WELCOME) −1.00 EUR",
            "Tax 3.00 EUR Total 26.90 EUR",
        ],
    );

    // Where prices contain them, taxes are said, and added to nothing.
    sqlx::query(
        "UPDATE orders SET prices_include_tax = true, tax = 0, included_tax = 300, total = total - 300 WHERE id = $1",
    )
    .bind(order.id.uuid())
    .execute(&panel.order_db)
    .await
    .unwrap();
    let page = staff.page(&path).await;
    assert_shows(
        &page,
        &[
            "contains VAT 12 % of 19.00 EUR 2.28 EUR contains City tax 3.75 % of 19.00 EUR 0.72 EUR",
            "· contains VAT 12 % of 4.90 EUR 0.59 EUR",
            "Contains tax 3.00 EUR Total 23.90 EUR",
        ],
    );
    assert_hides(&page, &["+2.28 EUR", "+0.72 EUR", "+0.59 EUR"]);
}

#[tokio::test]
async fn what_became_of_each_unit_of_an_order_is_counted() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let order = panel
        .order(NewOrder {
            fulfillment_status: "delivered",
            payment_status: "partially_refunded",
            refunded: 1100,
            ..NewOrder::default()
        })
        .await;
    let parcel = panel.shipment(order.id, "delivered").await;
    let _ = panel.returned(order.id).await;
    sqlx::query("INSERT INTO shipment_items (shipment_id, order_item_id, quantity) SELECT $1, id, 2 FROM order_items WHERE order_id = $2")
        .bind(parcel)
        .bind(order.id.uuid())
        .execute(&panel.order_db)
        .await
        .unwrap();
    sqlx::query("UPDATE order_items SET shipped = 2, returned = 1 WHERE order_id = $1")
        .bind(order.id.uuid())
        .execute(&panel.order_db)
        .await
        .unwrap();
    // What could not be given back, or came back, was not.
    for (status, amount) in [
        ("succeeded", 1100_i64),
        ("failed", 1090),
        ("reversed", 1080),
    ] {
        sqlx::query(
            "WITH refund AS (INSERT INTO refunds (id, payment_id, status, amount, actor, next_try_at, created_at, updated_at)
                             VALUES ($1, $2, $3, $4, 'system', $5, $5, $5) RETURNING id)
             INSERT INTO refund_items (refund_id, order_item_id, quantity, amount)
             SELECT refund.id, i.id, 1, $4 FROM refund, order_items i WHERE i.order_id = $6",
        )
        .bind(panel.id())
        .bind(order.payment)
        .bind(status)
        .bind(amount)
        .bind(panel.clock.now())
        .bind(order.id.uuid())
        .execute(&panel.order_db)
        .await
        .unwrap();
    }
    assert_shows(
        &staff.page(&format!("/admin/orders/{}", order.id)).await,
        &[
            "Ordered Held Shipped Returned Refunded Total",
            // The units in that order, what the refunded one cost, and the line.
            "Total 22.00 EUR 2 0 2 1 1 11.00 EUR 22.00 EUR",
            "1 × Blue lamp (unwanted) · 1 came, used",
            "DHL T-1 delivered 2 × Blue lamp",
            "11.00 EUR succeeded",
            "10.90 EUR failed",
            "10.80 EUR reversed",
        ],
    );
}

#[tokio::test]
async fn what_a_refund_gives_back_is_shown_before_it_is_given() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let order = panel.order(NewOrder::default()).await;
    let page = format!("/admin/orders/{}/refund", order.id);
    assert_shows(
        &staff.page(&page).await,
        &["Nothing happens before you confirm it"],
    );
    let _ = panel.peer.calls();

    let asked = format!("/internal/payments/{}/refund/preview", order.payment);
    let answer = serde_json::json!({ "amount": { "amount": 730, "currency": "EUR" } });
    panel.peer.world().answers.insert(asked.clone(), answer);
    let shown = staff
        .page(&format!("{page}?amount=7%2C30&reason=late&preview=true"))
        .await;
    assert_shows(&shown, &["7.30 EUR goes back to", "Refund 7.30 EUR"]);
    assert_eq!(html::value_of(&shown, "amount"), "7,30");
    let [call] = &panel.peer.calls()[..] else {
        panic!("one call");
    };
    assert_eq!(
        (call.path.as_str(), &call.body),
        (
            asked.as_str(),
            &serde_json::json!({"amount": {"amount": 730, "currency": "EUR"}, "reason": "late"})
        )
    );

    panel
        .peer
        .refuse(409, "refund_exceeds_payment", "That is too much.");
    let shown = staff.page(&format!("{page}?preview=true")).await;
    assert_shows(&shown, &["That is too much."]);
    assert_hides(&shown, &["goes back to"]);
}

#[tokio::test]
async fn the_money_of_a_return_is_shown_before_it_is_given() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let order = panel.order(NewOrder::default()).await;
    let back = panel.returned(order.id).await;
    let page = format!("/admin/orders/{}/returns/{back}/refund", order.id);
    let called = format!("/internal/returns/{back}/refund");
    let answer = serde_json::json!({ "amount": { "amount": 1690, "currency": "EUR" } });
    let _ = panel
        .peer
        .world()
        .answers
        .insert(format!("{called}/preview"), answer);

    let shown = staff
        .page(&format!("{page}?shipping=true&reason=worn"))
        .await;
    assert_shows(
        &shown,
        &[
            "1 × Blue lamp (used)",
            "16.90 EUR goes back to",
            "Refund 16.90 EUR",
        ],
    );
    let body = serde_json::json!({"amount": null, "shipping": true, "reason": "worn"});
    let [call] = &panel.peer.calls()[..] else {
        panic!("one call");
    };
    assert_eq!(
        (call.path.as_str(), &call.body),
        (&*format!("{called}/preview"), &body)
    );

    let fields = [
        ("key", "k"),
        ("amount", ""),
        ("shipping", "true"),
        ("reason", "worn"),
    ];
    let done = staff.send(&page, &fields).await.expect(303);
    assert!(done.header("location").ends_with("?done=return_refund"));
    let call = panel.peer.calls().pop().unwrap();
    assert_eq!((call.path, call.body), (called, body));

    let bad = [("key", "k"), ("amount", "twelve"), ("shipping", "false")];
    let _ = staff.send(&page, &bad).await.expect(422);
    panel
        .peer
        .refuse(409, "refund_exceeds_payment", "That is too much.");
    let shown = staff.page(&page).await;
    assert_shows(&shown, &["That is too much."]);
    assert_hides(&shown, &["goes back to"]);
    let other = panel.order(NewOrder::default()).await;
    let strange = format!("/admin/orders/{}/returns/{back}/refund", other.id);
    let _ = staff.get(&strange).expect(404).await;
    let _ = staff.send(&strange, &fields).await.expect(404);
}

#[tokio::test]
async fn what_is_done_by_hand_is_offered_while_order_answers() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let unpaid = panel
        .order(NewOrder {
            status: "pending",
            payment_status: "unpaid",
            ..NewOrder::default()
        })
        .await;
    let paid = panel.order(NewOrder::default()).await;
    panel.refund(paid.payment, "pending", 500, 0).await;
    let [unpaid, paid] = [unpaid, paid].map(|order| format!("/admin/orders/{}", order.id));
    panel.peer.allow(&[]);
    // A card's money moves by itself.
    assert_hides(&staff.page(&unpaid).await, &["Mark as paid"]);
    assert_hides(&staff.page(&paid).await, &["It was transferred"]);
    sqlx::query("UPDATE payments SET provider = 'manual'")
        .execute(&panel.order_db)
        .await
        .unwrap();
    assert_shows(&staff.page(&unpaid).await, &["Mark as paid"]);
    assert_shows(
        &staff.page(&paid).await,
        &["5.00 EUR pending", "It was transferred"],
    );
    panel.peer.world().next = serde_json::Value::Null;
    assert_hides(&staff.page(&unpaid).await, &["Mark as paid"]);
    assert_hides(&staff.page(&paid).await, &["It was transferred"]);
}

#[tokio::test]
async fn customers_show_what_they_bought() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let customer = panel.account(Role::Customer).await;
    let user = Some(customer.id.uuid());
    let _ = panel
        .order(NewOrder {
            user,
            ..NewOrder::default()
        })
        .await;
    let _ = panel
        .order(NewOrder {
            user,
            status: "pending",
            payment_status: "unpaid",
            ..NewOrder::default()
        })
        .await;
    sqlx::query("UPDATE users SET email_verified_at = NULL, disabled_at = now() WHERE id = $1")
        .bind(customer.id.uuid())
        .execute(&panel.auth_db)
        .await
        .unwrap();
    let page = staff
        .page(&format!(
            "/admin/customers?q={}",
            &customer.email.as_str()[..20]
        ))
        .await;
    assert_eq!(rows_of(&page), 1);
    assert_shows(
        &page,
        &[
            "Somebody in customer",
            "disabled not verified customer",
            "2 26.90 EUR",
        ],
    );
    assert_eq!(
        rows_of(&staff.page("/admin/customers?q=Somebody+in+sup").await),
        1
    );
    for _ in 0..49 {
        let _ = panel.account(Role::Customer).await;
    }
    let first = staff.get("/admin/customers").expect(200).await;
    assert_eq!(rows_of(&first.text()), 50);
    assert_eq!(
        rows_of(&staff.page(&link_named(&first, "Registered earlier")).await),
        1
    );
}

#[tokio::test]
async fn what_customers_write_is_shown_and_never_run() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let evil = r#"<script>alert(1)</script>"'><img src=x onerror=alert(1)>"#;
    let order = panel
        .order(NewOrder {
            email: evil,
            title: evil,
            sku: evil,
            note: Some(evil),
            ..NewOrder::default()
        })
        .await;
    panel.order_event(order.id, "x", evil, evil).await;
    sqlx::query("UPDATE orders SET shipping_address = jsonb_build_object('name', $1::text, 'city', $1::text), coupon = $1")
        .bind(evil)
        .execute(&panel.order_db)
        .await
        .unwrap();
    let product = panel.product(evil, "pending_review", &[1]).await;
    sqlx::query("UPDATE products SET description = $1, attributes = jsonb_build_object($1::text, $1::text), rejection_reason = $1, seo_title = $1 WHERE id = $2")
        .bind(evil)
        .bind(product)
        .execute(&panel.product_db)
        .await
        .unwrap();
    let customer = panel.account(Role::Customer).await;
    sqlx::query("UPDATE users SET name = left($1, 100), email = $1 WHERE id = $2")
        .bind(evil)
        .bind(customer.id.uuid())
        .execute(&panel.auth_db)
        .await
        .unwrap();
    let query = serde_html_form::to_string([
        ("q", evil),
        ("status", evil),
        ("payment_status", evil),
        ("stock", evil),
        ("next", evil),
        ("done", evil),
    ])
    .unwrap();
    let order = format!("/admin/orders/{}", order.id);
    let product = format!("/admin/products/{product}");
    for path in [
        &product,
        &format!("{product}/stock"),
        &format!("{product}/doctor"),
        "/admin/categories",
        "/admin/reviews",
        "/admin/imports",
        "/admin/inventory",
        "/admin/inventory/cover",
        "/admin/mails",
        "/admin",
        "/admin/orders",
        "/admin/products",
        "/admin/products/approvals",
        "/admin/customers",
        "/admin/sellers",
        "/admin/login",
        &order,
    ] {
        for path in [path.to_owned(), format!("{path}?{query}")] {
            // What no filter can be is refused, and said on a page as well.
            let page = staff.get(&path).send().await.text();
            for harm in ["<script>", "<img src=x", "\"'>", "onerror=alert(1)>\""] {
                assert!(!page.contains(harm), "{harm} on {path}: {page}");
            }
        }
    }
    assert_shows(
        &staff.page("/admin/orders").await,
        &["&#60;script&#62;alert(1)&#60;/script&#62;"],
    );
}

#[tokio::test]
async fn pages_run_nothing_that_stands_in_them_and_forbid_frames_and_caches() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    for path in [
        "/admin",
        "/admin/login",
        "/admin/orders",
        "/admin/nothing",
        "/admin/orders/x",
    ] {
        let answer = staff.get(path).send().await;
        let policy = answer.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{path}"
        );
        assert!(
            !answer
                .text()
                .replace("<script src=\"/admin/assets/", "")
                .contains("<script")
                && !answer.text().contains("style=\"")
                && !answer.text().contains("onclick"),
            "{path}"
        );
    }
    let signed_out = panel.client.get("/admin").expect(303).await;
    assert_eq!(signed_out.header("cache-control"), "no-store");
    for (file, kind) in [
        ("admin.css", "text/css; charset=utf-8"),
        ("admin.js", "text/javascript; charset=utf-8"),
        ("htmx.min.js", "text/javascript; charset=utf-8"),
        ("icons.svg", "image/svg+xml"),
        ("icon.svg", "image/svg+xml"),
    ] {
        let asset = panel
            .client
            .get(&format!("/admin/assets/{file}"))
            .expect(200)
            .await;
        assert_eq!(
            (asset.header("content-type"), asset.header("cache-control")),
            (kind, "max-age=300")
        );
    }
}

#[tokio::test]
async fn what_is_not_there_or_malformed_is_a_page_too() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let expected = [
        ("/admin/nothing", 404),
        ("/admin/orders/not-an-id", 404),
        ("/admin/orders/01890a5d-ac96-774b-bcce-b302099a8057", 404),
        ("/admin/assets/../secret", 404),
        ("/admin/assets/other.css", 404),
        ("/admin/logout", 405),
        ("/admin/orders?cursor=broken", 422),
        ("/admin/orders?q=%00", 422),
        ("/admin/orders?q=1&q=2", 422),
        ("/admin/products?after=x", 422),
        ("/admin/customers?cursor=x", 422),
        ("/admin/customers?role=king", 422),
        ("/admin/customers?from=yesterday", 422),
        ("/admin/customers/01890a5d-ac96-774b-bcce-b302099a8057", 404),
        ("/admin/sellers/01890a5d-ac96-774b-bcce-b302099a8057", 404),
        ("/admin/sellers?cursor=x", 422),
    ];
    for (path, status) in expected {
        let answer = staff.get(path).expect(status).await;
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{path}: {}",
            answer.text()
        );
        assert_shows(&answer.text(), &["Go back"]);
    }
    let answer = panel.client.get("/admin/").expect(308).await;
    assert_eq!(answer.header("location"), "/admin");
    panel
        .client
        .get("/elsewhere")
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn the_documentation_works_without_the_internet() {
    let panel = Panel::open().await;
    let redirected = panel.client.get("/docs").send().await;
    let page = if redirected.status == 200 {
        redirected
    } else {
        panel.client.get("/docs/").expect(200).await
    };
    let mut files: Vec<_> = references(&page.text());
    files.push("/docs/swagger-initializer.js".to_owned());
    assert!(
        files.iter().any(|file| file.ends_with(".js"))
            && files.iter().any(|file| file.ends_with(".css")),
        "{files:?}"
    );
    for file in files {
        assert!(
            !file.starts_with("http") && !file.starts_with("//"),
            "{file} comes from elsewhere"
        );
        let path = if file.starts_with('/') {
            file
        } else {
            format!("/docs/{}", file.trim_start_matches("./"))
        };
        let _ = panel.client.get(&path).expect(200).await;
    }
    let start = panel
        .client
        .get("/docs/swagger-initializer.js")
        .expect(200)
        .await
        .text();
    assert!(start.contains("/docs/openapi.json"), "{start}");
    assert!(
        start.contains("\"validatorUrl\": \"none\""),
        "no website is asked whether the document is valid: {start}"
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'self'") && !policy.contains("script-src"),
        "{policy}"
    );
    let inline = page.text().split("<script").skip(1).any(|script| {
        !script
            .split('>')
            .nth(1)
            .unwrap()
            .trim()
            .starts_with("</script")
    });
    assert!(
        !inline,
        "the policy lets no inline script run: {}",
        page.text()
    );
    let document = panel
        .client
        .get("/docs/openapi.json")
        .expect(200)
        .await
        .value();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
}

/// What a page loads.
fn references(page: &str) -> Vec<String> {
    let marks = page.split(['\n', ' ', '>']).filter_map(|part| {
        part.strip_prefix("src=\"")
            .or_else(|| part.strip_prefix("href=\""))
    });
    marks
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

fn rows_of(page: &str) -> usize {
    page.split_once("<tbody>").map_or(0, |(_, rest)| {
        rest.split_once("</tbody>")
            .unwrap()
            .0
            .matches("<tr>")
            .count()
    })
}

fn link_named(answer: &Answer, name: &str) -> String {
    let page = answer.text();
    let before = page
        .split_once(&format!("\">{name}</a>"))
        .unwrap_or_else(|| panic!("no {name} in {}", text(&page)))
        .0;
    let href = before.rsplit_once("href=\"").unwrap().1;
    let _ = between(&page, href, name);
    href.replace("&#38;", "&")
}
