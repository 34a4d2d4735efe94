//! What browsers' `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` read.

use coset::iana::EnumI64;
use serde::Serialize;
use utoipa::ToSchema;

use super::credential::CredentialType;
use super::public_key::ALGORITHMS;
use super::{Base64Url, CHALLENGE_LIFETIME, Challenge, RelyingParty, Transport, UserHandle};

/// For `navigator.credentials.create` (§5.4).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreationOptions {
    rp: RpEntity,
    user: UserEntity,
    challenge: Base64Url,
    pub_key_cred_params: Vec<Parameters>,
    /// Milliseconds.
    timeout: u64,
    /// Those that the user has: an authenticator needs no second one.
    exclude_credentials: Vec<Descriptor>,
    authenticator_selection: Selection,
    /// Always `none`: nobody asks who made the authenticator.
    attestation: &'static str,
}

/// For `navigator.credentials.get` (§5.5).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestOptions {
    challenge: Base64Url,
    /// Milliseconds.
    timeout: u64,
    rp_id: String,
    /// Empty: any that the authenticator keeps for this shop.
    allow_credentials: Vec<Descriptor>,
    /// `required` or `preferred`.
    user_verification: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
struct RpEntity {
    id: String,
    name: String,
}

/// Whom the authenticator shows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserEntity {
    /// Opaque.
    id: Base64Url,
    /// The e-mail address.
    name: String,
    display_name: String,
}

impl UserEntity {
    pub(crate) fn new(handle: &UserHandle, name: String, display_name: String) -> Self {
        Self {
            id: handle.0.clone().into(),
            name,
            display_name,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct Parameters {
    #[serde(rename = "type")]
    kind: CredentialType,
    /// A COSE algorithm.
    #[schema(example = -7)]
    alg: i64,
}

/// A credential that exists.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Descriptor {
    #[serde(rename = "type")]
    kind: CredentialType,
    id: Base64Url,
    transports: Vec<Transport>,
}

impl Descriptor {
    pub(crate) fn new(id: Vec<u8>, transports: &[String]) -> Self {
        Self {
            kind: CredentialType::PublicKey,
            id: id.into(),
            transports: Transport::known(transports),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Selection {
    resident_key: &'static str,
    /// For browsers that know no `residentKey`.
    require_resident_key: bool,
    user_verification: &'static str,
}

fn timeout() -> u64 {
    CHALLENGE_LIFETIME.as_secs() * 1000
}

impl CreationOptions {
    pub(crate) fn new(
        relying_party: &RelyingParty,
        shop_name: &str,
        challenge: &Challenge,
        user: UserEntity,
        exclude_credentials: Vec<Descriptor>,
    ) -> Self {
        let parameters = ALGORITHMS.map(|algorithm| Parameters {
            kind: CredentialType::PublicKey,
            alg: algorithm.to_i64(),
        });
        Self {
            rp: RpEntity {
                id: relying_party.id.clone(),
                name: shop_name.to_owned(),
            },
            user,
            challenge: challenge.0.to_vec().into(),
            pub_key_cred_params: parameters.into(),
            timeout: timeout(),
            exclude_credentials,
            authenticator_selection: Selection {
                resident_key: "preferred",
                require_resident_key: false,
                user_verification: "preferred",
            },
            attestation: "none",
        }
    }
}

impl RequestOptions {
    pub(crate) fn new(
        relying_party: &RelyingParty,
        challenge: &Challenge,
        allow_credentials: Vec<Descriptor>,
        user_verification: bool,
    ) -> Self {
        Self {
            challenge: challenge.0.to_vec().into(),
            timeout: timeout(),
            rp_id: relying_party.id.clone(),
            allow_credentials,
            user_verification: if user_verification {
                "required"
            } else {
                "preferred"
            },
        }
    }
}
