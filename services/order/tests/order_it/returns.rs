//! Sending things back: asked for, decided, received, refunded, and back on the shelf.

use auth_token::{OnBehalfOf, Role};
use primitives::UserId;
use serde_json::{Value, json};
use testkit::http::Client;
use uuid::Uuid;

use crate::shop::{Person, Shop, id};

/// A paid order of three shirts and a mug, all of which has arrived.
async fn arrived(shop: &Shop, person: &Person, staff: &Client) -> Value {
    let (shirt, mug) = (shop.peer.sell(1000, 100), shop.peer.sell(333, 100));
    let _ = shop.add(person, shirt, 3).await;
    let order = shop.placed(person, mug, 1).await;
    shop.pretend_paid(&order).await;
    let parcel = json!({"carrier": "DHL", "tracking_number": "T"});
    let shipped = staff
        .post(&format!("/api/orders/{}/shipments", id(&order)))
        .json(&parcel)
        .expect(201)
        .await
        .value();
    let arrived = format!("/api/shipments/{}/deliver", shipped["id"].as_str().unwrap());
    let _ = staff.post(&arrived).expect(200).await;
    order
}

fn line(order: &Value, quantity: i64) -> &Value {
    let mut lines = order["items"].as_array().unwrap().iter();
    lines.find(|line| line["quantity"] == quantity).unwrap()
}

fn part(line: &Value, quantity: i32) -> Value {
    json!({"order_item_id": line["id"], "quantity": quantity, "reason": "unwanted"})
}

fn came(line: &Value, quantity: i32, restock: bool) -> Value {
    let condition = if restock { "new" } else { "damaged" };
    json!({"order_item_id": line["id"], "quantity": quantity, "condition": condition, "restock": restock})
}

fn path(returned: &Value, step: &str) -> String {
    format!("/api/returns/{}{step}", returned["id"].as_str().unwrap())
}

async fn mails(shop: &Shop) -> Vec<String> {
    let mails = shop.events("email.notification").await;
    let mails = mails.iter().map(|mail| mail["template"].as_str().unwrap());
    mails.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_return_goes_from_wish_to_money() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let hers = shop.client.clone().with_bearer(&anna.token);
    let staff = shop.client.clone().with_bearer(&support.token);
    let order = arrived(&shop, &anna, &staff).await;
    let (shirts, mug) = (line(&order, 3), line(&order, 1));
    let whole = format!("/api/orders/{}", id(&order));
    let read = hers.get(&whole).expect(200).await.value();
    assert_eq!(read["next_steps"], json!(["return"]));

    let wish = json!({"items": [part(shirts, 2), part(mug, 1)], "comment": "Too small"});
    let ask = || {
        hers.post(&format!("{whole}/returns"))
            .header("idempotency-key", "once")
            .json(&wish)
            .expect(201)
    };
    let asked = ask().await.value();
    assert_eq!(ask().await.value(), asked, "the same again");
    hers.post(&format!("{whole}/returns"))
        .header("idempotency-key", "once")
        .json(&json!({"items": [part(mug, 1)]}))
        .send()
        .await
        .problem(422, "idempotency_key_reused");
    assert_eq!(
        asked["number"],
        format!("{}-R1", order["number"].as_str().unwrap())
    );
    assert_eq!(
        (
            &asked["status"],
            &asked["next_steps"],
            &asked["requested_by"]
        ),
        (
            &json!("requested"),
            &json!(["withdraw"]),
            &json!("customer")
        )
    );
    // The rest may be asked for, and no more.
    let more = |quantity| {
        hers.post(&format!("{whole}/returns"))
            .json(&json!({"items": [part(shirts, quantity)]}))
    };
    let problem = more(2).send().await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "items[0].quantity");
    let other = more(1).expect(201).await.value();
    let read = hers.get(&whole).expect(200).await.value();
    assert_eq!(read["next_steps"], json!([]), "all is asked for");
    assert_eq!(read["returns"].as_array().unwrap().len(), 2);
    let kept = hers.post(&path(&other, "/withdraw")).expect(200).await;
    assert_eq!(kept.value()["status"], "withdrawn");

    let queue = staff.get("/api/returns?status=requested").expect(200).await;
    assert!(queue.statement_count() <= 2);
    assert_eq!(queue.value()["data"][0]["id"], asked["id"]);
    let approve = json!({"answer": "The label is in the parcel."});
    let approved = staff
        .post(&path(&asked, "/approve"))
        .json(&approve)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&approved["status"], &approved["next_steps"]),
        (&json!("approved"), &json!(["reject", "receive"]))
    );

    // One shirt and the mug came; the mug is broken.
    let bad = json!({"items": [came(shirts, 3, true)]});
    staff
        .post(&path(&asked, "/receive"))
        .json(&bad)
        .send()
        .await
        .problem(422, "validation_failed");
    let good = json!({"items": [came(shirts, 1, true), came(mug, 1, false)]});
    let receive = || staff.post(&path(&asked, "/receive")).json(&good).send();
    let received = receive().await;
    assert_eq!(received.status, 200, "{}", received.text());
    receive().await.problem(409, "return_step_not_allowed");
    let read = hers.get(&whole).expect(200).await.value();
    assert_eq!(
        (&line(&read, 3)["returned"], &line(&read, 1)["returned"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(read["fulfillment_status"], "delivered", "not all came back");
    let told = shop.events("order.returned").await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["return_id"], &told[0]["complete"]),
        (&asked["id"], &json!(false))
    );
    let restocked = |line: &Value| {
        let lines = told[0]["lines"].as_array().unwrap();
        let found = lines
            .iter()
            .find(|l| l["order_item_id"] == line["id"])
            .unwrap();
        (found["quantity"].clone(), found["restock"].clone())
    };
    assert_eq!(restocked(shirts), (json!(1), json!(true)));
    assert_eq!(restocked(mug), (json!(1), json!(false)));

    // A third of the shirts' total and all of the mug's.
    let total = |line: &Value| line["total"]["amount"].as_i64().unwrap();
    let worth = total(shirts) / 3 + total(mug);
    let refunded = staff
        .post(&path(&asked, "/refund"))
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&refunded["status"], &refunded["refund"]["amount"]["amount"]),
        (&json!("refunded"), &json!(worth))
    );
    let rows: (i64, i64) = sqlx::query_as(
        "SELECT (SELECT sum(amount)::bigint FROM refunds), (SELECT sum(amount)::bigint FROM refund_items)",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    assert_eq!(rows, (worth, worth));
    staff
        .post(&path(&asked, "/refund"))
        .send()
        .await
        .problem(409, "return_step_not_allowed");
    // It failed: staff may try again.
    sqlx::query("UPDATE refunds SET status = 'failed'")
        .execute(&shop.pool)
        .await
        .unwrap();
    let again = staff
        .post(&path(&asked, "/refund"))
        .expect(200)
        .await
        .value();
    assert_eq!(again["refund"]["amount"]["amount"], worth);
    assert_ne!(again["refund"]["id"], refunded["refund"]["id"]);

    let mails = mails(&shop).await;
    for mail in ["return_approved", "return_received"] {
        assert_eq!(
            mails.iter().filter(|known| *known == mail).count(),
            1,
            "{mail}"
        );
    }
    let timeline = hers
        .get(&format!("{whole}/events"))
        .expect(200)
        .await
        .value();
    let kinds: Vec<&str> = timeline["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["type"].as_str().unwrap())
        .filter(|kind| kind.contains("return"))
        .collect();
    assert_eq!(
        kinds,
        [
            "return.requested",
            "return.requested",
            "return.withdrawn",
            "return.approved",
            "order.returned",
            "return.received",
            "return.refunded",
            "return.refunded",
        ]
    );
    let acts = shop.events("staff.acted").await;
    let acts: Vec<&str> = acts
        .iter()
        .map(|act| act["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        acts.iter()
            .filter(|act| act.starts_with("order.return."))
            .collect::<Vec<_>>(),
        [
            &"order.return.approve",
            &"order.return.receive",
            &"order.return.refund",
            &"order.return.refund",
        ]
    );
}

#[tokio::test]
async fn an_order_of_which_all_came_back_is_returned() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let hers = shop.client.clone().with_bearer(&anna.token);
    let staff = shop.client.clone().with_bearer(&support.token);
    let order = arrived(&shop, &anna, &staff).await;
    let (shirts, mug) = (line(&order, 3), line(&order, 1));
    let whole = format!("/api/orders/{}", id(&order));
    let mut worth = Vec::new();
    for (line, quantity) in [(shirts, 1), (shirts, 2), (mug, 1)] {
        let asked = hers
            .post(&format!("{whole}/returns"))
            .json(&json!({"items": [part(line, quantity)]}))
            .expect(201)
            .await
            .value();
        // It came before anybody had answered.
        let items = json!({"items": [came(line, quantity, true)]});
        let _ = staff
            .post(&path(&asked, "/receive"))
            .json(&items)
            .expect(200)
            .await;
        let refunded = staff
            .post(&path(&asked, "/refund"))
            .expect(200)
            .await
            .value();
        worth.push(refunded["refund"]["amount"]["amount"].as_i64().unwrap());
    }
    let read = hers.get(&whole).expect(200).await.value();
    assert_eq!(
        (&read["fulfillment_status"], &read["next_steps"]),
        (&json!("returned"), &json!([]))
    );
    let lines: i64 = [shirts, mug]
        .iter()
        .map(|line| line["total"]["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(worth.iter().sum::<i64>(), lines, "to the cent: {worth:?}");
    let told = shop.events("order.returned").await;
    let complete: Vec<_> = told.iter().map(|told| &told["complete"]).collect();
    assert_eq!(complete, [false, false, true]);
}

#[tokio::test]
async fn the_shop_may_say_no_and_time_runs_out() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let hers = shop.client.clone().with_bearer(&anna.token);
    let staff = shop.client.clone().with_bearer(&support.token);
    let order = arrived(&shop, &anna, &staff).await;
    let mug = line(&order, 1);
    let returns = format!("/api/orders/{}/returns", id(&order));
    let wish = json!({"items": [part(mug, 1)]});
    let asked = hers.post(&returns).json(&wish).expect(201).await.value();
    let no = json!({"answer": "It was made for you."});
    let rejected = staff
        .post(&path(&asked, "/reject"))
        .json(&no)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (
            &rejected["status"],
            &rejected["answer"],
            &rejected["next_steps"]
        ),
        (&json!("rejected"), &no["answer"], &json!([]))
    );
    assert_eq!(mails(&shop).await.last().unwrap(), "return_rejected");

    sqlx::query("UPDATE shipments SET delivered_at = now() - interval '31 days'")
        .execute(&shop.pool)
        .await
        .unwrap();
    hers.post(&returns)
        .json(&wish)
        .send()
        .await
        .problem(409, "return_window_closed");
    let asked = staff.post(&returns).json(&wish).expect(201).await.value();
    assert_eq!(asked["requested_by"], format!("staff:{}", support.id));
    let seen = hers.get(&path(&asked, "")).expect(200).await.value();
    assert_eq!(seen["requested_by"], "staff");
    // To others it is not there.
    let other = shop.person(Role::Customer);
    for step in ["", "/withdraw"] {
        let path = path(&asked, step);
        let request = if step.is_empty() {
            shop.client.get(&path)
        } else {
            shop.client.post(&path)
        };
        request
            .bearer(&other.token)
            .send()
            .await
            .problem(404, "not_found");
    }
    // What came may be refused, too: it stays here, and nothing is given back.
    let here = json!({"items": [came(mug, 1, false)]});
    let received = staff.post(&path(&asked, "/receive")).json(&here);
    assert_eq!(
        received.expect(200).await.value()["next_steps"],
        json!(["refund", "reject"])
    );
    let no = json!({"answer": "It was dropped."});
    let rejected = staff.post(&path(&asked, "/reject")).json(&no);
    let rejected = rejected.expect(200).await.value();
    assert_eq!(
        (
            &rejected["status"],
            &rejected["answer"],
            &rejected["next_steps"]
        ),
        (&json!("rejected"), &no["answer"], &json!([]))
    );
    assert!(rejected["received_at"].is_string(), "{rejected}");
    staff
        .post(&path(&asked, "/refund"))
        .send()
        .await
        .problem(409, "return_step_not_allowed");
    assert_eq!(shop.count("refunds").await, 0);
    assert_eq!(mails(&shop).await.last().unwrap(), "return_rejected");
    // What has not left cannot come back.
    let fresh = shop.placed(&anna, shop.peer.sell(100, 5), 1).await;
    hers.post(&format!("/api/orders/{}/returns", id(&fresh)))
        .json(&json!({"items": [part(&fresh["items"][0], 1)]}))
        .send()
        .await
        .problem(409, "order_not_returnable");
}

#[tokio::test]
async fn the_panel_does_all_of_it_in_a_staff_members_name() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let staff = shop.client.clone().with_bearer(&support.token);
    let order = arrived(&shop, &anna, &staff).await;
    let mug = line(&order, 1);
    let who = OnBehalfOf {
        user_id: UserId::from(Uuid::from_u128(1)),
        role: Role::Support,
        email: None,
        auth_time: Some(primitives::Clock::system().now().unix()),
    };
    let panel = shop.admin.token("order", Some(&who)).unwrap();
    let panel = shop.internal.clone().with_bearer(&panel);
    let wish = json!({"items": [part(mug, 1)]});
    let returns = format!("/internal/orders/{}/returns", id(&order));
    let asked = panel.post(&returns).json(&wish).expect(201).await.value();
    let step = |step: &str, body: Value| {
        let path = format!("/internal/returns/{}/{step}", asked["id"].as_str().unwrap());
        panel.post(&path).json(&body).expect(200)
    };
    let _ = step("approve", json!({})).await;
    let _ = step("receive", json!({"items": [came(mug, 1, true)]})).await;
    let worth = mug["total"]["amount"].as_i64().unwrap();
    let shipping = order["shipping"]["amount"].as_i64().unwrap();
    let less = json!({"amount": {"amount": 1, "currency": "EUR"}});
    for (wish, amount) in [
        (json!({}), worth),
        (json!({"shipping": true}), worth + shipping),
        (less, 1),
    ] {
        let shown = step("refund/preview", wish).await.value();
        assert_eq!(shown["amount"]["amount"], amount);
    }
    assert_eq!(shop.count("refunds").await, 0, "nothing is done");
    let refunded = step("refund", json!({"shipping": true})).await.value();
    assert_eq!(refunded["refund"]["amount"]["amount"], worth + shipping);
    // Shipping goes back once.
    let wish = json!({"items": [part(line(&order, 3), 1)]});
    let other = panel.post(&returns).json(&wish).expect(201).await.value();
    let other = format!("/internal/returns/{}", other["id"].as_str().unwrap());
    let came = json!({"items": [came(line(&order, 3), 1, true)]});
    let _ = panel
        .post(&format!("{other}/receive"))
        .json(&came)
        .expect(200)
        .await;
    let mut amounts = Vec::new();
    for wish in [json!({}), json!({"shipping": true})] {
        let shown = panel.post(&format!("{other}/refund/preview")).json(&wish);
        amounts.push(shown.expect(200).await.value()["amount"].clone());
    }
    assert_eq!(amounts[0], amounts[1]);
    let again = format!(
        "/internal/returns/{}/refund/preview",
        asked["id"].as_str().unwrap()
    );
    panel
        .post(&again)
        .json(&json!({}))
        .send()
        .await
        .problem(409, "return_step_not_allowed");
    let tags = format!("/internal/orders/{}/tags/vip", id(&order));
    let tagged = panel.put(&tags).expect(200).await.value();
    assert_eq!(tagged["tags"], json!(["vip"]));
    let _ = panel.delete(&tags).expect(200).await;
    for path in [
        returns,
        tags,
        format!("/internal/returns/{}/reject", asked["id"].as_str().unwrap()),
    ] {
        let nobody = shop.admin.token("order", None).unwrap();
        let answer = shop
            .internal
            .post(&path)
            .bearer(&nobody)
            .json(&json!({"answer": "x", "items": []}))
            .send()
            .await;
        assert!([403, 405, 422].contains(&answer.status), "{path}");
    }
}

#[tokio::test]
async fn staff_say_whether_a_cancelled_order_goes_back_on_the_shelf() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let variant = shop.peer.sell(1000, 100);
    let cancel = |order: &Value, person: &Person, body: Value| {
        shop.client
            .put(&format!("/api/orders/{}/cancel", id(order)))
            .bearer(&person.token)
            .json(&body)
    };
    let no = json!({"reason": "It burnt.", "restock": false});
    let paid = shop.placed(&anna, variant, 1).await;
    shop.pretend_paid(&paid).await;
    cancel(&paid, &anna, no.clone())
        .send()
        .await
        .problem(422, "validation_failed");
    let _ = cancel(&paid, &support, no.clone()).expect(200).await;
    // Of what was only held nothing can have burnt.
    let unpaid = shop.placed(&anna, variant, 1).await;
    let _ = cancel(&unpaid, &support, no).expect(200).await;
    let told = shop.events("order.cancelled").await;
    assert_eq!(told[0]["restock"], false);
    assert!(told[1].get("restock").is_none());
}

#[tokio::test]
async fn a_customers_words_about_returns_are_theirs_to_take_and_go_with_the_account() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let hers = shop.client.clone().with_bearer(&anna.token);
    let staff = shop.client.clone().with_bearer(&support.token);
    let order = arrived(&shop, &anna, &staff).await;
    let wish = json!({"items": [part(line(&order, 1), 1)], "comment": "It reminds me of him"});
    let returns = format!("/api/orders/{}/returns", id(&order));
    let asked = hers.post(&returns).json(&wish).expect(201).await.value();
    let answer = json!({"answer": "Keep it, Anna"});
    let _ = staff
        .post(&path(&asked, "/reject"))
        .json(&answer)
        .expect(200)
        .await;

    let me = OnBehalfOf {
        user_id: anna.id,
        role: Role::Customer,
        email: None,
        auth_time: None,
    };
    let export = shop
        .internal
        .get(&format!("/internal/users/{}/export", anna.id))
        .bearer(&shop.admin.token("order", Some(&me)).unwrap())
        .expect(200)
        .await
        .value();
    let taken = &export["sections"]["orders"][0]["returns"][0];
    assert_eq!(
        (
            &taken["comment"],
            &taken["answer"],
            &taken["items"][0]["reason"]
        ),
        (&wish["comment"], &answer["answer"], &json!("unwanted"))
    );

    sqlx::query("INSERT INTO erased_users (user_id, erased_at) VALUES ($1, now())")
        .bind(anna.id.uuid())
        .execute(&shop.pool)
        .await
        .unwrap();
    order::reconcile(&shop.app).await;
    let left = staff.get(&path(&asked, "")).expect(200).await.value();
    assert_eq!(
        (&left["comment"], &left["answer"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(left["status"], "rejected");
}
