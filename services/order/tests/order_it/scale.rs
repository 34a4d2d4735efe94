//! Orders by month, numbers without gaps, and lists that read only what they show.

use std::borrow::Cow;

use auth_token::Role;
use primitives::{Clock, OrderId, Random, Timestamp};
use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};
use testkit::pg::TestDb;
use uuid::Uuid;

use crate::shop::Shop;

static NOTHING: Migrator = Migrator {
    migrations: Cow::Borrowed(&[]),
    ..Migrator::DEFAULT
};

/// The same id as one made `months` earlier.
async fn earlier(pool: &PgPool, id: Uuid, months: i32) -> Uuid {
    sqlx::query_scalar(
        "SELECT (left(uuid_floor(uuid_time($1) - make_interval(months => $2))::text, 13) || substr($1::text, 14))::uuid",
    )
    .bind(id)
    .bind(months)
    .fetch_one(pool)
    .await
    .unwrap()
}

/// Where the orders lie, by month, oldest first.
async fn months(pool: &PgPool) -> Vec<(String, i64)> {
    sqlx::query_as("SELECT tableoid::regclass::text, count(*) FROM orders GROUP BY 1 ORDER BY 1")
        .fetch_all(pool)
        .await
        .unwrap()
}

fn code(error: &sqlx::Error) -> String {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .unwrap_or_default()
        .into_owned()
}

fn constraint(error: &sqlx::Error) -> String {
    error
        .as_database_error()
        .and_then(|error| error.constraint())
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn an_order_lies_in_the_month_of_its_id() {
    let shop = Shop::open().await;
    let person = shop.person(Role::Customer);
    let order = shop.placed(&person, shop.peer.sell(100, 9), 1).await;
    let month: String =
        sqlx::query_scalar("SELECT to_char(now() AT TIME ZONE 'UTC', '\"orders_\"YYYY_MM')")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(months(&shop.pool).await, [(month, 1)]);
    let read = shop
        .client
        .get(&format!("/api/orders/{}", order["id"].as_str().unwrap()))
        .bearer(&person.token)
        .expect(200)
        .await
        .value();
    assert_eq!(read["number"], order["number"]);
}

#[tokio::test]
async fn months_are_made_ahead_once_by_whoever_comes_first() {
    let shop = Shop::open().await;
    let make = |months: i32| {
        let pool = shop.pool.clone();
        async move {
            sqlx::query_scalar::<_, i32>(
                "SELECT orders_make_partitions(now() + interval '2 years', $1)",
            )
            .bind(months)
            .fetch_one(&pool)
            .await
            .unwrap()
        }
    };
    let made = futures::future::join_all((0..4).map(|_| make(2))).await;
    assert_eq!(made.iter().sum::<i32>(), 3, "{made:?}");
    assert_eq!(make(2).await, 0);
    // The reconciler does the same, and nothing when there is nothing to do.
    order::reconcile(&shop.app).await;
    let ahead: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_inherits WHERE inhparent = 'orders'::regclass")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    order::reconcile(&shop.app).await;
    assert_eq!(ahead, 5 + 1 + 3);
}

#[tokio::test]
async fn making_a_month_gives_way_to_customers() {
    let shop = Shop::open().await;
    let person = shop.person(Role::Customer);
    let _ = shop.placed(&person, shop.peer.sell(100, 9), 1).await;
    let mut busy = shop.pool.begin().await.unwrap();
    let _ = sqlx::query("UPDATE order_items SET shipped = 0")
        .execute(&mut *busy)
        .await
        .unwrap();
    let _ = sqlx::query("SELECT * FROM orders FOR UPDATE")
        .execute(&mut *busy)
        .await
        .unwrap();
    let sql = "SELECT orders_make_partitions(now() + interval '3 years', 1)";
    let error = sqlx::query(sql).execute(&shop.pool).await.unwrap_err();
    assert_eq!(code(&error), "55P03", "lock not available: {error}");
    busy.commit().await.unwrap();
    let made: i32 = sqlx::query_scalar(sql).fetch_one(&shop.pool).await.unwrap();
    assert_eq!(made, 2);
}

#[tokio::test]
async fn an_order_without_a_month_is_kept_all_the_same() {
    let shop = Shop::open().await;
    let person = shop.person(Role::Customer);
    let order = shop.placed(&person, shop.peer.sell(100, 9), 1).await;
    let id: Uuid = order["id"].as_str().unwrap().parse().unwrap();
    let old = earlier(&shop.pool, id, 30).await;
    copy(&shop.pool, id, old, 1_000_002).await.unwrap();
    assert!(
        months(&shop.pool)
            .await
            .contains(&("orders_other".to_owned(), 1))
    );
    let read = shop
        .client
        .get(&format!("/api/orders/{old}"))
        .bearer(&person.token)
        .expect(200)
        .await
        .value();
    assert_eq!(read["number"], "1000002");
    // Its month is not made any more; those around it are.
    let made: i32 =
        sqlx::query_scalar("SELECT orders_make_partitions(now() - interval '31 months', 2)")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(made, 2);
}

/// An order like another, with its payment.
async fn copy(pool: &PgPool, from: Uuid, to: Uuid, number: i64) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    let random = Random::system();
    let now = Clock::system().now();
    let other = OrderId::new(now, &random).uuid();
    for (table, key, id) in [("orders", "id", to), ("payments", "order_id", other)] {
        let sql = format!(
            "INSERT INTO {table} SELECT (jsonb_populate_record(t, $2)).* FROM {table} t WHERE {key} = $1"
        );
        let change = json!({"id": id, "order_id": to, "cart_id": id, "number": number, "provider_ref": null});
        let _ = sqlx::query(AssertSqlSafe(sql))
            .bind(from)
            .bind(change)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await
}

#[tokio::test]
async fn numbers_have_no_gaps_whatever_fails_between() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(100, 1000);
    let place = |n: i64| {
        let shop = &shop;
        async move {
            let cart = shop.guest_cart(variant, 1).await;
            // Every third expects another total and is refused; every fifth asks for a way of shipping that there is not.
            let mut body =
                json!({"email": "guest@example.com", "shipping_address": crate::shop::address()});
            if n % 3 == 0 {
                body["expected_total"] = json!({"amount": 1, "currency": "EUR"});
            }
            if n % 5 == 0 {
                body["shipping_method"] = "rocket".into();
            }
            let answer = shop
                .client
                .post("/api/orders")
                .header("x-cart-token", &cart)
                .header("idempotency-key", &format!("k{n}"))
                .json(&body)
                .send()
                .await;
            (answer.status == 201).then(|| answer.value())
        }
    };
    let placed: Vec<Value> = futures::future::join_all((1..=60).map(place))
        .await
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(placed.len(), 32);
    let mut numbers: Vec<i64> = placed
        .iter()
        .map(|order| order["number"].as_str().unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1_000_001..=1_000_032).collect::<Vec<i64>>());
    // A number opens nothing.
    shop.client
        .get("/api/orders/1000001")
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn the_database_refuses_orders_that_are_not_in_order() {
    let shop = Shop::open().await;
    let person = shop.person(Role::Customer);
    let order = shop.placed(&person, shop.peer.sell(100, 9), 1).await;
    let id: Uuid = order["id"].as_str().unwrap().parse().unwrap();
    let other = earlier(&shop.pool, id, 0).await;
    assert_eq!(other, id);
    let new = || OrderId::new(Clock::system().now(), &Random::system()).uuid();
    let insert = |change: Value| {
        let pool = shop.pool.clone();
        async move {
            sqlx::query(
                "INSERT INTO orders SELECT (jsonb_populate_record(o, $2)).* FROM orders o WHERE id = $1",
            )
            .bind(id)
            .bind(change)
            .execute(&pool)
            .await
            .map(drop)
        }
    };
    let cart: Value = sqlx::query_scalar("SELECT to_jsonb(cart_id) FROM orders")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    for (change, name) in [
        (
            json!({"id": new(), "cart_id": cart, "number": 5}),
            "orders_one_per_cart",
        ),
        (
            json!({"id": new(), "cart_id": new(), "number": 1_000_001}),
            "orders_number_unique",
        ),
        (
            json!({"id": new(), "cart_id": new(), "number": null}),
            "orders_have_numbers",
        ),
    ] {
        let error = insert(change).await.unwrap_err();
        assert_eq!(constraint(&error), name, "{error}");
    }
    let error = sqlx::query("UPDATE orders SET number = 7")
        .execute(&shop.pool)
        .await
        .unwrap_err();
    assert_eq!(constraint(&error), "orders_number_stays");
    for forbidden in [
        "DELETE FROM orders",
        "DELETE FROM order_numbers",
        "UPDATE order_counter SET last = 1",
        "INSERT INTO order_carts VALUES (gen_random_uuid(), gen_random_uuid())",
        "DELETE FROM orders_other",
    ] {
        let error = sqlx::query(forbidden)
            .execute(&shop.pool)
            .await
            .unwrap_err();
        assert_eq!(code(&error), "42501", "{forbidden}: {error}");
    }
    // A program of the release before does not name the number, and gets one.
    insert_old(&shop.pool, id, new()).await;
    let numbers: Vec<i64> = sqlx::query_scalar("SELECT number FROM order_numbers ORDER BY number")
        .fetch_all(&shop.pool)
        .await
        .unwrap();
    assert_eq!(numbers, [1_000_001, 1_000_002]);
}

/// A key to `orders` itself would be looked up in all months with each row that has it.
#[tokio::test]
async fn what_belongs_to_an_order_holds_on_to_it() {
    let shop = Shop::open().await;
    let person = shop.person(Role::Customer);
    let _ = shop.placed(&person, shop.peer.sell(100, 9), 1).await;
    let keys: Vec<(String, String, bool)> = sqlx::query_as(
        "SELECT conrelid::regclass::text, confrelid::regclass::text, convalidated FROM pg_constraint
          WHERE contype = 'f' AND conparentid = 0 AND confrelid IN ('orders'::regclass, 'order_carts'::regclass) ORDER BY 2, 1",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    let to = |target: &str| {
        keys.iter()
            .filter(|key| key.1 == target)
            .map(|key| key.0.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(to("orders"), ["order_carts"]);
    assert_eq!(
        to("order_carts"),
        [
            "coupon_redemptions",
            "documents",
            "ledger_entries",
            "order_adjustments",
            "order_events",
            "order_items",
            "order_tags",
            "order_taxes",
            "payments",
            "returns",
            "saga_steps",
            "shipments",
        ]
    );
    assert!(keys.iter().all(|key| key.2), "{keys:?}");
    let owner = shop.owner().await;
    let month = &months(&shop.pool).await[0].0;
    for refused in [
        "UPDATE order_events SET order_id = gen_random_uuid()",
        "DELETE FROM order_carts",
        "DELETE FROM orders",
        &format!("ALTER TABLE orders DETACH PARTITION {month}"),
    ] {
        let error = sqlx::query(AssertSqlSafe(refused))
            .execute(&owner)
            .await
            .unwrap_err();
        assert_eq!(code(&error), "23503", "{refused}: {error}");
    }
}

async fn insert_old(pool: &PgPool, like: Uuid, id: Uuid) {
    let _ = sqlx::query(
        "INSERT INTO orders (id, cart_id, email, status, payment_status, fulfillment_status, currency, subtotal, discount, shipping, tax, total,
                             shipping_method, shipping_address, billing_address, placed_at, updated_at)
         SELECT $2, $2, email, status, payment_status, fulfillment_status, currency, subtotal, discount, shipping, tax, total,
                shipping_method, shipping_address, billing_address, placed_at, updated_at FROM orders WHERE id = $1",
    )
    .bind(like)
    .bind(id)
    .execute(pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn lists_go_through_the_months_page_by_page() {
    let shop = Shop::open().await;
    let person = shop.person(Role::Customer);
    let newest = shop.placed(&person, shop.peer.sell(100, 9), 1).await;
    let id: Uuid = newest["id"].as_str().unwrap().parse().unwrap();
    let _: i32 =
        sqlx::query_scalar("SELECT orders_make_partitions(now() - interval '18 months', 18)")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    let mut expected = vec![id.to_string()];
    for month in 1..=24 {
        let older = earlier(&shop.pool, id, month).await;
        copy(&shop.pool, id, older, 1_000_001 + i64::from(month))
            .await
            .unwrap();
        expected.push(older.to_string());
    }
    let staff = shop.person(Role::Support);
    for token in [&person.token, &staff.token] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = shop
                .client
                .get(&format!("/api/orders?status=pending&limit=7{cursor}"))
                .bearer(token)
                .expect(200)
                .await;
            assert!(page.statement_count() <= 8, "{}", page.statement_count());
            let page = page.value();
            for order in page["data"].as_array().unwrap() {
                seen.push(order["id"].as_str().unwrap().to_owned());
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, expected);
    }
}

/// What a shop of the first release had is there afterwards, in its month, under the same keys and rights.
#[tokio::test]
async fn a_shop_of_the_first_release_moves_into_months() {
    let db = TestDb::new("order", &NOTHING).await;
    let mut owner = PgConnection::connect(&db.owner_url()).await.unwrap();
    let (first, rest): (Vec<_>, Vec<_>) = order::MIGRATOR
        .iter()
        .partition(|migration| migration.version <= 2);
    for migration in first {
        owner.execute(migration.sql.clone()).await.unwrap();
    }
    let clock = Clock::system();
    let random = Random::system();
    let now = clock.now();
    let ids = [
        OrderId::new(now, &random).uuid(),
        OrderId::new(Timestamp::from_unix(now.unix() - 40 * 86_400), &random).uuid(),
        OrderId::new(Timestamp::from_unix(now.unix() - 400 * 86_400), &random).uuid(),
        // Not one of ours.
        Uuid::from_u128(7),
    ];
    for id in ids {
        let _ = sqlx::query(
            "INSERT INTO orders (id, cart_id, email, status, payment_status, fulfillment_status, currency, subtotal, discount, shipping, tax, total,
                                 shipping_method, shipping_address, billing_address, placed_at, updated_at)
             VALUES ($1, $1, 'a@example.com', 'pending', 'unpaid', 'unfulfilled', 'EUR', 100, 0, 0, 0, 100, 'standard', '{}', '{}', now(), now())",
        )
        .bind(id)
        .execute(&mut owner)
        .await
        .unwrap();
        let _ = sqlx::query(
            "INSERT INTO payments (id, order_id, status, provider, currency, amount, created_at, updated_at)
             VALUES ($1, $1, 'requires_payment', 'stripe', 'EUR', 100, now(), now())",
        )
        .bind(id)
        .execute(&mut owner)
        .await
        .unwrap();
    }
    for migration in rest {
        owner.execute(migration.sql.clone()).await.unwrap();
    }
    let pool = db.pool().await;
    let lying = months(&pool).await;
    assert_eq!(lying.len(), 4, "{lying:?}");
    assert_eq!(lying.last().unwrap(), &("orders_other".to_owned(), 1));
    let last: i64 = sqlx::query_scalar("SELECT last FROM order_counter")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(last, 1_000_004);
    let kept: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM orders o JOIN payments p ON p.order_id = o.id JOIN order_carts c ON c.order_id = o.id JOIN order_numbers n USING (number)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(kept, 4);
    let lost = sqlx::query("UPDATE payments SET order_id = gen_random_uuid()")
        .execute(&pool)
        .await
        .unwrap_err();
    assert_eq!(constraint(&lost), "payments_order_id_fkey");
    let admin = db.pool_as("admin_service").await;
    let seen: i64 = sqlx::query_scalar("SELECT count(number) FROM orders")
        .fetch_one(&admin)
        .await
        .unwrap();
    assert_eq!(seen, 4);
    let hidden = sqlx::query("SELECT guest_token_hash FROM orders")
        .execute(&admin)
        .await
        .unwrap_err();
    assert_eq!(code(&hidden), "42501");
    insert_old(&pool, ids[0], OrderId::new(now, &random).uuid()).await;
}
