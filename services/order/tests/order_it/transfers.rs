//! Bank transfers: people say when money came and went.

use auth_token::Role;
use serde_json::{Value, json};
use testkit::http::Answer;

use crate::methods::waiting_for_locks;
use crate::payments::statuses;
use crate::shop::{Person, Shop};

impl Shop {
    pub(crate) async fn staff_post(&self, staff: &Person, path: &str, body: Value) -> Answer {
        self.client
            .post(path)
            .bearer(&staff.token)
            .json(&body)
            .send()
            .await
    }
}

#[tokio::test]
async fn a_transfer_is_waited_for_and_marked_as_paid_once() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let asked = shop
        .ask_to_pay(&anna, &order, json!({"method": "bank_transfer"}))
        .await;
    let asked = asked.expect(200).value();
    let instructions = &asked["instructions"];
    assert_eq!(instructions["iban"], "DE02120300000000202051");
    assert_eq!(instructions["reference"], order["number"]);
    assert_eq!(instructions["amount"], order["total"]);
    assert!(asked["payment"]["due_at"].is_string());
    assert!(asked["client_secret"].is_null());

    // It is waited for longer than for a card.
    shop.set("UPDATE orders SET placed_at = placed_at - interval '31 minutes'")
        .await;
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("pending", "unpaid")
    );

    let path = format!(
        "/api/payments/{}/mark-paid",
        order["payment_id"].as_str().unwrap()
    );
    shop.staff_post(&anna, &path, json!({}))
        .await
        .problem(403, "forbidden");
    let wrong = json!({"amount": {"amount": 1, "currency": "EUR"}});
    shop.staff_post(&staff, &path, wrong)
        .await
        .problem(409, "amount_differs");
    let right = json!({"amount": order["total"], "reference": "RF18 5390"});
    for _ in 0..2 {
        let paid = shop
            .staff_post(&staff, &path, right.clone())
            .await
            .expect(200)
            .value();
        assert_eq!(paid["status"], "succeeded");
    }
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
    let told = shop
        .outbox()
        .await
        .iter()
        .filter(|kind| *kind == "payment.processed")
        .count();
    assert_eq!(told, 1);
    let audited: Vec<Value> = shop.events("staff.acted").await;
    let marked = audited
        .iter()
        .filter(|act| act["action"] == "order.mark_paid")
        .count();
    assert_eq!(marked, 1, "{audited:?}");
    let account: String = sqlx::query_scalar("SELECT account FROM ledger_entries WHERE amount > 0")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(account, "bank");
}

#[tokio::test]
async fn a_transfer_goes_back_when_staff_say_so() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let _ = shop
        .ask_to_pay(&anna, &order, json!({"method": "bank_transfer"}))
        .await
        .expect(200);
    let payment = format!("/api/payments/{}", order["payment_id"].as_str().unwrap());
    let _ = shop
        .staff_post(&staff, &format!("{payment}/mark-paid"), json!({}))
        .await
        .expect(200);
    let refund = shop
        .refund(&staff, &order, json!({}))
        .await
        .expect(202)
        .value();
    for _ in 0..2 {
        order::reconcile(&shop.app).await;
    }
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
    let path = format!(
        "/api/refunds/{}/mark-paid",
        refund["refund"]["id"].as_str().unwrap()
    );
    for _ in 0..2 {
        let done = shop
            .staff_post(&staff, &path, json!({}))
            .await
            .expect(200)
            .value();
        assert_eq!(done["refund"]["status"], "succeeded");
    }
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "refunded")
    );
}

#[tokio::test]
async fn a_transfer_that_never_comes_cancels_the_order_and_one_that_is_late_goes_back() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let _ = shop
        .ask_to_pay(&anna, &order, json!({"method": "bank_transfer"}))
        .await
        .expect(200);
    shop.set("UPDATE orders SET placed_at = placed_at - interval '8 days'")
        .await;
    shop.set("UPDATE payments SET due_at = due_at - interval '8 days'")
        .await;
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("cancelled", "unpaid")
    );
    let path = format!(
        "/api/payments/{}/mark-paid",
        order["payment_id"].as_str().unwrap()
    );
    let _ = shop.staff_post(&staff, &path, json!({})).await.expect(200);
    let refunds: i64 = sqlx::query_scalar("SELECT amount FROM refunds WHERE status = 'pending'")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(refunds, order["total"]["amount"].as_i64().unwrap());
}

#[tokio::test]
async fn only_transfers_are_marked_by_people_and_only_where_they_are_offered() {
    let shop =
        Shop::open_with(&[("--bank-transfer-holder", ""), ("--bank-transfer-iban", "")]).await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    shop.ask_to_pay(&anna, &order, json!({"method": "bank_transfer"}))
        .await
        .problem(409, "payment_method_unavailable");
    let _ = shop.start_payment(&anna, &order).await;
    let path = format!(
        "/api/payments/{}/mark-paid",
        order["payment_id"].as_str().unwrap()
    );
    shop.staff_post(&staff, &path, json!({}))
        .await
        .problem(409, "payment_not_manual");
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("pending", "unpaid")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_not_marked_while_its_customer_chooses_a_card() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let _ = shop
        .ask_to_pay(&anna, &order, json!({"method": "bank_transfer"}))
        .await
        .expect(200);
    let superuser = shop.superuser().await;
    let mut choice = superuser.begin().await.unwrap();
    sqlx::query("SELECT FROM orders FOR UPDATE")
        .execute(&mut *choice)
        .await
        .unwrap();
    let path = format!(
        "/api/payments/{}/mark-paid",
        order["payment_id"].as_str().unwrap()
    );
    let chosen = async {
        waiting_for_locks(&superuser, 1).await;
        sqlx::query("UPDATE payments SET provider = 'stripe', method = 'card', provider_ref = NULL, attempt = 1")
            .execute(&mut *choice)
            .await
            .unwrap();
        choice.commit().await.unwrap();
    };
    let (marked, ()) = tokio::join!(shop.staff_post(&staff, &path, json!({})), chosen);
    marked.problem(409, "payment_not_manual");
}
