//! What browsers' `PublicKeyCredential.toJSON()` makes.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Base64Url;

/// Members that nobody asks about. Browsers write more than is here, and will add some: unlike a request's own, they are not
/// refused.
type Others = BTreeMap<String, IgnoredAny>;

/// The answer to creation options.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Attestation {
    /// The credential's id.
    pub(crate) id: Base64Url,
    #[serde(rename = "type")]
    #[expect(dead_code, reason = "reading it is the check: there is one type")]
    kind: CredentialType,
    pub(crate) response: AttestationResponse,
    #[serde(flatten)]
    #[schema(ignore)]
    _others: Others,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AttestationResponse {
    #[serde(rename = "clientDataJSON")]
    pub(crate) client_data: Base64Url,
    #[serde(rename = "attestationObject")]
    pub(crate) attestation_object: Base64Url,
    /// How the authenticator can be reached.
    #[serde(default)]
    pub(crate) transports: Vec<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    _others: Others,
}

/// The answer to request options.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Assertion {
    /// The credential's id.
    pub(crate) id: Base64Url,
    #[serde(rename = "type")]
    #[expect(dead_code, reason = "reading it is the check: there is one type")]
    kind: CredentialType,
    pub(crate) response: AssertionResponse,
    #[serde(flatten)]
    #[schema(ignore)]
    _others: Others,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    pub(crate) client_data: Base64Url,
    #[serde(rename = "authenticatorData")]
    pub(crate) authenticator_data: Base64Url,
    pub(crate) signature: Base64Url,
    /// Whom the authenticator takes the credential to be of.
    #[serde(rename = "userHandle")]
    pub(crate) user_handle: Option<Base64Url>,
    #[serde(flatten)]
    #[schema(ignore)]
    _others: Others,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) enum CredentialType {
    #[serde(rename = "public-key")]
    PublicKey,
}

/// A way to reach an authenticator (§5.8.4). Hints for the browser: those that are not known are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Transport {
    Ble,
    Hybrid,
    Internal,
    Nfc,
    SmartCard,
    Usb,
}

impl Transport {
    const ALL: [Self; 6] = [
        Self::Ble,
        Self::Hybrid,
        Self::Internal,
        Self::Nfc,
        Self::SmartCard,
        Self::Usb,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ble => "ble",
            Self::Hybrid => "hybrid",
            Self::Internal => "internal",
            Self::Nfc => "nfc",
            Self::SmartCard => "smart-card",
            Self::Usb => "usb",
        }
    }

    /// Those that are known, each once.
    pub(crate) fn known(words: &[String]) -> Vec<Self> {
        let known = Self::ALL.into_iter();
        known
            .filter(|transport| words.iter().any(|word| word == transport.as_str()))
            .collect()
    }
}
