//! `order verify-ledger`: a shop in use is in order, and each rule that is broken on purpose is named.

use std::collections::BTreeSet;

use auth_token::Role;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::shop::Shop;

/// Each rule with statements that break it.
const BREAKS: &[(&str, &str)] = &[
    (
        "order_adds_up",
        "ALTER TABLE orders DROP CONSTRAINT orders_add_up; UPDATE orders SET tax = tax + 1",
    ),
    (
        "lines_make_the_order",
        "UPDATE order_items SET quantity = quantity + 1, shipped = 0, total = total + unit_price",
    ),
    (
        "adjustments_make_the_discount",
        "UPDATE order_adjustments SET amount = amount + 1",
    ),
    (
        "taxes_make_the_tax",
        "UPDATE order_taxes SET amount = amount + 1",
    ),
    (
        "order_has_one_payment",
        "UPDATE payments SET amount = amount + 1",
    ),
    (
        "refunds_make_the_refunded",
        "UPDATE refunds SET amount = amount + 1",
    ),
    (
        "refunds_within_the_charge",
        "UPDATE refunds SET amount = 1000000",
    ),
    (
        "payment_status_fits_its_money",
        "UPDATE payments SET status = 'refunded' WHERE amount > 0",
    ),
    (
        "order_shows_its_payment",
        "UPDATE orders SET payment_status = 'unpaid'",
    ),
    (
        "order_shows_its_disputes",
        "UPDATE orders SET charged_back = 5",
    ),
    (
        "paid_is_served_or_given_back",
        "UPDATE orders SET status = 'cancelled', cancelled_at = now()",
    ),
    (
        "confirmed_is_paid",
        "UPDATE payments SET status = 'processing', amount_captured = 0",
    ),
    (
        "cancelled_cannot_be_paid",
        "UPDATE orders SET status = 'cancelled', cancelled_at = now(); UPDATE payments SET status = 'processing'",
    ),
    (
        "completed_is_delivered",
        "UPDATE orders SET status = 'completed' WHERE status = 'confirmed'",
    ),
    (
        "timeline_tells_it",
        "DELETE FROM order_events WHERE type = 'order.confirmed'",
    ),
    ("shipped_is_in_parcels", "DELETE FROM shipment_items"),
    (
        "returned_came_back",
        "UPDATE order_items SET returned = 1 WHERE shipped > 0",
    ),
    (
        "order_shows_its_parcels",
        "UPDATE orders SET fulfillment_status = 'partially_shipped'",
    ),
    (
        "postings_balance",
        "DELETE FROM ledger_entries WHERE account = 'sales'",
    ),
    (
        "postings_are_of_their_payment",
        "UPDATE ledger_entries SET currency = 'USD'",
    ),
    ("charges_are_posted", "DELETE FROM ledger_entries"),
    (
        "refunds_are_posted",
        "UPDATE ledger_entries SET amount = amount * 2 WHERE kind = 'refund'",
    ),
    (
        "disputes_are_posted",
        "INSERT INTO disputes (id, payment_id, provider_ref, status, state, reason, amount, opened_at, closed_at, updated_at)
         SELECT id, id, 'dp_1', 'lost', 'lost', 'fraudulent', 5, now(), now(), now() FROM payments LIMIT 1",
    ),
    ("coupon_uses_are_counted", "UPDATE coupons SET used = 7"),
    (
        "numbers_have_no_gaps",
        "DELETE FROM order_numbers WHERE number = (SELECT min(number) + 1 FROM order_numbers)",
    ),
    (
        "a_cart_became_one_order",
        "UPDATE order_carts SET order_id = cart_id",
    ),
    (
        "books_balance",
        "UPDATE ledger_entries SET amount = amount + 1 WHERE account = 'stripe'",
    ),
];

/// A shop with orders of every kind: open, paid, paid in part back, cancelled, delivered, with a coupon.
async fn busy_shop() -> Shop {
    let shop = Shop::open().await;
    let (anna, admin) = (shop.person(Role::Customer), shop.person(Role::Admin));
    let variant = shop.peer.sell(1000, 1000);
    let coupon = json!({"code": "TEN", "kind": "percent", "percent": 10});
    let _ = shop
        .client
        .post("/api/coupons")
        .bearer(&admin.token)
        .json(&coupon)
        .expect(201)
        .await;
    for what in ["open", "paid", "refunded", "cancelled", "delivered"] {
        let _ = shop.add(&anna, variant, 2).await;
        let code = json!({"code": "TEN"});
        let _ = shop
            .client
            .post("/api/cart/coupon")
            .bearer(&anna.token)
            .json(&code)
            .expect(200)
            .await;
        let order = shop.order_as(&anna).expect(201).await.value();
        let path = |action: &str| format!("/api/orders/{}/{action}", order["id"].as_str().unwrap());
        if what == "open" {
            continue;
        }
        let _ = shop.pay(&anna, &order, "pm_card_visa").await;
        match what {
            "refunded" => {
                let amount = json!({"amount": {"amount": 300, "currency": "EUR"}});
                assert_eq!(shop.refund(&admin, &order, amount).await.status, 202);
            }
            "cancelled" => {
                let _ = shop
                    .client
                    .put(&path("cancel"))
                    .bearer(&anna.token)
                    .json(&json!({}))
                    .expect(200)
                    .await;
            }
            "delivered" => {
                let parcel = json!({"carrier": "DHL", "tracking_number": "1"});
                let shipment: Value = shop
                    .client
                    .post(&path("shipments"))
                    .bearer(&admin.token)
                    .json(&parcel)
                    .expect(201)
                    .await
                    .value();
                let deliver = format!(
                    "/api/shipments/{}/deliver",
                    shipment["id"].as_str().unwrap()
                );
                let answer = shop.client.post(&deliver).bearer(&admin.token).send().await;
                assert!(answer.status < 300);
            }
            _ => {}
        }
    }
    order::reconcile(&shop.app).await;
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_that_is_broken_is_named_with_ids() {
    let shop = busy_shop().await;
    let good = order::verify(&shop.pool).await.unwrap();
    assert!(good.is_good(), "{good}");
    assert_eq!(good.orders, 5);
    // What the provider kept may be in the currency of its own account.
    sqlx::query(
        "INSERT INTO ledger_entries (posting_id, order_id, payment_id, kind, account, amount, currency, at, reference)
         SELECT id, order_id, id, 'fee', side.account, side.amount, 'USD', now(), 'txn_in_dollars'
           FROM (SELECT id, order_id FROM payments LIMIT 1) p, (VALUES ('fees', 30), ('stripe', -30)) AS side (account, amount)",
    )
    .execute(&shop.pool)
    .await
    .unwrap();
    let good = order::verify(&shop.pool).await.unwrap();
    assert!(good.is_good(), "{good}");
    let names: BTreeSet<_> = BREAKS.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), good.rules, "each rule is broken once");

    let superuser = shop.superuser().await;
    for (name, sql) in BREAKS {
        let mut tx = superuser.begin().await.unwrap();
        // Triggers and the constraints that would refuse it are out of the way.
        let script = format!(
            "SET LOCAL session_replication_role = replica; ALTER TABLE payments DROP CONSTRAINT payments_refunds_within_charge; {sql}"
        );
        sqlx::raw_sql(AssertSqlSafe(script))
            .execute(&mut *tx)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let verdict = order::check(&mut tx).await.unwrap();
        let broken = verdict
            .broken
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not seen in {verdict}"));
        assert!(broken.count > 0 && broken.breaches[0].contains(": "));
        tx.rollback().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_with_its_exit_code_whether_the_books_are_in_order() {
    let shop = busy_shop().await;
    let good = shop.run(&["verify-ledger"]).await;
    let out = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(
        good.status.success(),
        "{out}{}",
        String::from_utf8_lossy(&good.stderr)
    );
    assert!(out.starts_with("5 orders: all "), "{out}");

    sqlx::query("UPDATE payments SET amount_refunded = amount_refunded + 1 WHERE status = 'partially_refunded'")
        .execute(&shop.pool)
        .await
        .unwrap();
    let payment: String =
        sqlx::query_scalar("SELECT id::text FROM payments WHERE status = 'partially_refunded'")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    let bad = shop.run(&["verify-ledger"]).await;
    let out = String::from_utf8_lossy(&bad.stdout).into_owned();
    assert_eq!(bad.status.code(), Some(1));
    assert!(
        out.contains("refunds_are_posted: ")
            && out.contains(&format!("payment:{payment}: gave back 301, posted 300")),
        "{out}{}",
        String::from_utf8_lossy(&bad.stderr)
    );
    let json: Value =
        serde_json::from_slice(&shop.run(&["verify-ledger", "--json"]).await.stdout).unwrap();
    assert_eq!(json["broken"]["refunds_are_posted"]["count"], 1);
}
