//! Shipping methods and tax rates: the terms on which baskets are priced.

use std::collections::BTreeMap;

use primitives::{CountryCode, Currency};
use sqlx::PgConnection;

use crate::domain::pricing::Shipping;

/// What a basket is priced with, for one country and shipping method.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) shipping: Shipping,
    rates: BTreeMap<String, i32>,
}

impl Terms {
    /// The rate of a tax class in basis points; nothing where the country has none.
    pub(crate) fn rate(&self, class: &str) -> i32 {
        self.rates.get(class).copied().unwrap_or(0)
    }
}

/// The terms, or none if there is no such shipping method in the currency. One statement.
pub(crate) async fn find(
    conn: &mut PgConnection,
    country: &CountryCode,
    method: &str,
    currency: Currency,
) -> Result<Option<Terms>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT m.price, m.free_from, r.tax_class AS "tax_class?", r.rate AS "rate?"
             FROM shipping_methods m LEFT JOIN tax_rates r ON r.country = $1
            WHERE m.code = $2 AND m.currency = $3 AND m.active"#,
        country.as_str(),
        method,
        currency.code(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.first().map(|first| Terms {
        shipping: Shipping {
            price: first.price,
            free_from: first.free_from,
        },
        rates: rows
            .iter()
            .filter_map(|row| Some((row.tax_class.clone()?, row.rate?)))
            .collect(),
    }))
}
