//! `tax_rates`.

use primitives::{CountryCode, TaxRateId, Timestamp};
use serde::Deserialize;

use crate::domain::pricing::place::Place;
use crate::domain::pricing::tax::{Percent, TaxRate};

/// A rate as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) rate: TaxRate,
    pub(crate) version: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// As [`super::terms`] reads it too.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    id: TaxRateId,
    country: String,
    region: String,
    tax_class: String,
    name: String,
    rate_ppm: i32,
    adds: bool,
    version: i32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Stored {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let rate = Percent::from_ppm(row.rate_ppm)
            .ok_or_else(|| sqlx::Error::Decode("a tax rate is out of range".into()))?;
        let country: CountryCode = super::parse(&row.country)?;
        Ok(Self {
            rate: TaxRate {
                id: row.id,
                place: Place::new(country, Some(&row.region)),
                tax_class: row.tax_class,
                name: row.name,
                rate,
                adds: row.adds,
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
