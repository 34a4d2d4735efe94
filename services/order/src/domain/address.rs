//! Where an order goes.

use contracts::internal::users::AddressSnapshot;
use primitives::{AddressId, CountryCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text::Text;

/// A postal address, frozen in the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Address {
    #[schema(value_type = String)]
    pub(crate) name: Text<200>,
    #[schema(value_type = String)]
    pub(crate) line1: Text<200>,
    #[schema(value_type = Option<String>)]
    pub(crate) line2: Option<Text<200>>,
    #[schema(value_type = String)]
    pub(crate) city: Text<200>,
    #[schema(value_type = Option<String>)]
    pub(crate) region: Option<Text<200>>,
    #[schema(value_type = String)]
    pub(crate) postal_code: Text<200>,
    pub(crate) country: CountryCode,
    #[schema(value_type = Option<String>)]
    pub(crate) phone: Option<Text<200>>,
}

/// An address as a client sends it: also one that it read from its address book, whose further members mean nothing here.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressInput {
    /// Addressee.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    name: Text<200>,
    /// Street and number.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    line1: Text<200>,
    #[schema(value_type = Option<String>)]
    line2: Option<Text<200>>,
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    city: Text<200>,
    #[schema(value_type = Option<String>)]
    region: Option<Text<200>>,
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    postal_code: Text<200>,
    country: CountryCode,
    #[schema(value_type = Option<String>)]
    phone: Option<Text<200>>,
    #[expect(
        dead_code,
        reason = "accepted so that an address of the address book can be sent as it is"
    )]
    id: Option<AddressId>,
    #[expect(dead_code, reason = "as above")]
    is_default_shipping: Option<bool>,
    #[expect(dead_code, reason = "as above")]
    is_default_billing: Option<bool>,
}

impl From<AddressInput> for Address {
    fn from(input: AddressInput) -> Self {
        let AddressInput {
            name,
            line1,
            line2,
            city,
            region,
            postal_code,
            country,
            phone,
            ..
        } = input;
        Self {
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

impl TryFrom<AddressSnapshot> for Address {
    type Error = String;
    fn try_from(saved: AddressSnapshot) -> Result<Self, String> {
        Ok(Self {
            name: saved.name.try_into()?,
            line1: saved.line1.try_into()?,
            line2: saved.line2.map(Text::try_from).transpose()?,
            city: saved.city.try_into()?,
            region: saved.region.map(Text::try_from).transpose()?,
            postal_code: saved.postal_code.try_into()?,
            country: saved.country,
            phone: saved.phone.map(Text::try_from).transpose()?,
        })
    }
}
