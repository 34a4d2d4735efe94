use contracts::internal::users::AddressSnapshot;
use primitives::{AddressId, CountryCode};
use serde::Serialize;
use utoipa::ToSchema;

/// The most addresses that a user may keep.
pub(crate) const MOST: i64 = 50;

/// A saved postal address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Address {
    pub(crate) id: AddressId,
    pub(crate) name: String,
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    /// Empty where there is none.
    pub(crate) city: String,
    pub(crate) region: Option<String>,
    /// Empty where there is none.
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
