//! auth: the sign-in of staff (`/internal/staff/…`), `POST /internal/users/lookup`, `GET /internal/users/{id}/addresses/{address_id}`.

use primitives::{AddressId, CountryCode, EmailAddress, SessionId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /internal/staff/login`: a staff member's sign-in to the panel, the first step. Answers [`StaffSignIn`].
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffLoginRequest {
    /// Whose.
    pub email: String,
    /// The password.
    pub password: String,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
}

/// What comes of the first step.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum StaffSignIn {
    /// It was enough.
    SignedIn(StaffSession),
    /// It waits five minutes for `POST /internal/staff/second-factor`.
    SecondFactor {
        /// For the second step.
        mfa_token: String,
        /// Which factors the user has: `totp`, `passkey`, `recovery_code`.
        methods: Vec<String>,
    },
}

/// A session that began. When and how it was last proved, and whether it has ended, is in its row.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StaffSession {
    /// Whose.
    pub user: UserSnapshot,
    /// Which.
    pub session_id: SessionId,
    /// Whether the shop wants a second factor of its staff.
    pub factor_required: bool,
}

/// `POST /internal/staff/second-factor`: the second step. Answers [`StaffSession`].
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffSecondFactorRequest {
    /// From the first step.
    pub mfa_token: String,
    /// Of the authenticator app, or a recovery code.
    pub code: String,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
}

/// `POST /internal/staff/reauthenticate`, in the staff member's name: exactly one of both proofs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffProof {
    /// What becomes fresh.
    pub session_id: SessionId,
    /// Of somebody without a second factor.
    pub password: Option<String>,
    /// Of the authenticator app, or a recovery code.
    pub code: Option<String>,
}

/// What is done in a session, in the staff member's name: `POST /internal/staff/sign-out`, `…/totp` (answers [`StaffTotp`]),
/// `…/totp/remove` and `…/recovery-codes` (answers [`StaffRecoveryCodes`]).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffSessionRequest {
    /// Which.
    pub session_id: SessionId,
}

/// `GET /internal/staff/factors`, in the staff member's name.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct StaffFactors {
    /// Whether there is an authenticator app.
    pub totp: bool,
    /// Whether there are passkeys.
    pub passkeys: bool,
    /// How many are left.
    pub recovery_codes: i64,
    /// Whether the shop wants a second factor of its staff.
    pub required: bool,
}

/// What an authenticator app must learn; the same thrice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StaffTotp {
    /// For apps without a camera.
    pub secret: String,
    /// For apps on the same device.
    pub otpauth_uri: String,
    /// For apps with a camera: an image without scripts and styles.
    pub qr_svg: String,
}

/// `POST /internal/staff/totp/confirm`, in the staff member's name. Answers [`StaffRecoveryCodes`].
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffTotpCode {
    /// The session, which has used the factor then.
    pub session_id: SessionId,
    /// Six digits.
    pub code: String,
}

/// Codes for emergencies, shown once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StaffRecoveryCodes {
    /// Empty if those from before are good.
    pub recovery_codes: Vec<String>,
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
    /// Whether the account is shut: by staff, or because it waits for its deletion. Nothing is sent to it.
    #[serde(default)]
    pub closed: bool,
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
