use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use secrecy::SecretString;

use crate::Jwk;

/// A new Ed25519 key.
pub struct GeneratedKey(Vec<u8>);

impl GeneratedKey {
    /// Makes one from the operating system's randomness.
    pub fn generate() -> anyhow::Result<Self> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
        Ok(Self(document.as_ref().to_vec()))
    }

    /// The private key as PKCS#8 DER.
    pub fn pkcs8(&self) -> &[u8] {
        &self.0
    }

    /// The private key as base64 of PKCS#8 DER: the value of `SERVICE_KEY`.
    pub fn base64(&self) -> SecretString {
        STANDARD.encode(&self.0).into()
    }

    /// The public key.
    pub fn jwk(&self, kid: &str) -> anyhow::Result<Jwk> {
        public_jwk(kid, &self.0)
    }
}

/// The public half of a private key.
pub(crate) fn public_jwk(kid: &str, pkcs8: &[u8]) -> anyhow::Result<Jwk> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)
        .ok()
        .context("not an Ed25519 private key in PKCS#8")?;
    Ok(Jwk::ed25519(kid, URL_SAFE_NO_PAD.encode(pair.public_key())))
}
