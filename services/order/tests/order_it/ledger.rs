//! The books: each movement of money stands in them once, on two sides.

use auth_token::Role;
use serde_json::json;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use testkit::pg::TestDb;

use crate::shop::Shop;

impl Shop {
    /// The ledger as `kind account amount`, in the order of writing, without the provider's fees.
    pub(crate) async fn books(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT kind || ' ' || account || ' ' || amount FROM ledger_entries WHERE kind <> 'fee' ORDER BY id",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn a_payment_and_its_refunds_are_posted_once_whoever_brings_the_news() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(10_000, 100), 1).await;
    let _ = shop.pay(&anna, &order, "pm_card_visa").await;
    let amount = json!({"amount": {"amount": 300, "currency": "EUR"}});
    assert_eq!(shop.refund(&staff, &order, amount).await.status, 202);
    order::reconcile(&shop.app).await;
    for event in shop.stripe_events().await {
        for _ in 0..2 {
            assert_eq!(shop.deliver(&event).await.status, 204);
        }
    }
    order::reconcile(&shop.app).await;

    let total = order["total"]["amount"].as_i64().unwrap();
    let expected = [
        format!("charge stripe {total}"),
        format!("charge sales {}", -total),
        "refund refunds 300".to_owned(),
        "refund stripe -300".to_owned(),
    ];
    assert_eq!(shop.books().await, expected);
    let named: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM ledger_entries l JOIN payments p ON p.id = l.payment_id AND p.order_id = l.order_id
          WHERE l.reference = p.id::text OR l.reference = (SELECT r.id::text FROM refunds r WHERE r.payment_id = p.id)",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    assert_eq!(named, 4);
}

#[tokio::test]
async fn nobody_changes_the_books() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let _ = shop.pay(&anna, &order, "pm_card_visa").await;
    let before = shop.books().await;
    assert_eq!(before.len(), 2);
    let owner = shop.owner().await;
    for attempt in [
        "UPDATE ledger_entries SET amount = amount * 2",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries",
    ] {
        assert_eq!(refusal(&shop.pool, attempt).await, "42501", "{attempt}");
        assert_eq!(refusal(&owner, attempt).await, "P0001", "{attempt}");
    }
    assert_eq!(shop.books().await, before);
}

#[tokio::test]
async fn a_posting_that_does_not_balance_is_not_committed() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let _ = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let post = async |conn: &mut PgConnection, account: &str, amount: i64, currency: &str| {
        sqlx::query(
            "INSERT INTO ledger_entries (posting_id, order_id, payment_id, kind, account, amount, currency, at, reference)
             SELECT '00000000-0000-0000-0000-000000000001', order_id, id, 'charge', $1, $2, $3, now(), 'x' FROM payments",
        )
        .bind(account)
        .bind(amount)
        .bind(currency)
        .execute(conn)
        .await
    };
    for (other_side, currency, good) in [
        (-99, "EUR", false),
        (-100, "USD", false),
        (-100, "EUR", true),
    ] {
        let mut tx = shop.pool.begin().await.unwrap();
        post(&mut tx, "stripe", 100, "EUR").await.unwrap();
        post(&mut tx, "sales", other_side, currency).await.unwrap();
        let committed = tx.commit().await;
        assert_eq!(
            committed.is_ok(),
            good,
            "{other_side} {currency}: {committed:?}"
        );
    }
    // A side that is added later has nothing on the other side either.
    let mut tx = shop.pool.begin().await.unwrap();
    post(&mut tx, "fees", 5, "EUR").await.unwrap();
    assert!(tx.commit().await.is_err());
    assert_eq!(shop.books().await.len(), 2);
}

#[tokio::test]
async fn what_moved_before_there_was_a_ledger_is_posted_by_the_migration() {
    let before = Migrator {
        migrations: order::MIGRATOR
            .iter()
            .filter(|it| it.version < 6)
            .cloned()
            .collect(),
        ..Migrator::DEFAULT
    };
    let db = TestDb::new("order", &before).await;
    let owner = db.pool_as("order_owner").await;
    sqlx::raw_sql(
        "INSERT INTO orders (id, cart_id, email, status, payment_status, fulfillment_status, currency, subtotal, discount, shipping, tax, total, shipping_method,
                             shipping_address, billing_address, placed_at, confirmed_at, updated_at)
         SELECT id::uuid, id::uuid, 'a@example.com', 'confirmed', 'paid', 'unfulfilled', 'EUR', amount, 0, 0, 0, amount, 'standard', '{}', '{}', now(), now(), now()
           FROM (VALUES ('00000000-0000-0000-0000-000000000001', 500), ('00000000-0000-0000-0000-000000000002', 600), ('00000000-0000-0000-0000-000000000003', 0)) AS o (id, amount);
         INSERT INTO payments (id, order_id, status, provider, currency, amount, amount_captured, amount_refunded, created_at, updated_at)
         SELECT id, id, CASE total WHEN 600 THEN 'partially_refunded' ELSE 'succeeded' END, CASE total WHEN 0 THEN 'none' ELSE 'stripe' END, 'EUR', total, total,
                CASE total WHEN 600 THEN 50 ELSE 0 END, now(), now() FROM orders;
         INSERT INTO refunds (id, payment_id, status, amount, actor, next_try_at, created_at, updated_at)
         SELECT ('00000000-0000-0000-0000-00000000001' || n)::uuid, p.id, r.status, 50, 'system', now(), now(), now()
           FROM payments p, (VALUES (1, 'succeeded'), (2, 'failed'), (3, 'pending')) AS r (n, status) WHERE p.amount = 600;",
    )
    .execute(&owner)
    .await
    .unwrap();
    let ledger = order::MIGRATOR.iter().find(|it| it.version == 6).unwrap();
    sqlx::raw_sql(AssertSqlSafe(ledger.sql.as_str().to_owned()))
        .execute(&owner)
        .await
        .unwrap();
    let books: Vec<String> = sqlx::query_scalar(
        "SELECT kind || ' ' || account || ' ' || amount FROM ledger_entries ORDER BY kind, abs(amount), amount",
    )
    .fetch_all(&owner)
    .await
    .unwrap();
    assert_eq!(
        books,
        [
            "charge sales -500",
            "charge stripe 500",
            "charge sales -600",
            "charge stripe 600",
            "refund stripe -50",
            "refund refunds 50"
        ]
    );
}

async fn refusal(pool: &PgPool, sql: &'static str) -> String {
    let error = sqlx::query(sql).execute(pool).await.unwrap_err();
    error
        .as_database_error()
        .unwrap()
        .code()
        .unwrap()
        .into_owned()
}
