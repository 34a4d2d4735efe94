use contracts::internal::users::AddressSnapshot;
use primitives::{AddressId, CountryCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text::Line;

/// The most addresses that a user may keep.
pub(crate) const MOST: i64 = 50;

/// A postal address as a client gives it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressInput {
    /// Addressee.
    #[schema(value_type = String, example = "Anna Schmidt")]
    pub(crate) name: Line<200>,
    /// Street and number.
    #[schema(value_type = String, example = "Lindenstraße 1")]
    pub(crate) line1: Line<200>,
    #[schema(value_type = Option<String>)]
    pub(crate) line2: Option<Line<200>>,
    #[schema(value_type = String, example = "Berlin")]
    pub(crate) city: Line<100>,
    /// State or province.
    #[schema(value_type = Option<String>)]
    pub(crate) region: Option<Line<100>>,
    #[schema(value_type = String, example = "10969")]
    pub(crate) postal_code: Line<20>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub(crate) country: CountryCode,
    #[schema(value_type = Option<String>)]
    pub(crate) phone: Option<Line<40>>,
    /// Makes it the one to ship to; the one before no longer is.
    pub(crate) is_default_shipping: Option<bool>,
    /// Makes it the one to bill to; the one before no longer is.
    pub(crate) is_default_billing: Option<bool>,
}

/// A saved postal address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Address {
    pub(crate) id: AddressId,
    pub(crate) name: String,
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) region: Option<String>,
    pub(crate) postal_code: String,
    pub(crate) country: CountryCode,
    pub(crate) phone: Option<String>,
    pub(crate) is_default_shipping: bool,
    pub(crate) is_default_billing: bool,
}

impl From<Address> for AddressSnapshot {
    fn from(address: Address) -> Self {
        let Address {
            id,
            name,
            line1,
            line2,
            city,
            region,
            postal_code,
            country,
            phone,
            ..
        } = address;
        Self {
            id,
            name,
            line1,
            line2,
            city,
            region,
            postal_code,
            country,
            phone,
        }
    }
}
