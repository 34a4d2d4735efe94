use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use jsonwebtoken::DecodingKey;
use primitives::Clock;
use secrecy::SecretString;

use crate::verifier::{check_times, open};
use crate::{Actor, Jwks, KeyPair, ServiceClaims, TokenError, crypto};

/// How long a token for one call lives, in seconds.
const LIFETIME: i64 = 60;

/// Signs this service's calls to others.
#[derive(Clone, Debug)]
pub struct ServiceKeys {
    key: KeyPair,
    clock: Clock,
}

impl ServiceKeys {
    /// `name` is this service's name and its key's id; `private` is `SERVICE_KEY`.
    ///
    /// # Errors
    /// The key is malformed.
    pub fn new(name: &str, private: &SecretString, clock: Clock) -> anyhow::Result<Self> {
        let key = KeyPair::parse(name, private).context("SERVICE_KEY")?;
        Ok(Self { key, clock })
    }

    /// A token for one callee.
    ///
    /// # Errors
    /// The claims cannot be written.
    pub fn token(&self, audience: &str, on_behalf_of: Option<&Actor>) -> anyhow::Result<String> {
        let now = self.clock.now().unix();
        self.key.sign(&ServiceClaims {
            iss: self.key.kid().to_owned(),
            aud: audience.to_owned(),
            act: on_behalf_of.cloned(),
            iat: now,
            exp: now + LIFETIME,
        })
    }
}

/// Checks the tokens of calling services.
#[derive(Clone)]
pub struct ServiceVerifier(Arc<Inner>);

struct Inner {
    name: &'static str,
    keys: HashMap<String, DecodingKey>,
    clock: Clock,
}

impl ServiceVerifier {
    /// `name` is the audience that tokens must be for; `jwks` is `SERVICE_JWKS`.
    ///
    /// # Errors
    /// The JSON is malformed.
    pub fn new(name: &'static str, jwks: &str, clock: Clock) -> anyhow::Result<Self> {
        crypto::install();
        let jwks: Jwks = serde_json::from_str(jwks).context("SERVICE_JWKS is not a JSON Web Key Set")?;
        let keys = jwks.keys.iter().filter_map(|jwk| Some((jwk.kid.clone(), jwk.decoding_key()?))).collect();
        Ok(Self(Arc::new(Inner { name, keys, clock })))
    }

    /// Who calls, and on whose behalf.
    ///
    /// # Errors
    /// [`TokenError`]: a service's key signs only its own name.
    pub fn verify(&self, token: &str) -> Result<ServiceClaims, TokenError> {
        let caller = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid).ok_or(TokenError::Invalid)?;
        let key = self.0.keys.get(&caller).ok_or(TokenError::Invalid)?;
        let claims: ServiceClaims = open(token, key, &caller, self.0.name)?;
        check_times(claims.iat, claims.exp, self.0.clock.now())?;
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use primitives::Timestamp;

    use super::*;

    #[test]
    fn a_token_is_good_for_one_callee_for_a_minute() {
        let clock = Clock::manual(Timestamp::from_unix(1_800_000_000));
        let secret = KeyPair::generate().unwrap();
        let keys = ServiceKeys::new("order", &secret, clock.clone()).unwrap();
        let jwks = serde_json::to_string(&Jwks { keys: vec![KeyPair::parse("order", &secret).unwrap().jwk()] }).unwrap();
        let product = ServiceVerifier::new("product", &jwks, clock.clone()).unwrap();
        let auth = ServiceVerifier::new("auth", &jwks, clock.clone()).unwrap();

        let token = keys.token("product", None).unwrap();
        assert_eq!(product.verify(&token).unwrap().iss, "order");
        assert_eq!(auth.verify(&token), Err(TokenError::Invalid));
        clock.advance(Duration::from_secs(60));
        assert_eq!(product.verify(&token), Err(TokenError::Expired));
    }

    #[test]
    fn a_service_cannot_speak_in_anothers_name() {
        let clock = Clock::manual(Timestamp::from_unix(1_800_000_000));
        let [order, admin] = [KeyPair::generate().unwrap(), KeyPair::generate().unwrap()];
        let jwks = Jwks { keys: vec![KeyPair::parse("order", &order).unwrap().jwk(), KeyPair::parse("admin", &admin).unwrap().jwk()] };
        let product = ServiceVerifier::new("product", &serde_json::to_string(&jwks).unwrap(), clock.clone()).unwrap();
        // order's key under admin's id, and order's own id with admin as the issuer.
        let impostor = ServiceKeys::new("admin", &order, clock.clone()).unwrap().token("product", None).unwrap();
        assert_eq!(product.verify(&impostor), Err(TokenError::Invalid));
        let claims = ServiceClaims { iss: "admin".to_owned(), aud: "product".to_owned(), act: None, iat: clock.now().unix(), exp: clock.now().unix() + 60 };
        let forged = KeyPair::parse("order", &order).unwrap().sign(&claims).unwrap();
        assert_eq!(product.verify(&forged), Err(TokenError::Invalid));
    }
}
