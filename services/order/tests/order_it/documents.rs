//! Invoices, credit notes and packing slips.

use auth_token::{OnBehalfOf, Role};
use primitives::UserId;
use serde_json::{Value, json};
use testkit::http::{Answer, Request};
use uuid::Uuid;

use crate::shop::{Person, Shop};

fn invoice(shop: &Shop, person: &Person, order: &Value) -> Request {
    let id = order["id"].as_str().unwrap();
    shop.client
        .get(&format!("/api/orders/{id}/invoice"))
        .bearer(&person.token)
}

async fn list(shop: &Shop, person: &Person, order: &Value) -> Vec<Value> {
    let id = order["id"].as_str().unwrap();
    let list = shop.client.get(&format!("/api/orders/{id}/documents"));
    let answer = list.bearer(&person.token).expect(200).await.value();
    answer["data"].as_array().unwrap().clone()
}

/// A PDF's bytes are compressed: what it says is told by the page, which shows the same.
fn assert_pdf(answer: &Answer) {
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert!(answer.body.starts_with(b"%PDF-1."));
    assert!(answer.body.len() > 10_000, "the font is embedded");
}

#[tokio::test]
async fn a_paid_order_has_one_invoice_that_stays_as_it_is() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1999, 50);
    shop.peer.world().variants.get_mut(&variant).unwrap().title =
        "Größe <b>ŻÓŁĆ</b> & €".to_owned();
    let person = shop.person(Role::Customer);
    let order = shop.placed(&person, variant, 2).await;
    let problem = invoice(&shop, &person, &order).send().await;
    problem.problem(409, "not_invoiced");
    shop.pretend_paid(&order).await;

    let page = invoice(&shop, &person, &order).expect(200).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    let text = page.text();
    for part in [
        "Invoice INV-0000001",
        "Größe &#60;b&#62;ŻÓŁĆ&#60;/b&#62; &#38; €",
        "19.99",
        "39.98 EUR",
        "Anna Example",
        "VAT 19 % of",
        order["number"].as_str().unwrap(),
    ] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    let total = order["total"]["amount"].as_i64().unwrap();
    assert!(text.contains(&format!("{}.{:02} EUR", total / 100, total % 100)));

    let pdf = invoice(&shop, &person, &order).header("accept", "application/pdf");
    let first = pdf.expect(200).await;
    assert_pdf(&first);
    assert_eq!(
        first.header("content-disposition"),
        "inline; filename=\"INV-0000001.pdf\""
    );

    // What changes later does not change it.
    sqlx::query("UPDATE orders SET billing_address = billing_address || '{\"name\": \"-\"}'")
        .execute(&shop.pool)
        .await
        .unwrap();
    let id = order["id"].as_str().unwrap();
    let by_number = format!("/api/orders/{id}/documents/INV-0000001?format=pdf");
    let second = shop.client.get(&by_number).bearer(&person.token);
    assert_eq!(second.expect(200).await.body, first.body);

    let staff = shop.person(Role::Support);
    let _ = invoice(&shop, &staff, &order).expect(200).await;
    let stranger = shop.person(Role::Customer);
    let strange = invoice(&shop, &stranger, &order).send().await;
    strange.problem(404, "not_found");
    let strange = shop.client.get(&by_number).bearer(&stranger.token);
    strange.send().await.problem(404, "not_found");
    let wrong = format!("/api/orders/{id}/invoice?format=docx");
    let wrong = shop.client.get(&wrong).bearer(&person.token).send().await;
    wrong.problem(422, "validation_failed");
}

#[tokio::test]
async fn numbers_of_invoices_have_no_gaps_however_many_ask_at_once() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(500, 500);
    let mut orders = Vec::new();
    for _ in 0..6 {
        let person = shop.person(Role::Customer);
        let order = shop.placed(&person, variant, 1).await;
        shop.pretend_paid(&order).await;
        orders.push((person, order));
    }
    let asked = orders
        .iter()
        .flat_map(|(person, order)| (0..4).map(move |_| (person, order)))
        .map(|(person, order)| invoice(&shop, person, order).expect(200));
    let (answers, ()) = tokio::join!(
        futures::future::join_all(asked),
        order::reconcile(&shop.app)
    );
    assert_eq!(answers.len(), 24);
    let mut numbers = Vec::new();
    for (person, order) in &orders {
        let issued = list(&shop, person, order).await;
        assert_eq!(issued.len(), 1);
        assert_eq!(issued[0]["amount"], order["total"]);
        numbers.push(issued[0]["number"].as_str().unwrap().to_owned());
    }
    numbers.sort_unstable();
    let expected: Vec<_> = (1..=6).map(|n| format!("INV-{n:07}")).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn each_refund_has_a_credit_note() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1000, 50);
    let person = shop.person(Role::Customer);
    let order = shop.placed(&person, variant, 1).await;
    shop.pretend_paid(&order).await;
    let total = order["total"]["amount"].as_i64().unwrap();
    for amount in [100, total - 100] {
        sqlx::query(
            "INSERT INTO refunds (id, payment_id, status, amount, actor, next_try_at, created_at, updated_at)
             SELECT gen_random_uuid(), id, 'succeeded', $1, 'system', now(), clock_timestamp(), now() FROM payments",
        )
        .bind(amount)
        .execute(&shop.pool)
        .await
        .unwrap();
        order::reconcile(&shop.app).await;
    }
    let issued = list(&shop, &person, &order).await;
    let of = |name: &str| -> Vec<Value> { issued.iter().map(|d| d[name].clone()).collect() };
    assert_eq!(of("kind"), ["invoice", "credit_note", "credit_note"]);
    assert_eq!(of("number"), ["INV-0000001", "CN-0000001", "CN-0000002"]);
    assert_eq!(issued[1]["amount"]["amount"], 100);
    assert_eq!(issued[2]["amount"]["amount"], total - 100);
    assert!(issued[1]["refund_id"].is_string());
    let id = order["id"].as_str().unwrap();
    for number in ["CN-0000001", "CN-0000002"] {
        let path = format!("/api/orders/{id}/documents/{number}");
        let page = shop.client.get(&path).bearer(&person.token);
        let page = page.expect(200).await.text();
        assert!(page.contains("Refund for invoice INV-0000001"), "{page}");
        assert!(page.contains("Contains VAT 19 %"), "{page}");
        let pdf = shop.client.get(&format!("{path}?format=pdf"));
        assert_pdf(&pdf.bearer(&person.token).expect(200).await);
        // As the panel asks in a staff member's name.
        let who = OnBehalfOf {
            user_id: UserId::from(Uuid::from_u128(1)),
            role: Role::Support,
            email: Some("staff@example.com".parse().unwrap()),
            auth_time: None,
        };
        let token = shop.admin.token("order", Some(&who)).unwrap();
        let pdf = format!("/internal{path}?format=pdf");
        assert_pdf(&shop.internal.get(&pdf).bearer(&token).expect(200).await);
    }
}

#[tokio::test]
async fn a_packing_slip_says_what_is_still_to_be_packed_and_what_is_in_a_parcel() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1999, 50);
    let person = shop.person(Role::Customer);
    let order = shop.placed(&person, variant, 5).await;
    shop.pretend_paid(&order).await;
    let id = order["id"].as_str().unwrap();
    let staff = shop.person(Role::Admin);
    let item = order["items"][0]["id"].as_str().unwrap();
    let parcel = shop
        .client
        .post(&format!("/api/orders/{id}/shipments"))
        .bearer(&staff.token)
        .json(&json!({"carrier": "DHL", "tracking_number": "TRACK-1", "items": [{"order_item_id": item, "quantity": 2}]}))
        .expect(201)
        .await
        .value();
    let parcel = parcel["id"].as_str().unwrap();
    let slip = |query: String| {
        let path = format!("/api/orders/{id}/packing-slip{query}");
        shop.client.get(&path).bearer(&staff.token)
    };
    let rest = slip(String::new()).expect(200).await.text();
    assert!(rest.contains("<td class=\"number\">3</td>"), "{rest}");
    assert!(!rest.contains("19.99"), "no prices");
    let sent = slip(format!("?shipment_id={parcel}")).expect(200).await;
    let sent = sent.text();
    assert!(sent.contains("TRACK-1") && sent.contains("<td class=\"number\">2</td>"));
    assert_pdf(&slip("?format=pdf".to_owned()).expect(200).await);
    let stranger = slip("?shipment_id=00000000-0000-7000-8000-000000000000".to_owned());
    stranger.send().await.problem(404, "not_found");
    let customer = shop.client.get(&format!("/api/orders/{id}/packing-slip"));
    let customer = customer.bearer(&person.token).send().await;
    customer.problem(403, "forbidden");
}

#[tokio::test]
async fn an_order_whose_documents_cannot_be_issued_keeps_no_other_from_theirs() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(500, 500);
    let mut orders = Vec::new();
    for _ in 0..2 {
        let person = shop.person(Role::Customer);
        let order = shop.placed(&person, variant, 1).await;
        shop.pretend_paid(&order).await;
        orders.push(order);
    }
    let ids = [0, 1].map(|at| orders[at]["id"].as_str().unwrap().parse::<uuid::Uuid>());
    let [broken, good] = ids.map(Result::unwrap);
    sqlx::query(
        "INSERT INTO documents (kind, serial, number, order_id, content, issued_at) VALUES ('invoice', 999, 'X', $1, '{}', now())",
    )
    .bind(broken)
    .execute(&shop.pool)
    .await
    .unwrap();
    order::reconcile(&shop.app).await;
    let number: Option<String> =
        sqlx::query_scalar("SELECT invoice_number FROM orders WHERE id = $1")
            .bind(good)
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(number.as_deref(), Some("INV-0000001"));
}

#[tokio::test]
async fn credit_notes_give_all_taxes_back_in_whatever_order_refunds_are_done() {
    let shop = Shop::open().await;
    let person = shop.person(Role::Customer);
    let order = shop.placed(&person, shop.peer.sell(1000, 50), 1).await;
    shop.pretend_paid(&order).await;
    let total = order["total"]["amount"].as_i64().unwrap();
    // Asked for first, done last.
    for (status, amount) in [("pending", 100), ("succeeded", total - 100)] {
        sqlx::query(
            "INSERT INTO refunds (id, payment_id, status, amount, actor, next_try_at, created_at, updated_at)
             SELECT gen_random_uuid(), id, $1, $2, 'system', now() + interval '1 day', clock_timestamp(), now() FROM payments",
        )
        .bind(status)
        .bind(amount)
        .execute(&shop.pool)
        .await
        .unwrap();
    }
    order::reconcile(&shop.app).await;
    shop.set("UPDATE refunds SET status = 'succeeded'").await;
    order::reconcile(&shop.app).await;
    let taxes: Vec<i64> = sqlx::query_scalar(
        "SELECT (content->'taxes'->0->>'amount')::bigint FROM documents WHERE kind = 'credit_note' ORDER BY serial",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(taxes.len(), 2);
    assert_eq!(
        taxes.iter().sum::<i64>(),
        order["tax"]["amount"],
        "{taxes:?}"
    );
}

#[tokio::test]
async fn rates_of_lines_are_shown_to_the_last_digit() {
    let shop = Shop::open().await;
    shop.set(
        "UPDATE tax_rates SET rate_ppm = 99750 WHERE country = 'DE' AND tax_class = 'standard'",
    )
    .await;
    let person = shop.person(Role::Customer);
    let order = shop.placed(&person, shop.peer.sell(1000, 50), 1).await;
    shop.pretend_paid(&order).await;
    let page = invoice(&shop, &person, &order).expect(200).await.text();
    assert!(page.contains("<td class=\"number\">9.975 %</td>"), "{page}");
}

#[tokio::test]
async fn slips_of_several_orders_are_one_document() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1999, 50);
    let person = shop.person(Role::Customer);
    let mut ids = Vec::new();
    for units in [2, 3] {
        let order = shop.placed(&person, variant, units).await;
        shop.pretend_paid(&order).await;
        ids.push(order["id"].as_str().unwrap().to_owned());
    }
    let staff = shop.person(Role::Admin);
    // Nothing is left of the second: its slip has all that was in it.
    let _ = shop
        .client
        .post(&format!("/api/orders/{}/shipments", ids[1]))
        .bearer(&staff.token)
        .json(&json!({"carrier": "DHL", "tracking_number": "TRACK-1"}))
        .expect(201)
        .await;
    let panel = |role| {
        let user = auth_token::OnBehalfOf {
            user_id: staff.id,
            role,
            email: None,
            auth_time: None,
        };
        let token = shop.admin.token("order", Some(&user)).unwrap();
        shop.internal.clone().with_bearer(&token)
    };
    let support = panel(Role::Support);
    let print = |body: serde_json::Value| support.post("/internal/packing-slips").json(&body);
    let page = print(json!({"order_ids": ids, "format": "html"}))
        .expect(200)
        .await
        .text();
    assert_eq!(page.matches("<article>").count(), 2);
    assert!(page.contains("<title>Packing slips of 2 orders</title>"));
    let (first, second) = page.split_once("</article>").unwrap();
    assert!(
        first.contains("<td class=\"number\">2</td>")
            && second.contains("<td class=\"number\">3</td>")
    );
    assert_pdf(
        &print(json!({"order_ids": ids, "format": "pdf"}))
            .expect(200)
            .await,
    );
    let none = print(json!({"order_ids": [], "format": "pdf"}))
        .send()
        .await;
    none.problem(422, "validation_failed");
    let unknown = json!({"order_ids": ["00000000-0000-7000-8000-000000000000"], "format": "pdf"});
    print(unknown).send().await.problem(404, "not_found");
    let customer = panel(Role::Customer).post("/internal/packing-slips");
    let customer = customer
        .json(&json!({"order_ids": ids, "format": "pdf"}))
        .send()
        .await;
    customer.problem(403, "forbidden");
}
