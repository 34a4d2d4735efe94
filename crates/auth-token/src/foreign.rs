//! Signatures of tokens that others issue: identity providers.
//!
//! Only the signature is judged here. What the token says, and whether it is for us, the caller judges.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::Value;

use crate::crypto;

/// More keys than anybody publishes.
const MAX_KEYS: usize = 100;
/// Longer than any token that fits in a header.
const MAX_TOKEN: usize = 16 * 1024;

/// A way to sign that is accepted from others. HMAC and `none` are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// RSA, PKCS#1 v1.5, SHA-256.
    RS256,
    /// RSA, PSS, SHA-256.
    PS256,
    /// ECDSA on P-256, SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

impl Algorithm {
    fn of(header: &Header) -> Option<Self> {
        match header.alg {
            jsonwebtoken::Algorithm::RS256 => Some(Self::RS256),
            jsonwebtoken::Algorithm::PS256 => Some(Self::PS256),
            jsonwebtoken::Algorithm::ES256 => Some(Self::ES256),
            jsonwebtoken::Algorithm::EdDSA => Some(Self::EdDSA),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// Why a token of another issuer is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForeignError {
    /// It is no JWT, or one with extensions that must be understood and are not.
    #[error("it is no JWT that can be understood")]
    Malformed,
    /// It names an algorithm that is not taken from its issuer.
    #[error("its algorithm is not allowed")]
    Algorithm,
    /// No key of its issuer fits; perhaps a new one has not been fetched.
    #[error("its key is not known")]
    UnknownKey,
    /// The signature does not fit.
    #[error("its signature is wrong")]
    Signature,
}

#[derive(Deserialize)]
struct RawKey {
    kty: String,
    #[serde(default)]
    crv: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

struct ForeignKey {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

impl ForeignKey {
    /// A key that can be used; `None` for kinds that cannot, which are no fault.
    fn parse(value: &Value) -> Option<Self> {
        let raw = RawKey::deserialize(value).ok()?;
        if raw.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return None;
        }
        let bytes = |text: &Option<String>| {
            URL_SAFE_NO_PAD
                .decode(text.as_deref()?.trim_end_matches('='))
                .ok()
        };
        let (mut algorithms, key) = match (raw.kty.as_str(), raw.crv.as_str()) {
            ("RSA", _) => {
                let (n, e) = (bytes(&raw.n)?, bytes(&raw.e)?);
                let key = DecodingKey::from_rsa_raw_components(&n, &e);
                (vec![Algorithm::RS256, Algorithm::PS256], key)
            }
            ("EC", "P-256") => {
                let (x, y) = (bytes(&raw.x)?, bytes(&raw.y)?);
                let point = [&[4_u8][..], &x, &y].concat();
                let whole = x.len() == 32 && y.len() == 32;
                let key = whole.then(|| DecodingKey::from_ec_der(&point))?;
                (vec![Algorithm::ES256], key)
            }
            ("OKP", "Ed25519") => {
                let x = bytes(&raw.x).filter(|x| x.len() == 32)?;
                (vec![Algorithm::EdDSA], DecodingKey::from_ed_der(&x))
            }
            _ => return None,
        };
        if let Some(alg) = &raw.alg {
            algorithms.retain(|algorithm| algorithm.as_str() == alg);
        }
        let kid = raw.kid;
        (!algorithms.is_empty()).then_some(Self {
            kid,
            algorithms,
            key,
        })
    }
}

/// The public keys of an issuer.
pub struct ForeignKeys(Vec<ForeignKey>);

impl ForeignKeys {
    /// From a JWKS (RFC 7517). Keys of kinds that are not used here are left out.
    #[must_use]
    pub fn parse(jwks: &Value) -> Self {
        let keys = jwks.get("keys").and_then(Value::as_array);
        let keys = keys.into_iter().flatten().take(MAX_KEYS);
        Self(keys.filter_map(ForeignKey::parse).collect())
    }

    /// Whether there is no key that can be used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that a token names; without a name, the only one that fits.
    fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&ForeignKey> {
        let mut fitting = self.0.iter().filter(|key| {
            key.algorithms.contains(&algorithm) && (kid.is_none() || key.kid.as_deref() == kid)
        });
        fitting.next().filter(|_| fitting.next().is_none())
    }

    /// What a token says, if one of these keys signed it by one of the `allowed` algorithms.
    pub fn verify(&self, token: &str, allowed: &[Algorithm]) -> Result<Signed, ForeignError> {
        crypto::install();
        if token.len() > MAX_TOKEN {
            return Err(ForeignError::Malformed);
        }
        // An algorithm that jsonwebtoken does not know, `none` for one, fails here.
        let header = jsonwebtoken::decode_header(token).map_err(|_| ForeignError::Malformed)?;
        if header.crit.is_some() {
            return Err(ForeignError::Malformed);
        }
        let algorithm = Algorithm::of(&header)
            .filter(|algorithm| allowed.contains(algorithm))
            .ok_or(ForeignError::Algorithm)?;
        let key = self
            .find(header.kid.as_deref(), algorithm)
            .ok_or(ForeignError::UnknownKey)?;
        let mut validation = Validation::new(header.alg);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let data = jsonwebtoken::decode(token, &key.key, &validation)
            .map_err(|_| ForeignError::Signature)?;
        Ok(Signed {
            algorithm,
            kind: header.typ,
            claims: data.claims,
        })
    }
}

impl std::fmt::Debug for ForeignKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.0.iter().map(|key| key.kid.as_deref().unwrap_or("-"));
        f.debug_list().entries(names).finish()
    }
}

/// What was signed.
#[derive(Debug)]
pub struct Signed {
    /// How.
    pub algorithm: Algorithm,
    /// The header's `typ`.
    pub kind: Option<String>,
    /// The claims.
    pub claims: Value,
}

/// The issuer that a token names. Nothing is proved by it: it only says whose keys to try.
#[must_use]
pub fn named_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    let mut parts = token.split('.');
    let payload = parts.nth(1).filter(|_| token.len() <= MAX_TOKEN)?;
    let three = parts.next().is_some() && parts.next().is_none();
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok().filter(|_| three)?;
    serde_json::from_slice::<Issuer>(&bytes)
        .ok()
        .map(|issuer| issuer.iss)
}

#[cfg(test)]
mod tests;
