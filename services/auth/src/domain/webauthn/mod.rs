//! Passkeys: the relying party's part of Web Authentication Level 3 (<https://www.w3.org/TR/webauthn-3/>).
//!
//! `registration` and `authentication` are the two ceremonies, each step named as in §7.1 and §7.2 of the specification. CBOR
//! and COSE keys are read by `coset`, signatures are checked by `ring`.
//!
//! Absent on purpose: attestation. Statements are asked for with the conveyance `none` and ignored when one comes anyway: a
//! shop takes every authenticator, so that it need not know who made it.

mod authentication;
mod authenticator_data;
mod base64url;
mod client_data;
mod credential;
mod options;
mod public_key;
mod registration;
#[cfg(test)]
mod tests;

pub(crate) use authentication::{Kept, Used, verify as verify_assertion};
pub(crate) use base64url::Base64Url;
pub(crate) use client_data::ClientData;
pub(crate) use credential::{Assertion, Attestation, Transport};
pub(crate) use options::{CreationOptions, Descriptor, RequestOptions, UserEntity};
pub(crate) use registration::NewCredential;

use primitives::Random;
use sha2::{Digest, Sha256};

/// How long somebody has to answer a challenge; browsers are told too.
pub(crate) const CHALLENGE_LIFETIME: std::time::Duration = std::time::Duration::from_secs(300);

/// What a ceremony must be new for: 256 random bits, good once. Only the hash is kept.
pub(crate) struct Challenge([u8; 32]);

impl Challenge {
    pub(crate) fn new(random: &Random) -> Self {
        Self(random.bytes())
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }
}

/// What an authenticator calls a user: 64 random bytes (§14.6.1), so that it says nothing about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserHandle(pub(crate) Vec<u8>);

impl UserHandle {
    pub(crate) fn new(random: &Random) -> Self {
        Self(random.bytes::<64>().to_vec())
    }
}

/// Who asks for passkeys.
#[derive(Clone, Debug)]
pub(crate) struct RelyingParty {
    id: String,
    /// The origins of its pages.
    origins: Vec<String>,
}

impl RelyingParty {
    /// Refuses origins that no browser would let use passkeys of the domain.
    pub(crate) fn new(id: String, origins: Vec<String>) -> Result<Self, String> {
        for origin in &origins {
            let url = url::Url::parse(origin).ok();
            let url = url.filter(|url| url.origin().ascii_serialization() == *origin);
            let host = url.as_ref().and_then(url::Url::host_str);
            let below = |host: &str| {
                let subdomain = host.strip_suffix(id.as_str());
                subdomain.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            };
            if !host.is_some_and(below) {
                return Err(format!(
                    "WEBAUTHN_ORIGINS: {origin} is no origin on {id}, such as https://{id}"
                ));
            }
        }
        Ok(Self { id, origins })
    }
}

/// What an answer must fit.
pub(crate) struct Expected<'a> {
    pub(crate) relying_party: &'a RelyingParty,
    /// The hash of the challenge that was given out.
    pub(crate) challenge_hash: &'a [u8],
    /// Whether the authenticator must have recognised its user, by a finger or a PIN.
    pub(crate) user_verification: bool,
}

/// Why an answer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it cannot be read: {0}")]
    Malformed(&'static str),
    #[error("it answers another kind of request")]
    Type,
    #[error("it does not answer the challenge")]
    Challenge,
    #[error("it was made on a page of another origin")]
    Origin,
    #[error("it was made inside a page of another origin")]
    CrossOrigin,
    #[error("it is for another relying party")]
    RelyingParty,
    #[error("nobody was present")]
    UserPresence,
    #[error("the authenticator did not verify its user")]
    UserVerification,
    #[error("its backup flags contradict each other, or what they were")]
    BackupFlags,
    #[error("its algorithm was not asked for")]
    Algorithm,
    #[error("it names another credential")]
    CredentialId,
    #[error("it names another user")]
    UserHandle,
    #[error("its signature is wrong")]
    Signature,
    #[error("its signature counter went back: there may be a copy of the authenticator")]
    Counter,
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
