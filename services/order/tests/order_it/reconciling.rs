//! The comparison with the payment provider, against a stand-in that loses every webhook, answers slowly, does the work and then says 500, and limits rates.

use auth_token::{OnBehalfOf, Role};
use order::{Span, Summary};
use primitives::UserId;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use testkit::http::{Answer, Client};
use uuid::Uuid;

use crate::shop::{Person, Shop};

impl Shop {
    pub(crate) async fn compare(&self, span: Span) -> Summary {
        order::compare(&self.app, span).await.unwrap().unwrap()
    }

    fn at_stripe(&self) -> Client {
        Client::new(self.stripe.url()).with_bearer("sk_test_mercato")
    }

    /// What goes wrong at the provider from now on.
    async fn fault(&self, fault: Value) {
        let client = Client::new(self.stripe.url());
        let _ = client
            .post("/_stand_in/faults")
            .json(&fault)
            .expect(204)
            .await;
    }

    pub(crate) fn panel(&self) -> Client {
        let staff = OnBehalfOf {
            user_id: UserId::from(Uuid::from_u128(1)),
            role: Role::Support,
            email: None,
            auth_time: None,
        };
        let token = self.admin.token("order", Some(&staff)).unwrap();
        self.internal.clone().with_bearer(&token)
    }

    pub(crate) async fn open_items(&self) -> Vec<Value> {
        let path = "/internal/work-items?status=open&limit=100";
        let list = self.panel().get(path).expect(200).await.value();
        list["data"].as_array().unwrap().clone()
    }

    pub(crate) async fn differences(&self, summary: Summary) -> Vec<(String, String)> {
        let path = format!("/internal/reconciliations/{}/differences", summary.id);
        let list = self.panel().get(&path).expect(200).await.value();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut found: Vec<_> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (text(&it["kind"]), text(&it["outcome"])))
            .collect();
        found.sort();
        found
    }

    /// As nobody of ours may.
    async fn tamper(&self, sql: String) {
        let changed = sqlx::query(AssertSqlSafe(sql.clone()))
            .execute(&self.superuser().await)
            .await
            .unwrap();
        assert!(changed.rows_affected() > 0, "{sql}");
    }

    async fn try_to_pay(&self, person: &Person, order: &Value) -> Answer {
        self.client
            .post(&format!("/api/orders/{}/payment", text(order, "id")))
            .bearer(&person.token)
            .json(&json!({"method": "card", "test_payment_method": "pm_card_visa"}))
            .send()
            .await
    }

    async fn paid(&self, person: &Person) -> Value {
        let order = self.placed(person, self.peer.sell(1000, 10), 1).await;
        let _ = self.pay(person, &order, "pm_card_visa").await;
        self.order(person, &order).await
    }

    /// The provider's id of an order's payment.
    async fn reference(&self, order: &Value) -> String {
        let id: Uuid = text(order, "id").parse().unwrap();
        sqlx::query_scalar("SELECT provider_ref FROM payments WHERE order_id = $1")
            .bind(id)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap()
}

#[tokio::test]
async fn a_bad_day_at_the_provider_is_healed_to_the_cent() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let variant = shop.peer.sell(1000, 1000);
    let mut paid = Vec::new();

    // Its webhooks are lost, every one.
    for _ in 0..3 {
        let order = shop.placed(&anna, variant, 1).await;
        let reference = shop.start_payment(&anna, &order).await;
        shop.confirm_at_stripe(&reference, "pm_card_visa").await;
        paid.push(order);
    }
    // It takes the money, and then says 500.
    let order = shop.placed(&anna, variant, 2).await;
    shop.fault(json!({"kind": "error_after_work", "path": "/confirm"}))
        .await;
    assert_eq!(shop.try_to_pay(&anna, &order).await.status, 503);
    paid.push(order);
    // It makes the payment and says 500, so that we do not know its id; the customer's browser pays it.
    let order = shop.placed(&anna, variant, 3).await;
    shop.fault(
        json!({"kind": "error_after_work", "method": "POST", "path": "/v1/payment_intents"}),
    )
    .await;
    assert_eq!(shop.try_to_pay(&anna, &order).await.status, 503);
    let list = shop.at_stripe().get("/v1/payment_intents?limit=100");
    let list = list.expect(200).await.value();
    let of_order = |intent: &&Value| intent["metadata"]["order_id"] == order["id"];
    let stranded = list["data"].as_array().unwrap().iter().find(of_order);
    shop.confirm_at_stripe(text(stranded.unwrap(), "id"), "pm_card_visa")
        .await;
    paid.push(order);
    // It gives money back, and then says 500.
    let order = shop.paid(&anna).await;
    let amount = json!({"amount": {"amount": 250, "currency": "EUR"}});
    assert_eq!(shop.refund(&staff, &order, amount).await.status, 202);
    shop.fault(json!({"kind": "error_after_work", "path": "/v1/refunds"}))
        .await;
    order::reconcile(&shop.app).await;
    // Somebody gives money back in the provider's own panel.
    let other = shop.paid(&anna).await;
    let reference = shop.reference(&other).await;
    let form = [("payment_intent", reference.as_str()), ("amount", "400")];
    let _ = shop
        .at_stripe()
        .post("/v1/refunds")
        .form(&form)
        .expect(200)
        .await;
    // An order is gone, and its payment was not stopped.
    let gone = shop.placed(&anna, variant, 1).await;
    let open = shop.start_payment(&anna, &gone).await;
    let cancel = format!("/api/orders/{}/cancel", text(&gone, "id"));
    let _ = shop
        .client
        .put(&cancel)
        .bearer(&anna.token)
        .json(&json!({}))
        .expect(200)
        .await;
    shop.tamper("DELETE FROM payment_cancellations".to_owned())
        .await;
    shop.tamper(format!(
        "UPDATE payments SET status = 'cancelled' WHERE provider_ref = '{open}'"
    ))
    .await;

    // And it goes on like that while it is asked.
    for fault in [
        json!({"kind": "rate_limited", "path": "/v1/payment_intents", "times": 3}),
        json!({"kind": "slow_answer", "path": "/v1/payment_intents", "delay_ms": 400}),
        json!({"kind": "error_after_work", "path": "/cancel"}),
        json!({"kind": "error_before_work", "path": "/v1/refunds"}),
        json!({"kind": "rate_limited", "path": "/v1/refunds", "times": 2}),
        json!({"kind": "disconnect", "path": "/v1/refunds"}),
    ] {
        shop.fault(fault).await;
    }
    let summary = shop.compare(Span::Window).await;
    let healed = |kind: &str| (kind.to_owned(), "healed".to_owned());
    assert_eq!(
        shop.differences(summary).await,
        [
            healed("not_stopped"),
            healed("payment_behind"),
            healed("payment_behind"),
            healed("payment_behind"),
            healed("payment_behind"),
            healed("reference_lost"),
            healed("refund_behind"),
            healed("refund_made_elsewhere"),
        ]
    );
    assert_eq!((summary.counts.healed, summary.counts.raised), (8, 0));
    for order in &paid {
        let now = shop.order(&anna, order).await;
        assert_eq!(
            (text(&now, "status"), text(&now, "payment_status")),
            ("confirmed", "paid")
        );
    }
    for (order, refunded) in [(&order, 250), (&other, 400)] {
        let path = format!("/api/payments/{}", text(order, "payment_id"));
        let payment = shop.client.get(&path).bearer(&anna.token).expect(200).await;
        assert_eq!(payment.value()["amount_refunded"]["amount"], refunded);
    }
    let verdict = order::verify(&shop.pool).await.unwrap();
    assert!(verdict.is_good(), "{verdict}");

    // There is nothing more to do, for nobody: what was healed is not done again.
    for span in [Span::Window, Span::Full] {
        let again = shop.compare(span).await;
        assert_eq!((again.counts.healed, again.counts.raised), (0, 0));
        assert_eq!((again.counts.payments, again.counts.refunds), (8, 2));
    }
    order::reconcile(&shop.app).await;
    let refunds = shop
        .at_stripe()
        .get("/v1/refunds?limit=100")
        .expect(200)
        .await;
    assert_eq!(refunds.value()["data"].as_array().unwrap().len(), 2);
    assert!(shop.open_items().await.is_empty());
    let runs = shop
        .panel()
        .get("/internal/reconciliations?with_differences=true");
    let runs = runs.expect(200).await.value();
    assert_eq!(runs["data"].as_array().unwrap().len(), 1);
    assert_eq!(runs["data"][0]["counts"]["healed"], 8);
}

#[tokio::test]
async fn what_contradicts_us_is_raised_once_and_goes_when_it_is_gone() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let stripe = shop.at_stripe();

    // Money for a payment that is not here, and some that is nobody's business.
    for metadata in [Some(Uuid::from_u128(5).to_string()), None] {
        let mut form = vec![("amount", "700".to_owned()), ("currency", "eur".to_owned())];
        form.extend(metadata.map(|id| ("metadata[payment_id]", id)));
        let intent = stripe
            .post("/v1/payment_intents")
            .form(&form)
            .expect(200)
            .await;
        shop.confirm_at_stripe(text(&intent.value(), "id"), "pm_card_visa")
            .await;
    }
    // Another amount here than there.
    let differs = text(&shop.paid(&anna).await, "payment_id").to_owned();
    let more = |by: i64| {
        format!(
            "UPDATE payments SET amount = amount + {by}, amount_captured = amount_captured + {by} WHERE id = '{differs}'"
        )
    };
    shop.tamper(more(100)).await;
    // Paid here, not there.
    let order = shop.placed(&anna, shop.peer.sell(1000, 10), 1).await;
    let _ = shop.start_payment(&anna, &order).await;
    shop.tamper(format!(
        "UPDATE payments SET status = 'succeeded', amount_captured = amount WHERE order_id = '{}'",
        text(&order, "id")
    ))
    .await;
    // Two charges: the one that we know of is not there.
    let twice = shop.paid(&anna).await;
    shop.tamper(format!(
        "UPDATE payments SET provider_ref = 'pi_gone' WHERE order_id = '{}'",
        text(&twice, "id")
    ))
    .await;

    let mut kinds = [
        "amount_differs",
        "charge_missing",
        "charge_unknown",
        "charged_twice",
        "payment_missing",
    ]
    .to_vec();
    for seen in 1..=2 {
        let summary = shop.compare(Span::Window).await;
        assert_eq!(
            (summary.counts.healed, summary.counts.raised),
            (0, 5),
            "{:?}",
            shop.differences(summary).await
        );
        assert_eq!(summary.counts.strangers, 1);
        let items = shop.open_items().await;
        let mut found: Vec<_> = items.iter().map(|item| text(item, "kind")).collect();
        found.sort_unstable();
        assert_eq!(found, kinds);
        assert!(
            items
                .iter()
                .all(|item| item["seen"] == seen && item["details"]["says"].is_string())
        );
    }

    // What somebody has looked at and let be is not raised again; what was said to be done is, while it is still so.
    let items = shop.open_items().await;
    let item = |kind: &str| {
        text(
            items.iter().find(|item| item["kind"] == kind).unwrap(),
            "id",
        )
        .to_owned()
    };
    let resolve = async |id: &str, resolution: &str| {
        shop.panel()
            .post(&format!("/internal/work-items/{id}/resolve"))
            .json(&json!({"resolution": resolution, "note": "Looked at."}))
            .send()
            .await
    };
    let (unknown, missing) = (item("charge_unknown"), item("charge_missing"));
    for _ in 0..2 {
        let resolved = resolve(&unknown, "ignored").await;
        assert_eq!(resolved.status, 200);
        assert_eq!(
            resolved.value()["resolved_by"],
            format!("staff:{}", Uuid::from_u128(1))
        );
    }
    resolve(&unknown, "done")
        .await
        .problem(409, "work_item_resolved");
    assert_eq!(resolve(&missing, "done").await.status, 200);
    assert_eq!(
        resolve(&Uuid::from_u128(9).to_string(), "done")
            .await
            .status,
        404
    );
    let acts = shop.events("staff.acted").await;
    assert_eq!(
        acts.iter()
            .filter(|act| act["action"] == "work_item.resolve")
            .count(),
        2
    );
    shop.tamper(more(-100)).await;
    let summary = shop.compare(Span::Window).await;
    assert_eq!(summary.counts.raised, 3);
    kinds.retain(|kind| !["charge_unknown", "amount_differs"].contains(kind));
    let items = shop.open_items().await;
    let mut found: Vec<_> = items.iter().map(|item| text(item, "kind")).collect();
    found.sort_unstable();
    assert_eq!(found, kinds);
    let gone: String =
        sqlx::query_scalar("SELECT resolution FROM work_items WHERE kind = 'amount_differs'")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(gone, "gone");
}

#[tokio::test]
async fn a_comparison_that_crashed_is_taken_up_and_one_that_runs_is_let_be() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let _ = shop.paid(&anna).await;
    let id = Uuid::from_u128(77);
    let begun = |silent: &str| {
        format!(
            "INSERT INTO reconciliations (id, kind, status, from_at, until_at, position_at, started_at, heartbeat_at, payments)
             VALUES ('{id}', 'full', 'running', now() - interval '40 days', now() + interval '1 second', now() - interval '1 day', now(), now() - interval '{silent}', 5)
             ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at"
        )
    };
    shop.tamper(begun("1 minute")).await;
    assert!(
        order::compare(&shop.app, Span::Full)
            .await
            .unwrap()
            .is_none()
    );
    shop.tamper(begun("11 minutes")).await;
    let summary = shop.compare(Span::Full).await;
    assert_eq!(summary.id.uuid(), id);
    let row: (String, i32) = sqlx::query_as("SELECT status, payments FROM reconciliations")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(row, ("done".to_owned(), 6));
}

#[tokio::test]
async fn the_version_before_left_the_ledger_empty_and_it_is_filled() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.paid(&anna).await;
    assert_eq!(shop.refund(&staff, &order, json!({})).await.status, 202);
    order::reconcile(&shop.app).await;
    let superuser = shop.superuser().await;
    sqlx::raw_sql(
        "BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM ledger_entries; COMMIT",
    )
    .execute(&superuser)
    .await
    .unwrap();
    assert!(!order::verify(&shop.pool).await.unwrap().is_good());
    let summary = shop.compare(Span::Window).await;
    let posted = ("not_posted".to_owned(), "healed".to_owned());
    assert_eq!(shop.differences(summary).await, [posted.clone(), posted]);
    let verdict = order::verify(&shop.pool).await.unwrap();
    assert!(verdict.is_good(), "{verdict}");
}

#[tokio::test]
async fn the_command_compares_everything_and_says_with_its_exit_code_whether_a_person_is_needed() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 10), 1).await;
    let reference = shop.start_payment(&anna, &order).await;
    shop.confirm_at_stripe(&reference, "pm_card_visa").await;
    let done = shop.run(&["reconcile", "--full"]).await;
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success(),
        "{out}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let line = format!(
        "healed payment_behind payment:{} {reference}",
        text(&order, "payment_id")
    );
    assert!(
        out.contains("1 differences healed, 0 raised") && out.contains(&line),
        "{out}"
    );

    shop.tamper(format!(
        "UPDATE payments SET provider_ref = 'pi_gone' WHERE provider_ref = '{reference}'"
    ))
    .await;
    let done = shop.run(&["reconcile"]).await;
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(1));
    assert!(
        out.contains("raised payment_missing") && out.contains("raised charged_twice"),
        "{out}"
    );
}

#[tokio::test]
async fn staff_begin_a_comparison_and_whoever_compares_next_takes_it_up() {
    let shop = Shop::open().await;
    let start = |span: &str| {
        shop.panel()
            .post("/internal/reconciliations")
            .json(&json!({ "span": span }))
    };
    let wished = start("full").expect(202).await.value();
    let again = start("full").expect(409).await.value();
    assert_eq!(again["code"], "reconciliation_running");
    let _ = start("window").expect(202).await;
    let _ = start("everything").expect(422).await;
    let done = shop.compare(Span::Full).await;
    assert_eq!(wished["id"], done.id.to_string());
    // It is over: another one may begin.
    let _ = start("full").expect(202).await;
    let acts = shop.events("staff.acted").await;
    let actions: Vec<_> = acts.iter().map(|act| &act["action"]).collect();
    assert_eq!(actions, ["reconciliation.start"; 3]);

    let customer = OnBehalfOf {
        user_id: UserId::from(Uuid::from_u128(1)),
        role: Role::Customer,
        email: None,
        auth_time: None,
    };
    let token = shop.admin.token("order", Some(&customer)).unwrap();
    let refused = shop.internal.clone().with_bearer(&token);
    let body = json!({"span": "window"});
    let refused = refused.post("/internal/reconciliations").json(&body);
    let _ = refused.expect(403).await;
}

#[tokio::test]
async fn only_staff_see_and_resolve_work_items() {
    let shop = Shop::open().await;
    let id = Uuid::from_u128(1);
    let read = [
        "/internal/work-items".to_owned(),
        "/internal/reconciliations".to_owned(),
        format!("/internal/reconciliations/{id}/differences"),
    ];
    for (role, reads, resolves) in [
        (Role::Customer, 403, 403),
        (Role::Seller, 403, 403),
        (Role::Admin, 200, 404),
    ] {
        let who = OnBehalfOf {
            user_id: UserId::from(id),
            role,
            email: None,
            auth_time: None,
        };
        let client = shop
            .internal
            .clone()
            .with_bearer(&shop.admin.token("order", Some(&who)).unwrap());
        for path in &read {
            let expected = if path.ends_with("differences") && reads == 200 {
                404
            } else {
                reads
            };
            assert_eq!(
                client.get(path).send().await.status,
                expected,
                "{role:?} {path}"
            );
        }
        let resolve = client
            .post(&format!("/internal/work-items/{id}/resolve"))
            .json(&json!({"resolution": "done"}));
        assert_eq!(resolve.send().await.status, resolves);
    }
    for path in &read {
        assert_eq!(shop.internal.get(path).send().await.status, 401);
    }
}

#[tokio::test]
async fn a_dispute_that_nobody_told_of_is_found_and_followed_to_its_end() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.paid(&anna).await;
    let bank = Client::new(shop.stripe.url());
    let path = format!(
        "/_stand_in/intents/{}/dispute",
        shop.reference(&order).await
    );
    let dispute = bank.post(&path).json(&json!({})).expect(200).await.value();
    let summary = shop.compare(Span::Window).await;
    let behind = [("dispute_behind".to_owned(), "healed".to_owned())];
    assert_eq!(shop.differences(summary).await, behind);
    assert_eq!(shop.compare(Span::Window).await.counts.healed, 0);

    // The bank decides long after the window has gone on.
    shop.tamper("UPDATE disputes SET opened_at = now() - interval '60 days'".to_owned())
        .await;
    let path = format!("/_stand_in/disputes/{}", text(&dispute, "id"));
    let lost = json!({"status": "lost"});
    let _ = bank.post(&path).json(&lost).expect(200).await;
    let summary = shop.compare(Span::Window).await;
    assert_eq!(shop.differences(summary).await, behind);
    assert_eq!(
        text(&shop.order(&anna, &order).await, "payment_status"),
        "refunded"
    );
    let verdict = order::verify(&shop.pool).await.unwrap();
    assert!(verdict.is_good(), "{verdict}");
}
