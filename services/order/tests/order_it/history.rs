//! Finding orders again.

use auth_token::Role;
use serde_json::{Value, json};

use crate::shop::{Person, Shop, id};

async fn found(shop: &Shop, person: &Person, query: &str) -> Vec<Value> {
    let page = shop
        .client
        .get(&format!("/api/orders?limit=100&{query}"))
        .bearer(&person.token)
        .expect(200)
        .await;
    assert!(page.statement_count() <= 2, "{query}");
    let page = page.value();
    let ids = page["data"].as_array().unwrap().iter();
    ids.map(|order| order["id"].clone()).collect()
}

#[tokio::test]
async fn orders_are_found_by_what_is_known_of_them() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let (mug, lamp) = (shop.peer.sell(500, 100), shop.peer.sell(9900, 100));
    let small = shop.placed(&anna, mug, 1).await;
    let large = shop.placed(&anna, lamp, 1).await;
    let other = shop.placed(&shop.person(Role::Customer), lamp, 2).await;
    shop.pretend_paid(&large).await;
    let ids = |orders: &[&Value]| orders.iter().map(|o| o["id"].clone()).collect::<Vec<_>>();
    let text = |value: &Value| value.as_str().unwrap().replace('+', "%2B");
    let total = large["total"]["amount"].as_i64().unwrap();

    let number = text(&small["number"]);
    let sku = text(&large["items"][0]["sku"]);
    let email = text(&other["email"]);
    let large_at = text(&large["placed_at"]);
    let cases = [
        (format!("q={number}"), vec![&small]),
        (format!("q=%23{number}"), vec![&small]),
        (format!("q={sku}"), vec![&other, &large]),
        (format!("q={}", email.to_uppercase()), vec![&other]),
        ("q=nobody@example.com".to_owned(), vec![]),
        ("q=two%20words".to_owned(), vec![]),
        (format!("min_total={total}"), vec![&other, &large]),
        (format!("min_total={total}&max_total={total}"), vec![&large]),
        (format!("from={large_at}"), vec![&other, &large]),
        (format!("until={large_at}"), vec![&small]),
        (
            "until=9999-12-31T23:59:59.999999Z&from=0001-01-01T00:00:00Z&max_total=1".to_owned(),
            vec![],
        ),
        (
            "fulfillment_status=unfulfilled&payment_status=paid".to_owned(),
            vec![&large],
        ),
        ("fulfillment_status=delivered".to_owned(), vec![]),
        (format!("q={sku}&status=pending"), vec![&other]),
    ];
    for (query, expected) in cases {
        assert_eq!(
            found(&shop, &support, &query).await,
            ids(&expected),
            "{query}"
        );
        // Customers find their own.
        let own: Vec<&Value> = expected.into_iter().filter(|o| **o != other).collect();
        assert_eq!(found(&shop, &anna, &query).await, ids(&own), "{query}");
    }
    for bad in ["min_total=x", "from=yesterday", "tag=two%20words"] {
        shop.client
            .get(&format!("/api/orders?{bad}"))
            .bearer(&support.token)
            .send()
            .await
            .problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn staff_tag_orders_and_find_them_by_it() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let variant = shop.peer.sell(500, 100);
    let order = shop.placed(&anna, variant, 1).await;
    shop.placed(&anna, variant, 1).await;
    let staff = shop.client.clone().with_bearer(&support.token);
    let path = format!("/api/orders/{}", id(&order));
    let tagged = staff.put(&format!("{path}/tags/VIP")).expect(200).await;
    assert_eq!(tagged.value(), json!({"tags": ["vip"]}));
    let _ = staff.put(&format!("{path}/tags/vip")).expect(200).await;
    let _ = staff.put(&format!("{path}/tags/check")).expect(200).await;
    assert_eq!(
        found(&shop, &support, "tag=vip").await,
        [order["id"].clone()]
    );
    let read = staff.get(&path).expect(200).await.value();
    assert_eq!(read["tags"], json!(["check", "vip"]));
    let removed = staff
        .delete(&format!("{path}/tags/check"))
        .expect(200)
        .await;
    assert_eq!(removed.value(), json!({"tags": ["vip"]}));
    let note = json!({"message": "Called, will wait."});
    let noted = staff
        .post(&format!("{path}/notes"))
        .json(&note)
        .expect(201)
        .await
        .value();
    assert_eq!(noted["actor"], format!("staff:{}", support.id));
    let read = staff.get(&path).expect(200).await.value();
    assert_eq!(read["notes"][0]["message"], note["message"]);

    // Three changes of tags and a note, each told once; the customer learns of none.
    assert_eq!(shop.events("staff.acted").await.len(), 4);
    let hers = shop.client.clone().with_bearer(&anna.token);
    let seen = hers.get(&path).expect(200).await.value();
    assert!(seen.get("tags").is_none() && seen.get("notes").is_none());
    let timeline = hers
        .get(&format!("{path}/events"))
        .expect(200)
        .await
        .value();
    assert_eq!(timeline["data"].as_array().unwrap().len(), 1);
    hers.get("/api/orders?tag=vip")
        .send()
        .await
        .problem(422, "validation_failed");

    for number in 0..19 {
        let _ = staff
            .put(&format!("{path}/tags/t{number}"))
            .expect(200)
            .await;
    }
    staff
        .put(&format!("{path}/tags/one-more"))
        .send()
        .await
        .problem(409, "too_many_tags");
}

#[tokio::test]
async fn each_entry_of_a_timeline_says_by_which_trace_it_came() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let _ = shop.add(&anna, shop.peer.sell(500, 100), 1).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let place = shop.order_as(&anna).header("traceparent", &parent);
    let order = place.expect(201).await.value();
    let cancel = format!("/api/orders/{}/cancel", order["id"].as_str().unwrap());
    let cancel = shop.client.put(&cancel).bearer(&anna.token);
    let _ = cancel.header("traceparent", &parent).expect(200).await;
    let entries: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT type, trace_id FROM order_events ORDER BY seq")
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    let of = |kind: &str| (kind.to_owned(), Some(trace.to_owned()));
    assert_eq!(entries, [of("order.placed"), of("order.cancelled")]);
}
