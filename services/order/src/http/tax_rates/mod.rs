//! `/api/tax-rates`, for staff who may change settings.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod update;

use http_kit::{FieldErrors, Result};
use primitives::{CountryCode, TaxRateId, Text, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::pricing::place::Place;
use crate::domain::pricing::tax::{Percent, TaxRate};
use crate::store::tax_rates::Stored;

/// A tax on one class of goods that are sent to one place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaxRateInput {
    country: CountryCode,
    /// As in addresses; the whole country unless given.
    #[schema(value_type = Option<String>)]
    region: Option<Text<100>>,
    /// `standard`, `reduced` or `zero`, as products have them.
    #[schema(value_type = String)]
    tax_class: Text<40>,
    /// As invoices show it, such as `VAT`.
    #[schema(value_type = String)]
    name: Text<40>,
    /// Per cent, with at most four decimals.
    percent: Percent,
    /// Whether the region's rate comes on top of the country's, instead of in its place. False unless given.
    adds: Option<bool>,
}

/// A tax on one class of goods that are sent to one place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaxRate)]
pub(crate) struct TaxRateView {
    id: TaxRateId,
    country: CountryCode,
    region: Option<String>,
    tax_class: String,
    name: String,
    percent: Percent,
    adds: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i32,
}

impl TaxRateView {
    /// The version, for the ETag.
    pub(crate) fn version(&self) -> i32 {
        self.version
    }
}

impl From<Stored> for TaxRateView {
    fn from(stored: Stored) -> Self {
        let rate = stored.rate;
        Self {
            id: rate.id,
            country: rate.place.country,
            region: rate.place.region,
            tax_class: rate.tax_class,
            name: rate.name,
            percent: rate.rate,
            adds: rate.adds,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            version: stored.version,
        }
    }
}

impl TaxRateInput {
    /// Checks what single fields cannot.
    pub(crate) fn into_stored(self, id: TaxRateId, now: Timestamp) -> Result<Stored> {
        let mut errors = FieldErrors::new();
        let adds = self.adds.unwrap_or(false);
        if adds && self.region.is_none() {
            errors.push(
                "adds",
                "exclusive",
                "is for regions, which add to their country's rate",
            );
        }
        check_class(&mut errors, self.tax_class.as_str());
        errors.into_result()?;
        Ok(Stored {
            rate: TaxRate {
                id,
                place: Place::new(self.country, self.region.as_ref().map(Text::as_str)),
                tax_class: self.tax_class.to_string(),
                name: self.name.to_string(),
                rate: self.percent,
                adds,
            },
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }
}

/// Tax classes are written as product writes them.
pub(crate) fn check_class(errors: &mut FieldErrors, class: &str) {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if !class.bytes().all(letter) {
        errors.push(
            "tax_class",
            "invalid",
            "must be a class such as standard, reduced or zero",
        );
    }
}

fn taken() -> http_kit::Error {
    http_kit::Error::conflict(
        "tax_rate_taken",
        "There is a rate of this name for this place and class already.",
    )
}
