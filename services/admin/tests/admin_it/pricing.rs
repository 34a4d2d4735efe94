//! Coupons, promotions, shipping, taxes, and the benches.

use auth_token::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::html::{self, assert_hides, assert_shows};
use crate::panel::{Panel, Staff};
use crate::peer::Call;
use crate::seed::NewOrder;

fn eur(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

impl Panel {
    /// A coupon that takes 20% off, at most 25.00.
    async fn coupon(&self, code: &str, more: &str) -> Uuid {
        let id = self.id();
        sqlx::query("INSERT INTO coupons (id, code, kind, percent, max_discount, currency, created_at) VALUES ($1, $2, 'percent', 20, 2500, 'EUR', $3)")
            .bind(id)
            .bind(code)
            .bind(self.clock.now())
            .execute(&self.order_db)
            .await
            .unwrap();
        if !more.is_empty() {
            let sql = format!("UPDATE coupons SET {more} WHERE id = $1");
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(id)
                .execute(&self.order_db)
                .await
                .unwrap();
        }
        id
    }

    async fn promotion(&self, name: &str, priority: i32, rule: Value) -> Uuid {
        let id = self.id();
        sqlx::query(
            "INSERT INTO promotions (id, name, kind, rule, currency, priority, created_at, updated_at) VALUES ($1, $2, $3->>'kind', $3, 'EUR', $4, $5, $5)",
        )
        .bind(id)
        .bind(name)
        .bind(rule)
        .bind(priority)
        .bind(self.clock.now())
        .execute(&self.order_db)
        .await
        .unwrap();
        id
    }

    /// The only call since the last look.
    fn only_call(&self) -> Call {
        let [call] = <[_; 1]>::try_from(self.peer.calls()).unwrap();
        call
    }
}

/// Where a form that did something leads.
async fn sent(staff: &Staff, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = staff.send(path, fields).await.expect(303);
    answer.header("location").to_owned()
}

#[tokio::test]
async fn coupons_tell_their_state_and_what_they_give() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    assert_shows(
        &staff.page("/admin/coupons").await,
        &["No coupon yet", "New coupon"],
    );
    let product = panel.product("<b>Lamp</b>", "active", &[1]).await;
    let lamp = panel
        .coupon(
            "LAMP",
            &format!("product_ids = '{{{product}}}', min_subtotal = 5000"),
        )
        .await;
    for (code, more) in [
        ("SOON", "starts_at = now() + interval '2 days'"),
        ("GONE", "ends_at = now() - interval '2 days'"),
        ("EMPTY", "usage_limit = 3, used = 3, per_customer_limit = 1"),
        ("ASLEEP", "active = false"),
    ] {
        let _ = panel.coupon(code, more).await;
    }
    sqlx::query(
        "INSERT INTO sales_rollups (report, currency, grain, period, key, orders, cancelled, units, gross, discounts, shipping, tax, total, refunds, released, charged_back, tax_back)
         SELECT 'offer', 'EUR', 'day', $1::timestamptz::date - days, 'coupon:LAMP', 1, 0, 1, 0, 300, 0, 0, 10000, 500, 0, 0, 0 FROM unnest('{1, 20, 60}'::int[]) days",
    )
    .bind(panel.clock.now())
    .execute(&panel.admin_db)
    .await
    .unwrap();
    let page = staff.page("/admin/coupons").await;
    assert_shows(
        &page,
        &[
            "LAMP running 20% off &#60;b&#62;Lamp&#60;/b&#62;, at most 25.00 EUR, from 50.00 EUR on 0",
            "190.00 EUR",
            "SOON planned 20% off everything",
            "GONE over",
            "EMPTY used up 20% off everything, at most 25.00 EUR once for each customer 3 of 3",
            "ASLEEP off",
        ],
    );
    let narrowed = staff.page("/admin/coupons?q=e&state=used_up").await;
    assert_shows(&narrowed, &["EMPTY"]);
    assert_hides(&narrowed, &["ASLEEP", "LAMP"]);
    assert_shows(
        &staff.page("/admin/coupons?q=nothing").await,
        &["No coupon matches"],
    );

    // Its page: for which orders it was used, and what order says of a cart with it.
    let order = panel.order(NewOrder::default()).await;
    sqlx::query("INSERT INTO coupon_redemptions (coupon_id, order_id, customer, amount, redeemed_at) VALUES ($1, $2, 'x', 123, $3)")
        .bind(lamp)
        .bind(order.id.uuid())
        .bind(panel.clock.now())
        .execute(&panel.order_db)
        .await
        .unwrap();
    let mut answer = priced();
    answer["coupon"] = json!({"label": "LAMP", "applied": false, "goods": eur(0), "shipping": eur(0), "reason": "coupon_expired",
        "explanation": "The coupon has <expired>."});
    let _ = panel
        .peer
        .world()
        .answers
        .insert(PREVIEW.to_owned(), answer);
    let _ = panel.peer.calls();
    let page = staff.page(&format!("/admin/coupons/{lamp}")).await;
    assert_shows(
        &page,
        &[
            &order.number,
            "1.23 EUR",
            "“The coupon has &#60;expired&#62;.”",
            "6.00 EUR given away",
        ],
    );
    let asked = panel.only_call();
    assert_eq!(
        asked.body,
        json!({"lines": [{"unit_price": eur(10_000), "quantity": 1, "product_id": product, "category_ids": []}], "coupon": "LAMP", "with_promotions": false})
    );
    let _ = staff
        .get(&format!("/admin/coupons/{}", Uuid::nil()))
        .expect(404)
        .await;
}

#[tokio::test]
async fn coupons_are_made_changed_switched_and_deleted_through_order() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let product = panel.product("Lamp", "active", &[1, 2]).await;
    let sku: String = sqlx::query_scalar("SELECT min(sku) FROM product_variants")
        .fetch_one(&panel.product_db)
        .await
        .unwrap();
    let form = staff.page("/admin/coupons/new?kind=fixed").await;
    let key = html::value_of(&form, "key");
    let fields = [
        ("key", key.as_str()),
        ("kind", "fixed"),
        ("currency", "EUR"),
        ("code", "SPRING"),
        ("amount", "12,50"),
        ("skus", sku.as_str()),
        ("usage_limit", "100"),
        ("ends_at", "2026-12-24T18:30"),
        ("active", "true"),
    ];
    panel.peer.world().posted = Some(json!({"id": Uuid::from_u128(7)}));
    let to = sent(&staff, "/admin/coupons/new", &fields).await;
    assert_eq!(
        to,
        format!("/admin/coupons/{}?done=made", Uuid::from_u128(7))
    );
    let call = panel.only_call();
    assert_eq!(
        (
            call.method.as_str(),
            call.path.as_str(),
            call.key.as_deref()
        ),
        ("POST", "/internal/api/coupons", Some(key.as_str()))
    );
    assert_eq!(
        call.body,
        json!({"code": "SPRING", "kind": "fixed", "percent": null, "max_discount": null, "amount": eur(1250), "usage_limit": 100,
            "per_customer_limit": null, "min_subtotal": null, "product_ids": [product], "category_ids": [], "starts_at": null,
            "ends_at": "2026-12-24T18:30:00Z", "active": true})
    );
    // What is not known, or no number, is told where it stands, and what was typed is still there.
    let bad = [
        ("kind", "fixed"),
        ("code", "SPRING"),
        ("amount", "much"),
        ("skus", "NOTHING"),
        ("usage_limit", "2"),
    ];
    let page = staff
        .send("/admin/coupons/new", &bad)
        .await
        .expect(422)
        .text();
    assert_shows(
        &page,
        &[
            "Nothing is saved yet",
            "no product has the SKU NOTHING",
            "must be an amount such as 12.50",
        ],
    );
    assert!(page.contains(r#"value="much""#) && page.contains(r#"value="2""#));
    assert!(panel.peer.calls().is_empty());
    // So is what order finds wrong.
    panel
        .peer
        .refuse_fields(&[("ends_at", "must be after starts_at")]);
    let page = staff
        .send("/admin/coupons/new", &fields)
        .await
        .expect(422)
        .text();
    assert_shows(
        &page,
        &[
            "ends_at must be after starts_at",
            "UTC. Empty: for ever. must be after starts_at",
        ],
    );
    panel.peer.refuse(
        409,
        "coupon_code_taken",
        "There is a coupon with this code already.",
    );
    let page = staff
        .send("/admin/coupons/new", &fields)
        .await
        .expect(422)
        .text();
    assert_shows(&page, &["code There is a coupon with this code already."]);
    panel.peer.world().refusal = None;
    let _ = panel.peer.calls();

    let id = panel
        .coupon("OLD", "version = 4, starts_at = '2026-01-01T00:00:30Z'")
        .await;
    let page = format!("/admin/coupons/{id}");
    let form = staff.page(&format!("{page}/edit")).await;
    assert_eq!(html::value_of(&form, "starts_at"), "2026-01-01T00:00:30");
    assert_eq!(html::value_of(&form, "max_discount"), "25.00");
    assert_eq!(
        sent(
            &staff,
            &format!("{page}/switch"),
            &[("version", "4"), ("on", "false")]
        )
        .await,
        format!("{page}?done=switched_off")
    );
    let call = panel.only_call();
    assert_eq!(
        (
            call.method.as_str(),
            call.path.as_str(),
            call.if_match.as_deref()
        ),
        (
            "PUT",
            &*format!("/internal/api/coupons/{id}"),
            Some("\"4\"")
        )
    );
    assert_eq!(
        (
            &call.body["active"],
            &call.body["percent"],
            &call.body["starts_at"]
        ),
        (&json!(false), &json!(20), &json!("2026-01-01T00:00:30Z"))
    );
    panel.peer.refuse(412, "stale_version", "It changed.");
    let answer = staff
        .send(&format!("{page}/delete"), &[("version", "3")])
        .await
        .expect(412);
    assert_shows(&answer.text(), &["Somebody else changed this meanwhile"]);
    panel.peer.world().refusal = None;
    let _ = panel.peer.calls();
    assert_eq!(
        sent(&staff, &format!("{page}/delete"), &[("version", "4")]).await,
        "/admin/coupons?done=gone"
    );
    let call = panel.only_call();
    assert_eq!(
        (call.method.as_str(), call.if_match.as_deref()),
        ("DELETE", Some("\"4\""))
    );
    let acts: Vec<String> = panel
        .audit()
        .await
        .into_iter()
        .map(|(action, ..)| action)
        .collect();
    assert_eq!(acts.iter().filter(|act| *act == "coupon.create").count(), 6);
    assert!(
        acts.contains(&"coupon.update".to_owned()) && acts.contains(&"coupon.delete".to_owned())
    );
}

#[tokio::test]
async fn promotions_stand_in_their_order_and_keep_their_tiers() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    assert_shows(
        &staff.page("/admin/promotions").await,
        &["No promotion yet"],
    );
    let tiers = json!({"kind": "tiered", "by": "quantity", "each_line": true,
        "steps": [{"from": 3, "off": {"percent": 5}}, {"from": 10, "off": {"amount": 1000}}]});
    let id = panel.promotion("Bulk", 1, tiers).await;
    let socks = json!({"kind": "buy_x_get_y", "buy": 2, "get": 1, "percent": 100, "gets": {}, "max_times": null});
    let _ = panel.promotion("Three for two", 9, socks).await;
    let list = staff.page("/admin/promotions").await;
    assert_shows(
        &list,
        &[
            "1 Three for two Buy 2, get 1 free running",
            "2 Bulk 5% off from 3 units on, 10.00 EUR off from 10 units on, each line by itself running",
        ],
    );
    let path = format!("/admin/promotions/{id}");
    let form = staff.page(&path).await;
    let value = |name: &str| html::value_of(&form, name);
    assert_eq!(
        (
            value("tiers[0].from_quantity"),
            value("tiers[1].amount"),
            value("tiers[1].percent"),
            value("by")
        ),
        (
            "3".to_owned(),
            "10.00".to_owned(),
            String::new(),
            "quantity".to_owned()
        )
    );
    let fields = [
        ("version", "1"),
        ("kind", "tiered"),
        ("by", "subtotal"),
        ("currency", "EUR"),
        ("name", "Bulk"),
        ("tiers[0].from_subtotal", ""),
        ("tiers[1].from_subtotal", "50"),
        ("tiers[1].percent", "5"),
        ("tiers[4].from_subtotal", "100"),
        ("tiers[4].amount", "10"),
        ("exclusive", "true"),
    ];
    // More rows are asked for by a button, which saves nothing.
    let mut more = fields.to_vec();
    more.push(("do", "more"));
    let page = staff.send(&path, &more).await.expect(200).text();
    assert_eq!(html::value_of(&page, "tiers[1].amount"), "10");
    assert!(
        page.contains(r#"name="tiers[6].amount""#) && !page.contains(r#"name="tiers[7].amount""#)
    );
    assert!(panel.peer.calls().is_empty());
    assert_eq!(
        sent(&staff, &path, &fields).await,
        "/admin/promotions?done=kept"
    );
    let body = panel.only_call().body;
    assert_eq!(
        body["tiers"],
        json!([
            {"from_quantity": null, "from_subtotal": eur(5000), "percent": 5, "amount": null},
            {"from_quantity": null, "from_subtotal": eur(10_000), "percent": null, "amount": eur(1000)},
        ])
    );
    assert_eq!(
        (&body["exclusive"], &body["active"]),
        (&json!(true), &json!(false))
    );
    panel
        .peer
        .refuse_fields(&[("tiers[1]", "must begin after the one before")]);
    let page = staff.send(&path, &fields).await.expect(422).text();
    assert_shows(&page, &["tiers[1] must begin after the one before"]);
}

#[tokio::test]
async fn shipping_and_taxes_are_kept_and_doubted() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let list = staff.page("/admin/shipping").await;
    assert_shows(
        &list,
        &[
            "1 Standard standard on 4.90 EUR, free from 50.00 EUR on everywhere",
            "2 Express",
        ],
    );
    let fields = [
        ("kind", "by_weight"),
        ("currency", "EUR"),
        ("code", "parcel"),
        ("name", "Parcel"),
        ("steps[0].up_to_grams", "2000"),
        ("steps[0].price", "4.90"),
        ("steps[2].price", "12.90"),
        ("places", "de, US-ca"),
        ("tax_class", "goods"),
        ("active", "true"),
    ];
    assert_eq!(
        sent(&staff, "/admin/shipping/new", &fields).await,
        "/admin/shipping?done=made"
    );
    let body = panel.only_call().body;
    assert_eq!(
        (&body["steps"], &body["places"], &body["price"]),
        (
            &json!([{"up_to_grams": 2000, "up_to_subtotal": null, "price": eur(490)}, {"up_to_grams": null, "up_to_subtotal": null, "price": eur(1290)}]),
            &json!(["de", "US-ca"]),
            &Value::Null
        )
    );
    panel
        .peer
        .refuse_fields(&[("places[1]", "must be a country such as DE")]);
    let page = staff
        .send("/admin/shipping/new", &fields)
        .await
        .expect(422)
        .text();
    assert_shows(&page, &["Empty: everywhere. must be a country such as DE"]);
    panel.peer.world().refusal = None;
    let form = staff.page("/admin/shipping/methods/standard").await;
    assert_eq!(
        (
            html::value_of(&form, "price"),
            html::value_of(&form, "free_from")
        ),
        ("4.90".to_owned(), "50.00".to_owned())
    );
    let _ = staff.get("/admin/shipping/methods/none").expect(404).await;
    let _ = panel.peer.calls();
    let _ = sent(
        &staff,
        "/admin/shipping/methods/standard/switch",
        &[("version", "1"), ("on", "false")],
    )
    .await;
    assert_eq!(panel.only_call().body["active"], json!(false));

    // A second rate of the same class, and a country with one class only.
    sqlx::query(
        "INSERT INTO tax_rates (country, tax_class, name, rate_ppm) VALUES ('DE', 'standard', 'MwSt', 190000), ('CH', 'standard', 'MwSt', 81000)",
    )
    .execute(&panel.order_db)
    .await
    .unwrap();
    let _ = panel.order(NewOrder::default()).await;
    let _ = panel
        .peer
        .world()
        .answers
        .insert(PREVIEW.to_owned(), priced());
    let page = staff.page("/admin/taxes").await;
    assert_shows(
        &page,
        &[
            "Prices are without taxes",
            "DE: 2 rates overlap for standard goods, and all are levied: MwSt 19% and VAT 19%.",
            "CH: no rate for reduced goods",
            "8.1%",
        ],
    );
    assert_hides(&page, &["Without any rate"]);
    assert_shows(
        &staff.page("/admin/taxes?country=zz").await,
        &["No rate for zz"],
    );
    let _ = panel.peer.calls();
    let rate = [
        ("name", "QST"),
        ("percent", "9,975"),
        ("tax_class", "standard"),
        ("country", "ca"),
        ("region", "qc"),
        ("adds", "true"),
    ];
    assert_eq!(
        sent(&staff, "/admin/taxes/new", &rate).await,
        "/admin/taxes?done=made"
    );
    assert_eq!(
        panel.only_call().body,
        json!({"country": "CA", "region": "QC", "tax_class": "standard", "name": "QST", "percent": 9.975, "adds": true})
    );
    let page = staff
        .send("/admin/taxes/new", &[("percent", "a lot")])
        .await
        .expect(422)
        .text();
    assert_shows(
        &page,
        &[
            "must be a number such as 19 or 9.975",
            "country is required",
        ],
    );
}

const PREVIEW: &str = "/internal/pricing/preview";

/// What order says of a cart of two lamps.
fn priced() -> Value {
    let tax = json!({"name": "VAT", "percent": 19, "base": eur(1800), "amount": eur(342)});
    let five = json!({"kind": "promotion", "source_id": Uuid::nil(), "label": "<i>Ten</i>", "amount": eur(200)});
    json!({
        "lines": [{"quantity": 2, "unit_price": eur(1000), "tax_class": "standard", "subtotal": eur(2000), "discount": eur(200), "tax": eur(342),
            "included_tax": eur(0), "total": eur(2142), "adjustments": [five], "taxes": [tax]}],
        "subtotal": eur(2000), "discount": eur(200), "shipping": eur(490), "tax": eur(342), "total": eur(2632), "prices_include_tax": false,
        "country": "DE", "region": null, "at": "2026-11-21T12:00:00Z", "included_tax": eur(0), "taxes": [tax], "shipping_adjustments": [],
        "shipping_method": "standard",
        "promotions": [
            {"id": Uuid::nil(), "label": "<i>Ten</i>", "applied": true, "goods": eur(200), "shipping": eur(0), "reason": null, "explanation": null, "has": null, "needs": null},
            {"id": Uuid::nil(), "label": "Big", "applied": false, "goods": eur(0), "shipping": eur(0), "reason": "subtotal_too_low", "explanation": "x", "has": eur(1800), "needs": eur(500_000)},
        ],
        "coupon": null,
        "shipping_methods": [
            {"code": "standard", "name": "Standard", "available": true, "price": eur(490), "reason": null, "explanation": null},
            {"code": "bike", "name": "Bike", "available": false, "price": null, "reason": "too_heavy", "explanation": "x"},
        ],
    })
}

#[tokio::test]
async fn the_bench_shows_how_each_cent_comes_about() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    assert_shows(
        &staff.page("/admin/bench").await,
        &["Nothing is in it yet", "No price yet"],
    );
    let _ = panel.product("Lamp & shade", "active", &[1]).await;
    let sku: String = sqlx::query_scalar("SELECT sku FROM product_variants")
        .fetch_one(&panel.product_db)
        .await
        .unwrap();
    let variant: Uuid = sqlx::query_scalar("SELECT id FROM product_variants")
        .fetch_one(&panel.product_db)
        .await
        .unwrap();
    // Looked for, added by a link, and priced.
    let found = staff.page("/admin/bench?q=lamp&coupon=X").await;
    let link =
        html::between(&found, r#"<a class="button small" href=""#, "\"").replace("&#38;", "&");
    assert_eq!(link, format!("/admin/bench?sku={sku}&quantity=1&coupon=X"));
    let _ = panel
        .peer
        .world()
        .answers
        .insert(PREVIEW.to_owned(), priced());
    let anna = panel.account(Role::Customer).await;
    // Others claim her address, before and after her.
    for sql in [
        "INSERT INTO users (id, email, name, role, created_at, updated_at)
         SELECT other.id::uuid, email, 'Stranger', role, created_at, updated_at FROM users,
           (VALUES ('00000000-0000-7000-8000-000000000001'), ('ffffffff-0000-7000-8000-000000000001')) AS other (id) WHERE users.id = $1",
        // So that hers is the last in the table.
        "UPDATE users SET updated_at = created_at WHERE id = $1",
    ] {
        let done = sqlx::query(sql).bind(anna.id.uuid());
        done.execute(&panel.auth_db).await.unwrap();
    }
    let case = format!(
        "/admin/bench?sku={sku}&quantity=2&sku=&quantity=1&coupon=X&country=de&method=standard&at=2026-12-01T10:00&email={}",
        anna.email.as_str()
    );
    let page = staff.page(&case).await;
    assert_eq!(
        panel.only_call().body,
        json!({"lines": [{"variant_id": variant, "quantity": 2}], "coupon": "X", "country": "DE", "region": null, "shipping_method": "standard",
            "at": "2026-12-01T10:00:00Z", "customer": {"email": anna.email.as_str(), "user_id": anna.id}})
    );
    assert_shows(
        &page,
        &[
            "Lamp &#38; shade",
            "2 10.00 EUR 20.00 EUR &#60;i&#62;Ten&#60;/i&#62; −2.00 EUR VAT 19% on 18.00 EUR 3.42 EUR Line 21.42 EUR",
            "Big promotion no What it is for must cost 5,000.00 EUR; it costs 18.00 EUR.",
            "Bike no It does not carry that much.",
            "Goods 20.00 EUR &#60;i&#62;Ten&#60;/i&#62; −2.00 EUR Standard 4.90 EUR VAT 19% 3.42 EUR Total 26.32 EUR",
            "Account of Somebody in customer",
        ],
    );
    // What order refuses, and what is not there, is said.
    assert_shows(
        &staff.page("/admin/bench?sku=NOTHING&quantity=1").await,
        &["There is no product with the SKU NOTHING."],
    );
    assert_shows(
        &staff
            .page(&format!("/admin/bench?sku={sku}&quantity=x"))
            .await,
        &["So many units"],
    );
    panel.peer.refuse(422, "invalid", "That is no country.");
    assert_shows(
        &staff
            .page(&format!("/admin/bench?sku={sku}&country=xx"))
            .await,
        &["That is no country."],
    );
    panel.peer.world().refusal = None;

    let _ = panel.peer.calls();
    let page = staff
        .page("/admin/shipping/bench?country=at&grams=2500&subtotal=20")
        .await;
    assert_shows(
        &page,
        &[
            "2.5 kg worth 20.00 EUR to DE",
            "Standard standard yes taken if none is chosen 4.90 EUR",
            "It does not carry that much.",
        ],
    );
    assert_eq!(
        panel.only_call().body,
        json!({"lines": [{"unit_price": eur(2000), "quantity": 1, "weight_grams": 2500}], "country": "AT", "region": null, "with_promotions": false})
    );
    let page = staff
        .page("/admin/taxes/bench?country=de&class=standard&amount=20&included=yes")
        .await;
    assert_shows(
        &page,
        &["VAT 19% 18.00 EUR 3.42 EUR", "Without taxes 22.90 EUR"],
    );
    let asked = panel.only_call().body;
    assert_eq!(
        (&asked["prices_include_tax"], &asked["with_shipping"]),
        (&json!(true), &json!(false))
    );
    assert_shows(
        &staff.page("/admin/taxes/bench?amount=x").await,
        &["must be a number such as 49.90"],
    );
}

#[tokio::test]
async fn support_looks_and_tries_and_changes_nothing() {
    let panel = Panel::open().await;
    let support = panel.staff(Role::Support).await;
    let coupon = panel.coupon("LAMP", "").await;
    let promotion = panel
        .promotion(
            "Sale",
            0,
            json!({"kind": "percent", "percent": 5, "max_discount": null}),
        )
        .await;
    let rate: Uuid = sqlx::query_scalar("SELECT id FROM tax_rates LIMIT 1")
        .fetch_one(&panel.order_db)
        .await
        .unwrap();
    let pages = [
        "/admin/coupons",
        "/admin/promotions",
        "/admin/shipping",
        "/admin/taxes",
    ];
    for page in pages {
        let shown = support.page(page).await;
        assert_hides(&shown, &["New ", "Switch off"]);
        let _ = support.get(&format!("{page}/new")).expect(403).await;
        let _ = support
            .send(&format!("{page}/new"), &[("name", "x")])
            .await
            .expect(403);
    }
    let one = format!("/admin/coupons/{coupon}");
    assert_hides(
        &support.page(&one).await,
        &["Switch off", "Delete", "Change"],
    );
    let rows = [
        (format!("{one}/edit"), one),
        (
            format!("/admin/promotions/{promotion}"),
            format!("/admin/promotions/{promotion}"),
        ),
        (
            "/admin/shipping/methods/standard".to_owned(),
            "/admin/shipping/methods/standard".to_owned(),
        ),
        (
            format!("/admin/taxes/{rate}"),
            format!("/admin/taxes/{rate}"),
        ),
    ];
    let _ = panel.peer.calls();
    for (edit, row) in rows {
        let _ = support.get(&edit).expect(403).await;
        let _ = support.send(&edit, &[("version", "1")]).await.expect(403);
        for act in ["switch", "delete"] {
            if act == "switch" && row.starts_with("/admin/taxes/") {
                continue;
            }
            let fields = [("version", "1"), ("on", "true")];
            let _ = support
                .send(&format!("{row}/{act}"), &fields)
                .await
                .expect(403);
            // Nobody's browser sends a form of another site.
            let _ = support
                .send_raw(&format!("{row}/{act}"), &fields)
                .await
                .expect(403);
        }
    }
    assert!(panel.peer.calls().is_empty());
}

#[tokio::test]
async fn an_id_leads_nowhere_else() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    for path in [
        "/admin/coupons/..%2Ftax-rates%2F1/delete",
        "/admin/promotions/..%2F..%2Fship",
        "/admin/shipping/methods/a%3Fb/switch",
    ] {
        let fields = [("version", "1"), ("on", "true")];
        let _ = admin.send(path, &fields).await.expect(404);
    }
    assert!(panel.peer.calls().is_empty());
}
