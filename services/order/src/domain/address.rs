//! Where an order goes.

use contracts::internal::users::AddressSnapshot;
use primitives::CountryCode;
use primitives::postal::AddressForm;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A postal address, frozen in the order.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Address {
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
}

/// Without the texts, which are personal.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address({})", self.country)
    }
}

/// An address as a client sends it: also one that it read from its address book, whose further members mean nothing here.
impl From<AddressForm> for Address {
    fn from(form: AddressForm) -> Self {
        Self {
            name: form.name,
            line1: form.line1,
            line2: form.line2,
            city: form.city,
            region: form.region,
            postal_code: form.postal_code,
            country: form.country,
            phone: form.phone,
        }
    }
}

/// Checked by auth when it was saved.
impl From<AddressSnapshot> for Address {
    fn from(saved: AddressSnapshot) -> Self {
        Self {
            name: saved.name,
            line1: saved.line1,
            line2: saved.line2,
            city: saved.city,
            region: saved.region,
            postal_code: saved.postal_code,
            country: saved.country,
            phone: saved.phone,
        }
    }
}

/// Where taxes differ from state to state.
const TAXED_BY_REGION: [&str; 4] = ["US", "CA", "AU", "BR"];

impl Address {
    /// The names of the fields that another address has otherwise.
    pub(crate) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let fields = [
            ("name", self.name != other.name),
            ("line1", self.line1 != other.line1),
            ("line2", self.line2 != other.line2),
            ("city", self.city != other.city),
            ("region", self.region != other.region),
            ("postal_code", self.postal_code != other.postal_code),
            ("country", self.country != other.country),
            ("phone", self.phone != other.phone),
        ];
        let differs = fields.into_iter().filter(|(_, differs)| *differs);
        differs.map(|(name, _)| name).collect()
    }

    /// Whether the tax depends on more of the address than its country.
    pub(crate) fn is_taxed_by_region(&self) -> bool {
        TAXED_BY_REGION.contains(&self.country.as_str())
    }
}
