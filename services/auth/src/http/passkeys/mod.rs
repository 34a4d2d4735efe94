pub(crate) mod authentication;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod reauthenticate;
pub(crate) mod reauthentication;
pub(crate) mod registration;
pub(crate) mod rename;
pub(crate) mod sign_in;

use primitives::{PasskeyId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::webauthn::Base64Url;
use crate::store::passkeys::Passkey;

/// A passkey of mine.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Passkey)]
pub(crate) struct PasskeyView {
    id: PasskeyId,
    /// For the browser's `PublicKeyCredential.signalAllAcceptedCredentials`.
    credential_id: Base64Url,
    name: String,
    /// Whether it is synchronised, so that losing a device does not lose it.
    backed_up: bool,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id,
            credential_id: passkey.credential_id.into(),
            name: passkey.name,
            backed_up: passkey.backed_up,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}
