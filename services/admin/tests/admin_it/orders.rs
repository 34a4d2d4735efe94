//! Finding orders, and doing something with many at once.

use std::time::Duration;

use auth_token::Role;
use serde_json::json;

use crate::html::{self, assert_hides, assert_shows};
use crate::panel::Panel;
use crate::seed::NewOrder;

#[tokio::test]
async fn filters_narrow_the_list_and_stand_in_its_address() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let one = panel
        .order(NewOrder {
            note: Some("Ring twice"),
            ..NewOrder::default()
        })
        .await;
    let two = panel
        .order(NewOrder {
            status: "pending",
            payment_status: "unpaid",
            sku: "LAMP-RED",
            placed_at: Some(panel.clock.now() - Duration::from_secs(3 * 24 * 3600)),
            ..NewOrder::default()
        })
        .await;
    let _ = panel.shipment(one.id, "shipped").await;
    for sql in [
        "UPDATE orders SET shipping_address = jsonb_set(shipping_address, '{country}', '\"FR\"') WHERE id = $1",
        "UPDATE orders SET disputed = true, shipping_method = 'express' WHERE id = $1",
        "INSERT INTO order_tags (order_id, tag, actor, added_at) VALUES ($1, 'gift', 'staff:x', now())",
        "INSERT INTO order_events (id, order_id, type, at, actor, message) SELECT $1, $1, 'note', now(), 'staff', 'Called.'",
    ] {
        let change = sqlx::query(sql).bind(two.id.uuid());
        change.execute(&panel.order_db).await.unwrap();
    }
    let silent = panel.order(NewOrder::default()).await.number.to_string();
    let (one, two) = (one.number.to_string(), two.number.to_string());
    for (query, found, hidden) in [
        ("", vec![&one, &two], vec![]),
        ("q=T-1", vec![&one], vec![&two]),
        (&*format!("q=%23{two}"), vec![&two], vec![&one]),
        ("country=fr", vec![&two], vec![&one]),
        ("tag=Gift", vec![&two], vec![&one]),
        ("unpaid_hours=48", vec![&two], vec![&one]),
        ("unpaid_hours=100", vec![], vec![&one, &two]),
        ("note=true", vec![&one, &two], vec![&silent]),
        ("note=true&tag=gift", vec![&two], vec![&one, &silent]),
        ("sku=LAMP-RED", vec![&two], vec![&one]),
        ("coupon=welcome", vec![&one, &two], vec![]),
        ("late=true", vec![], vec![&one, &two]),
        ("min_total=26.90&max_total=26,9", vec![&one, &two], vec![]),
        ("min_total=26.91", vec![], vec![&one, &two]),
        ("until=2020-01-01", vec![], vec![&one, &two]),
        ("from=2020-01-01&status=pending", vec![&two], vec![&one]),
        ("method=pigeon", vec![], vec![&one, &two]),
        ("method=express", vec![&two], vec![&one, &silent]),
        ("method=standard", vec![&one, &silent], vec![&two]),
        ("disputed=true", vec![&two], vec![&one, &silent]),
        ("disputed=true&method=standard", vec![], vec![&one, &two]),
    ] {
        let page = staff.page(&format!("/admin/orders?{query}")).await;
        let rows = page.split_once("</form>").unwrap().1;
        for number in found {
            assert!(rows.contains(number.as_str()), "{query}: {number}");
        }
        for number in hidden {
            assert!(!rows.contains(&format!(">{number}<")), "{query}: {number}");
        }
    }
    for broken in [
        "from=yesterday",
        "min_total=much",
        "status=eaten",
        "unpaid_hours=-1",
    ] {
        let answer = staff
            .get(&format!("/admin/orders?{broken}"))
            .expect(422)
            .await;
        assert_shows(&answer.text(), &["That cannot be done"]);
    }
}

#[tokio::test]
async fn many_orders_are_tagged_and_shipped_at_once_with_a_row_for_each() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let orders = [
        panel.order(NewOrder::default()).await,
        panel.order(NewOrder::default()).await,
    ];
    let ids = orders.each_ref().map(|order| order.id.to_string());
    let page = staff.page("/admin/orders").await;
    let key = html::value_of(&page, "key");
    let chosen = |what: &'static str| {
        let mut fields = vec![("key", key.as_str()), ("what", what)];
        fields.extend(ids.iter().map(|id| ("order", id.as_str())));
        fields
    };

    let mut fields = chosen("tag");
    fields.push(("tag", "Big Gift"));
    let result = staff.send("/admin/orders/bulk", &fields).await.expect(200);
    assert_shows(&result.text(), &["Tagged", "guest@example.com done"]);
    let mut called: Vec<_> = panel
        .peer
        .calls()
        .into_iter()
        .map(|call| call.path)
        .collect();
    called.sort();
    let mut wanted = ids
        .each_ref()
        .map(|id| format!("/internal/orders/{id}/tags/big-gift"));
    wanted.sort();
    assert_eq!(called, wanted);

    let page = staff
        .send("/admin/orders/bulk", &chosen("ship"))
        .await
        .expect(200);
    assert_shows(&page.text(), &["Ship 2 orders", "Tracking number"]);
    assert!(
        panel.peer.calls().is_empty(),
        "nothing is sent before there are numbers"
    );

    let mut fields = chosen("ship");
    fields.extend([
        ("carrier", "DHL"),
        ("tracking_number", "A1"),
        ("carrier", "UPS"),
        ("tracking_number", ""),
    ]);
    let result = staff.send("/admin/orders/bulk", &fields).await.expect(200);
    assert_shows(
        &result.text(),
        &["Shipped", "done", "Left out: no tracking number."],
    );
    let [call] = &panel.peer.calls()[..] else {
        panic!("one parcel");
    };
    assert_eq!(call.path, format!("/internal/orders/{}/shipments", ids[0]));
    assert_eq!(
        call.body,
        json!({"carrier": "DHL", "tracking_number": "A1"})
    );

    panel
        .peer
        .refuse(409, "order_not_cancellable", "It has left.");
    let result = staff
        .send("/admin/orders/bulk", &chosen("cancel"))
        .await
        .expect(200);
    assert_shows(&result.text(), &["not done It has left."]);
    assert_hides(&result.text(), &["done It is"]);

    panel.peer.refuse(503, "unavailable", "Away.");
    let result = staff
        .send("/admin/orders/bulk", &chosen("cancel"))
        .await
        .expect(200);
    assert_shows(
        &result.text(),
        &["not done The service", "not done Left out:"],
    );
    {
        let mut world = panel.peer.world();
        (world.refusal, world.wants_fresh) = (None, true);
    }
    panel.clock.advance(std::time::Duration::from_secs(301));
    let asked = staff
        .send("/admin/orders/bulk", &chosen("cancel"))
        .await
        .expect(401);
    assert_shows(&asked.text(), &["Is it you?"]);

    let none = [("key", key.as_str()), ("what", "tag"), ("tag", "x")];
    let refused = staff.send("/admin/orders/bulk", &none).await.expect(422);
    assert_shows(&refused.text(), &["Choose 1 to 100 orders."]);
}

#[tokio::test]
async fn tags_are_given_and_taken_and_documents_passed_on() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let order = panel.order(NewOrder::default()).await;
    let page = format!("/admin/orders/{}", order.id);
    for (fields, method) in [
        (vec![("tag", "Big gift")], "PUT"),
        (vec![("tag", "big-gift"), ("remove", "true")], "DELETE"),
    ] {
        let _ = staff
            .send(&format!("{page}/tags"), &fields)
            .await
            .expect(303);
        let [call] = &panel.peer.calls()[..] else {
            panic!("one call");
        };
        let tag = format!("/internal/orders/{}/tags/big-gift", order.id);
        assert_eq!((call.method.as_str(), &call.path), (method, &tag));
    }
    let _ = staff
        .get(&format!("{page}/documents/packing-slip"))
        .expect(200)
        .await;
    let asked = panel.peer.calls().pop().unwrap().path;
    let wanted = format!("/internal/api/orders/{}/packing-slip?format=pdf", order.id);
    assert_eq!(asked, wanted);
    let _ = staff
        .get(&format!("{page}/credit-notes/CN-7?format=html"))
        .expect(200)
        .await;
    let asked = panel.peer.calls().pop().unwrap().path;
    let wanted = format!(
        "/internal/api/orders/{}/documents/CN-7?format=html",
        order.id
    );
    assert_eq!(asked, wanted);
    let _ = staff
        .get(&format!("{page}/credit-notes/..%2Fx"))
        .expect(404)
        .await;
    let _ = staff
        .get(&format!("{page}/documents/diary"))
        .expect(404)
        .await;
}

#[tokio::test]
async fn what_should_have_left_is_late_in_words() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let ago = |hours: u64| Some(panel.clock.now() - Duration::from_secs(hours * 3600));
    let late = panel
        .order(NewOrder {
            placed_at: ago(75),
            ..NewOrder::default()
        })
        .await;
    let in_time = panel
        .order(NewOrder {
            placed_at: ago(5),
            ..NewOrder::default()
        })
        .await;
    let gone = panel
        .order(NewOrder {
            placed_at: ago(100),
            fulfillment_status: "shipped",
            ..NewOrder::default()
        })
        .await;
    let page = staff.page("/admin/orders").await;
    let row = |number: &str| {
        let text = html::text(&page);
        let from = text.find(&format!(" {number} ")).unwrap();
        text[from..].chars().take(180).collect::<String>()
    };
    assert!(row(&late.number).contains("3 days") && row(&late.number).contains("late by 27 h"));
    assert!(row(&in_time.number).contains(" 5 h "));
    assert_eq!(page.matches("late by").count(), 1);
    let page = staff.page("/admin/orders?late=true").await;
    assert_shows(&page, &[&late.number]);
    assert_hides(&page, &[&in_time.number, &gone.number]);
    let page = staff.page(&format!("/admin/orders/{}", late.id)).await;
    assert_shows(&page, &["ship by", "late by 27 h"]);
}

#[tokio::test]
async fn the_list_and_chosen_orders_go_into_a_file() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let evil = panel
        .order(NewOrder {
            email: "=cmd()@example.com",
            ..NewOrder::default()
        })
        .await;
    let other = panel
        .order(NewOrder {
            status: "pending",
            payment_status: "unpaid",
            ..NewOrder::default()
        })
        .await;
    let list = staff.page("/admin/orders?status=confirmed").await;
    assert!(list.contains("/admin/orders/export.csv?status=confirmed"));
    let file = staff
        .get("/admin/orders/export.csv?status=confirmed")
        .expect(200)
        .await;
    assert!(file.header("content-type").starts_with("text/csv"));
    let file = file.text();
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines.len(), 2, "{file}");
    assert!(lines[0].starts_with("number,id,placed_at,email,status"));
    assert!(lines[1].starts_with(&format!("{},{}", evil.number, evil.id)));
    assert!(
        lines[1].contains(",'=cmd()@example.com,")
            && lines[1].contains(",26.90,EUR,DE,standard,WELCOME,")
    );
    let wrong = staff.get("/admin/orders/export.csv?status=eaten");
    let _ = wrong.expect(422).await;

    let (key, id) = (list.clone(), other.id.to_string());
    let key = html::value_of(&key, "key");
    let chosen = [("key", key.as_str()), ("what", "export"), ("order", &id)];
    let file = staff.send("/admin/orders/bulk", &chosen).await.expect(200);
    let text = file.text();
    assert!(text.contains(&other.number) && !text.contains(&evil.number));
    let noted = panel.audit().await;
    assert!(
        noted
            .iter()
            .filter(|(action, ..)| action == "orders.export")
            .count()
            == 2,
        "{noted:?}"
    );
}

#[tokio::test]
async fn days_and_hours_that_cannot_be_are_said_to_be_wrong() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    for path in [
        "/admin/orders?until=9999-12-31",
        "/admin/orders?from=1999-12-31",
        "/admin/orders?unpaid_hours=4294967295",
        "/admin/orders?unpaid_hours=-1",
        "/admin/orders/export.csv?until=9999-12-31",
        "/admin/customers?to=9999-12-31",
        "/admin/audit?to=9999-12-31",
        "/admin/audit?from=2026-02-30",
    ] {
        let answer = staff.get(path).expect(422).await;
        assert_shows(&answer.text(), &["must be a"]);
    }
}

#[tokio::test]
async fn today_is_the_shops_and_disputes_wait_until_they_are_answered() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let now = panel.clock.now();
    let new = panel.order(NewOrder::default()).await;
    let old = panel
        .order(NewOrder {
            placed_at: Some(now - std::time::Duration::from_secs(25 * 3600)),
            ..NewOrder::default()
        })
        .await;
    let today = staff.page("/admin/orders?today=true").await;
    assert_shows(&today, &[&new.number]);
    assert_hides(&today, &[&old.number]);

    sqlx::query(
        "INSERT INTO disputes (id, payment_id, provider_ref, status, state, reason, amount, opened_at, updated_at)
         VALUES (gen_random_uuid(), $1, 'dp_1', 'warning_needs_response', 'inquiry', 'fraudulent', 1, now(), now()),
                (gen_random_uuid(), $2, 'dp_2', 'under_review', 'open', 'fraudulent', 1, now(), now())",
    )
    .bind(new.payment)
    .bind(old.payment)
    .execute(&panel.order_db)
    .await
    .unwrap();
    let waiting = staff.page("/admin/orders?to_answer=true").await;
    assert_shows(&waiting, &[&new.number]);
    assert_hides(&waiting, &[&old.number]);
    assert_shows(&staff.page("/admin").await, &["1 dispute to answer"]);
}

#[tokio::test]
async fn other_orders_are_those_of_the_same_person() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let anna = panel.account(Role::Customer).await.id.uuid();
    let order = |user, email| {
        panel.order(NewOrder {
            user,
            email,
            ..NewOrder::default()
        })
    };
    let first = order(Some(anna), "deleted@account.invalid").await;
    let _ = order(Some(anna), "anna@example.com").await;
    // Somebody else whose account is gone, too.
    let stranger = Some(panel.account(Role::Customer).await.id.uuid());
    let _ = order(stranger, "deleted@account.invalid").await;
    let page = staff.page(&format!("/admin/orders/{}", first.id)).await;
    assert_shows(&page, &["1 other order"]);
    assert!(page.contains(&format!("/admin/orders?customer={anna}")));

    let guest = order(None, "guest@example.com").await;
    let page = staff.page(&format!("/admin/orders/{}", guest.id)).await;
    assert_shows(&page, &["First order"]);
}

/// More than one bite of the stream.
#[tokio::test]
async fn a_file_holds_each_order_once_however_many_there_are() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    sqlx::query(
        "INSERT INTO orders (id, cart_id, email, status, payment_status, fulfillment_status, currency, subtotal, discount, shipping, tax, total,
                             shipping_method, shipping_address, billing_address, placed_at, updated_at)
         SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000' || lpad(n::text, 12, '0'))::uuid, gen_random_uuid(), 'many@example.com',
                'completed', 'paid', 'delivered', 'EUR', 100, 0, 0, 0, 100, 'standard', '{}', '{}', now(), now()
           FROM generate_series(1, 1001) n",
    )
    .execute(&panel.order_db)
    .await
    .unwrap();
    let file = staff
        .get("/admin/orders/export.csv")
        .expect(200)
        .await
        .text();
    let mut numbers: Vec<&str> = file
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(numbers.len(), 1001);
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 1001);
}

#[tokio::test]
async fn slips_of_chosen_orders_are_one_document() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let orders = [
        panel.order(NewOrder::default()).await,
        panel.order(NewOrder::default()).await,
    ];
    let mut ids = orders.each_ref().map(|order| order.id.to_string());
    ids.sort();
    for (what, format) in [("slips", "pdf"), ("pages", "html")] {
        let mut fields = vec![("key", "k"), ("what", what)];
        fields.extend(ids.iter().map(|id| ("order", id.as_str())));
        let _ = staff.send("/admin/orders/bulk", &fields).await.expect(200);
        let [call] = &panel.peer.calls()[..] else {
            panic!("one call");
        };
        assert_eq!(call.path, "/internal/packing-slips");
        // As the list has them: newest first.
        assert_eq!(
            call.body,
            json!({"order_ids": [&ids[1], &ids[0]], "format": format})
        );
    }
    panel
        .peer
        .refuse(404, "not_found", "There is no such order.");
    let fields = [("key", "k"), ("what", "slips"), ("order", ids[0].as_str())];
    let refused = staff.send("/admin/orders/bulk", &fields).await.expect(404);
    assert_shows(&refused.text(), &["There is no such order."]);
}
