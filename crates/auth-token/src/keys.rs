use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::crypto;

/// A public Ed25519 key (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwk {
    /// Key type: `OKP`.
    pub kty: String,
    /// Curve: `Ed25519`.
    pub crv: String,
    /// Algorithm: `EdDSA`.
    pub alg: String,
    /// Use: `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// Key id.
    pub kid: String,
    /// The key, base64url.
    pub x: String,
}

impl Jwk {
    /// The key for `jsonwebtoken`; `None` for anything but a well-formed Ed25519 key.
    pub(crate) fn decoding_key(&self) -> Option<DecodingKey> {
        let right_length = URL_SAFE_NO_PAD.decode(&self.x).is_ok_and(|key| key.len() == 32);
        if self.kty == "OKP" && self.crv == "Ed25519" && right_length {
            DecodingKey::from_ed_components(&self.x).ok()
        } else {
            None
        }
    }
}

/// A set of public keys (RFC 7517).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// A private Ed25519 key with its id. Its `Debug` shows the id alone.
#[derive(Clone)]
pub struct KeyPair {
    kid: String,
    encoding: EncodingKey,
    public: Vec<u8>,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyPair").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A key that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 private key (base64 of PKCS#8 DER)")]
pub struct InvalidKey;

impl KeyPair {
    /// A new private key as base64 of PKCS#8 DER, from the operating system's randomness.
    ///
    /// # Errors
    /// The operating system has no randomness.
    pub fn generate() -> anyhow::Result<SecretString> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| anyhow::anyhow!("no randomness"))?;
        Ok(STANDARD.encode(document.as_ref()).into())
    }

    /// Reads a private key.
    ///
    /// # Errors
    /// It is not one.
    pub fn parse(kid: impl Into<String>, private: &SecretString) -> Result<Self, InvalidKey> {
        crypto::install();
        let der = STANDARD.decode(private.expose_secret().trim()).map_err(|_| InvalidKey)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| InvalidKey)?;
        Ok(Self { kid: kid.into(), encoding: EncodingKey::from_ed_der(&der), public: pair.public_key().as_ref().to_vec() })
    }

    /// The key's id.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half.
    pub fn jwk(&self) -> Jwk {
        Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            alg: "EdDSA".to_owned(),
            usage: "sig".to_owned(),
            kid: self.kid.clone(),
            x: URL_SAFE_NO_PAD.encode(&self.public),
        }
    }

    /// A signed token.
    ///
    /// # Errors
    /// The claims cannot be written as JSON.
    pub fn sign(&self, claims: &impl Serialize) -> anyhow::Result<String> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        Ok(jsonwebtoken::encode(&header, claims, &self.encoding)?)
    }
}
