//! auth: `POST /internal/staff/login`, `POST /internal/users/lookup`, `GET /internal/users/{id}/addresses/{address_id}`.

use primitives::{AddressId, CountryCode, EmailAddress, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Checks a staff member's password.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffLoginRequest {
    /// Whose.
    pub email: String,
    /// The password.
    pub password: String,
}

/// Asks for users by id; at most 100.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserLookupRequest {
    /// Which users.
    pub ids: Vec<UserId>,
}

/// The users found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UserLookupResponse {
    /// Sorted by id.
    pub users: Vec<UserSnapshot>,
}

/// A user as other services see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserSnapshot {
    /// Who.
    pub id: UserId,
    /// Address.
    pub email: EmailAddress,
    /// Whether the address is verified.
    pub email_verified: bool,
    /// Display name.
    pub name: String,
    /// `customer`, `seller`, `support` or `admin`.
    pub role: String,
}

/// A saved postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AddressSnapshot {
    /// The address's id.
    pub id: AddressId,
    /// Addressee.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// Second line.
    pub line2: Option<String>,
    /// City.
    pub city: String,
    /// State or province.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: String,
    /// Country.
    pub country: CountryCode,
    /// Telephone.
    pub phone: Option<String>,
}
