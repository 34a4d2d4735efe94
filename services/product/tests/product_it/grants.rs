//! What the database itself refuses, whatever the code does.

use sqlx::AssertSqlSafe;

use crate::world::{World, variant};

async fn refusal(pool: &sqlx::PgPool, sql: &str) -> String {
    let error = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(pool)
        .await
        .expect_err(sql);
    error
        .as_database_error()
        .and_then(|error| error.code().map(|code| code.into_owned()))
        .unwrap_or_default()
}

const DENIED: &str = "42501";
const CHECK: &str = "23514";
const UNIQUE: &str = "23505";

#[tokio::test]
async fn a_level_cannot_be_negative_or_oversold_and_the_ledger_cannot_be_rewritten() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let order = world.order_id();
    let _ = world
        .reserve(order, &[(variant(&product), 2)])
        .await
        .expect(200);
    for set in [
        "on_hand = -1, reserved = -1",
        "reserved = -1",
        "reserved = 6",
        "on_hand = 1",
    ] {
        assert_eq!(
            refusal(&world.pool, &format!("UPDATE stock_levels SET {set}")).await,
            CHECK,
            "{set}"
        );
    }
    let twice = "INSERT INTO stock_movements (id, variant_id, location_id, kind, on_hand_delta, reserved_delta, order_id, reason, actor_id, created_at) \
                 SELECT gen_random_uuid(), variant_id, location_id, kind, on_hand_delta, reserved_delta, order_id, reason, \
                 actor_id, created_at FROM stock_movements WHERE kind = 'reserve'";
    assert_eq!(refusal(&world.pool, twice).await, UNIQUE);
    for sql in [
        "UPDATE stock_movements SET on_hand_delta = 9",
        "DELETE FROM stock_movements",
        "TRUNCATE stock_movements",
        "DROP TABLE outbox",
        "CREATE TABLE x ()",
    ] {
        assert_eq!(refusal(&world.pool, sql).await, DENIED, "{sql}");
    }
}

#[tokio::test]
async fn the_admin_service_reads_what_it_may_and_writes_nothing() {
    let world = World::new().await;
    let pool = world.db.pool_as("admin_service").await;
    for sql in [
        "SELECT id, title, status, price_min, search FROM products",
        "SELECT id, sku, price FROM product_variants",
        "SELECT * FROM stock_ledger_differences",
        "SELECT id, kind, on_hand_delta FROM stock_movements",
        "SELECT seq, event_type FROM outbox",
        "SELECT id, rating, body FROM reviews",
    ] {
        sqlx::query(sql)
            .fetch_all(&pool)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    for sql in [
        "SELECT envelope FROM outbox",
        "SELECT user_id FROM wishlist_items",
        "UPDATE products SET title = 'x'",
        "DELETE FROM reviews",
        "INSERT INTO stock_locations (id, code, name, created_at) VALUES (gen_random_uuid(), 'x', 'x', now())",
    ] {
        assert_eq!(refusal(&pool, sql).await, DENIED, "{sql}");
    }
}
