//! What stands in the way of another currency.

use primitives::Currency;
use sqlx::PgConnection;

/// Products that can be bought, and are priced in another currency.
pub(crate) async fn products_in_others(
    conn: &mut PgConnection,
    currency: Currency,
) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM products WHERE status = 'active' AND currency <> $1")
        .bind(currency.code())
        .fetch_one(conn)
        .await
}

/// Shipping methods that are offered, and are priced in it.
pub(crate) async fn shipping_methods_in(
    conn: &mut PgConnection,
    currency: Currency,
) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM shipping_methods WHERE active AND currency = $1")
        .bind(currency.code())
        .fetch_one(conn)
        .await
}
