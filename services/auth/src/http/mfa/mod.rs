pub(crate) mod confirm_totp;
pub(crate) mod recovery_codes;
pub(crate) mod remove_totp;
pub(crate) mod show;
pub(crate) mod start_totp;
pub(crate) mod verify;

use serde::Serialize;
use utoipa::ToSchema;

/// Codes for emergencies: each signs in once, when the app or the passkey is lost.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Shown this once, never again.
    #[schema(example = json!(["k7mq-2x9d-4vtn-8rhc-0bzw-6jps"]))]
    pub(crate) recovery_codes: Vec<String>,
}
