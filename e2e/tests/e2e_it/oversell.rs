//! 500 people want the last 50 units at the same moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use crate::shop::{Shop, address, unique};
use crate::stack::database_url;

const UNITS: u32 = 50;
const BUYERS: usize = 500;
/// How many carts are filled at the same time; the orders all come at once.
const AT_ONCE: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_buyers_get_fifty_units() {
    let shop = Arc::new(Shop::open());
    let admin = shop.admin().await;
    let seller = shop.seller(&admin).await;
    let product = shop.put_on_sale(&seller, &admin, UNITS).await;

    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let start = Arc::new(Barrier::new(BUYERS));
    let mut buyers = JoinSet::new();
    for buyer in 0..BUYERS {
        let (shop, permits, start, product) = (
            shop.clone(),
            permits.clone(),
            start.clone(),
            product.clone(),
        );
        buyers.spawn(async move {
            let cart_token = {
                let _permit = permits.acquire().await.unwrap();
                let body = json!({ "variant_id": product.variant_id, "quantity": 1 });
                shop.client.post("/api/cart").json(&body).expect(200).await.header("x-cart-token").to_owned()
            };
            start.wait().await;
            let answer = shop
                .client
                .post("/api/orders")
                .header("x-cart-token", &cart_token)
                .header("idempotency-key", &unique())
                .json(&json!({ "email": format!("buyer-{buyer}@example.com"), "shipping_address": address() }))
                .send()
                .await;
            if answer.status == 409 {
                let problem = answer.problem(409, "insufficient_stock");
                assert_eq!(problem["lines"][0]["variant_id"], *product.variant_id, "{problem}");
                return 409;
            }
            if answer.status != 201 {
                eprintln!("{}: {}", answer.status, answer.text());
            }
            answer.status
        });
    }
    let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
    while let Some(status) = buyers.join_next().await {
        *answers.entry(status.unwrap()).or_default() += 1;
    }
    let sold = UNITS as usize;
    assert_eq!(answers, BTreeMap::from([(201, sold), (409, BUYERS - sold)]));

    let mut db = PgConnection::connect(&database_url("product_db"))
        .await
        .unwrap();
    let (on_hand, reserved): (i64, i64) = sqlx::query_as(
        "SELECT sum(on_hand), sum(reserved) FROM stock_levels WHERE variant_id = $1::text::uuid",
    )
    .bind(&product.variant_id)
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!((on_hand, reserved), (i64::from(UNITS), i64::from(UNITS)));
    let (received, taken, orders): (i64, i64, i64) = sqlx::query_as(
        "SELECT sum(on_hand_delta), sum(reserved_delta), count(DISTINCT order_id) FROM stock_movements
          WHERE variant_id = $1::text::uuid",
    )
    .bind(&product.variant_id)
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!(
        (received, taken, orders),
        (i64::from(UNITS), i64::from(UNITS), i64::from(UNITS))
    );
    let differences: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM stock_ledger_differences WHERE variant_id = $1::text::uuid",
    )
    .bind(&product.variant_id)
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!(differences, 0, "the levels are the sums of the ledger");

    let mut orders = PgConnection::connect(&database_url("order_db"))
        .await
        .unwrap();
    let placed: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(quantity), 0) FROM order_items WHERE variant_id = $1::text::uuid",
    )
    .bind(&product.variant_id)
    .fetch_one(&mut orders)
    .await
    .unwrap();
    assert_eq!(
        placed,
        i64::from(UNITS),
        "as many are ordered as are reserved"
    );
}
