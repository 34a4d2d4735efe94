use anyhow::Context;
use jsonwebtoken::{Algorithm, EncodingKey, Header};

use crate::{Claims, GeneratedKey, Jwk, crypto, keys};

/// Signs users' access tokens. Only auth has one.
#[derive(Clone)]
pub struct Signer {
    kid: String,
    key: EncodingKey,
    jwk: Jwk,
}

impl Signer {
    /// From a private key in PKCS#8 DER and its name.
    pub fn from_pkcs8(kid: &str, pkcs8: &[u8]) -> anyhow::Result<Self> {
        crypto::install();
        let jwk = keys::public_jwk(kid, pkcs8)?;
        Ok(Self {
            kid: kid.to_owned(),
            key: EncodingKey::from_ed_der(pkcs8),
            jwk,
        })
    }

    /// With a new key.
    pub fn generate(kid: &str) -> anyhow::Result<Self> {
        Self::from_pkcs8(kid, GeneratedKey::generate()?.pkcs8())
    }

    /// The public key for the JWKS.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The token.
    pub fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        let header = Header {
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, claims, &self.key).context("cannot sign a token")
    }
}
