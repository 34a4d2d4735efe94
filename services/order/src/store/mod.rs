//! The only place with SQL: free functions on a connection, one module for each aggregate. Who calls them owns the transaction.

pub(crate) mod cancellations;
pub(crate) mod captures;
pub(crate) mod cart_items;
pub(crate) mod cart_news;
pub(crate) mod carts;
pub(crate) mod claims;
pub(crate) mod compared;
pub(crate) mod coupons;
pub(crate) mod customers;
pub(crate) mod disputes;
pub(crate) mod documents;
pub(crate) mod erasure;
pub(crate) mod export;
pub(crate) mod idempotency;
pub(crate) mod invariants;
pub(crate) mod ledger;
pub(crate) mod order_events;
pub(crate) mod order_items;
pub(crate) mod order_pricing;
pub(crate) mod order_tags;
pub(crate) mod orders;
pub(crate) mod partitions;
pub(crate) mod payments;
pub(crate) mod promotions;
pub(crate) mod reconciliations;
pub(crate) mod refund_items;
pub(crate) mod refunds;
pub(crate) mod returns;
pub(crate) mod saga;
pub(crate) mod shipments;
pub(crate) mod shipping_methods;
pub(crate) mod tax_rates;
pub(crate) mod terms;
pub(crate) mod transitions;
pub(crate) mod webhooks;
pub(crate) mod work_items;

/// Reads a name that the database's CHECK constraints keep within what the type knows.
pub(crate) fn parse<T>(text: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse()
        .map_err(|error: T::Err| sqlx::Error::Decode(error.into()))
}

/// A write that must have touched exactly one row.
pub(crate) fn exactly_one(result: &sqlx::postgres::PgQueryResult) -> Result<(), sqlx::Error> {
    match result.rows_affected() {
        1 => Ok(()),
        n => Err(sqlx::Error::Protocol(format!(
            "a write touched {n} rows instead of one"
        ))),
    }
}

/// An amount in the currency of its row.
pub(crate) fn money(amount: i64, currency: &str) -> Result<primitives::Money, sqlx::Error> {
    Ok(primitives::Money::new(amount, parse(currency)?))
}
