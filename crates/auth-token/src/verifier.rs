use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use primitives::{Clock, Timestamp};
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::denylist::Mirror;
use crate::{AUDIENCE, ISSUER, Jwks, Principal, UserClaims, crypto};

/// How often keys are fetched anew without need; with need at most once a [`RETRY`].
const REFRESH: Duration = Duration::from_secs(300);
const RETRY: Duration = Duration::from_secs(1);
/// Clocks of machines differ a little.
const LEEWAY_SECONDS: i64 = 5;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of ours, or not for us.
    #[error("the access token is not valid")]
    Invalid,
    /// It was ours.
    #[error("the access token has expired")]
    Expired,
    /// Its session ended, or its user was changed.
    #[error("the access token has been revoked")]
    Revoked,
    /// Auth's keys have never been fetched, so nothing can be told.
    #[error("tokens cannot be checked yet")]
    NoKeys,
}

/// Checks access tokens without asking anybody. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    keys: RwLock<Option<HashMap<String, DecodingKey>>>,
    denied: Mirror,
    unknown_kid: Notify,
    clock: Clock,
}

impl Verifier {
    /// Knows no keys yet; [`Verifier::run`] fetches them.
    pub fn new(clock: Clock) -> Self {
        crypto::install();
        Self(Arc::new(Inner { keys: RwLock::new(None), denied: Mirror::default(), unknown_kid: Notify::new(), clock }))
    }

    /// With fixed keys: for auth itself, which has them, and for tests.
    pub fn with_keys(clock: Clock, jwks: &Jwks) -> Self {
        let verifier = Self::new(clock);
        verifier.set_keys(jwks);
        verifier
    }

    /// Takes over a set of keys, as after a rotation.
    pub fn set_keys(&self, jwks: &Jwks) {
        let keys = jwks.keys.iter().filter_map(|jwk| Some((jwk.kid.clone(), jwk.decoding_key()?))).collect();
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(keys);
    }

    /// Whether tokens can be checked; for readiness.
    pub fn is_ready(&self) -> bool {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Who the token's bearer is.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, token: &str) -> Result<Principal, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let kid = header.kid.ok_or(TokenError::Invalid)?;
        let key = {
            let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.as_ref().ok_or(TokenError::NoKeys)?.get(&kid).cloned()
        };
        let Some(key) = key else {
            // Perhaps a key that auth has made since; the next try of the client may find it.
            self.0.unknown_kid.notify_one();
            return Err(TokenError::Invalid);
        };
        let claims: UserClaims = open(token, &key, ISSUER, AUDIENCE)?;
        check_times(claims.iat, claims.exp, self.0.clock.now())?;
        if self.0.denied.is_revoked(claims.sid, claims.sub, claims.iat) {
            return Err(TokenError::Revoked);
        }
        Ok(claims.into())
    }

    /// Mirrors the deny-list until shutdown.
    pub async fn follow_denylist(&self, redis: redis::Client, shutdown: CancellationToken) {
        self.0.denied.run(redis, self.0.clock.clone(), shutdown).await;
    }

    /// Fetches auth's keys and mirrors the deny-list until shutdown. Keys once fetched stay in use while auth is away.
    pub async fn run(&self, jwks_url: String, redis: redis::Client, shutdown: CancellationToken) {
        tokio::join!(self.follow_keys(jwks_url, shutdown.clone()), self.follow_denylist(redis, shutdown));
    }

    async fn follow_keys(&self, url: String, shutdown: CancellationToken) {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build().unwrap_or_default();
        while !shutdown.is_cancelled() {
            let fetched = async { client.get(&url).send().await?.error_for_status()?.json::<Jwks>().await }.await;
            let pause = match fetched {
                Ok(jwks) => {
                    self.set_keys(&jwks);
                    REFRESH
                }
                Err(error) => {
                    tracing::warn!(error = %error.without_url(), "auth's keys cannot be fetched");
                    RETRY
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                // Whoever sends nonsense must not make us ask auth more than once a second.
                () = self.0.unknown_kid.notified() => tokio::time::sleep(RETRY).await,
            }
        }
    }
}

/// Checks signature, algorithm, issuer and audience.
pub(crate) fn open<C: DeserializeOwned>(token: &str, key: &DecodingKey, issuer: &str, audience: &str) -> Result<C, TokenError> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    // Checked against our own clock instead.
    validation.validate_exp = false;
    jsonwebtoken::decode::<C>(token, key, &validation).map(|data| data.claims).map_err(|_| TokenError::Invalid)
}

pub(crate) fn check_times(issued_at: i64, expires_at: i64, now: Timestamp) -> Result<(), TokenError> {
    if now.unix() >= expires_at {
        Err(TokenError::Expired)
    } else if issued_at > now.unix() + LEEWAY_SECONDS {
        Err(TokenError::Invalid)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use primitives::{Random, SessionId, UserId};

    use super::*;
    use crate::{KeyPair, Role};

    fn fixture() -> (Clock, KeyPair, Verifier, UserClaims) {
        let clock = Clock::manual(Timestamp::from_unix(1_800_000_000));
        let key = KeyPair::parse("k1", &KeyPair::generate().unwrap()).unwrap();
        let verifier = Verifier::with_keys(clock.clone(), &Jwks { keys: vec![key.jwk()] });
        let random = Random::seeded(1);
        let now = clock.now();
        let claims = UserClaims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: UserId::new(now, &random),
            sid: SessionId::new(now, &random),
            jti: uuid::Uuid::from_u128(1),
            role: Role::Customer,
            email: "anna@example.com".parse().unwrap(),
            email_verified: true,
            name: "Anna".to_owned(),
            iat: now.unix(),
            exp: now.unix() + 600,
        };
        (clock, key, verifier, claims)
    }

    #[test]
    fn a_good_token_names_its_bearer_until_it_expires() {
        let (clock, key, verifier, claims) = fixture();
        let token = key.sign(&claims).unwrap();
        assert_eq!(verifier.verify(&token).unwrap().user_id, claims.sub);
        clock.advance(Duration::from_secs(600));
        assert_eq!(verifier.verify(&token), Err(TokenError::Expired));
    }

    #[test]
    fn forged_tokens_are_refused() {
        let (_, key, verifier, claims) = fixture();
        let token = key.sign(&claims).unwrap();
        let (head, signature) = token.rsplit_once('.').unwrap();
        let body = head.split_once('.').unwrap().1;
        let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);

        let unsigned = format!("{}.{body}.", encode(r#"{"alg":"none","kid":"k1"}"#));
        let hmac = format!("{}.{body}.{signature}", encode(r#"{"alg":"HS256","kid":"k1"}"#));
        let no_kid = format!("{}.{body}.{signature}", encode(r#"{"alg":"EdDSA"}"#));
        let richer = encode(&serde_json::to_string(&UserClaims { role: Role::Admin, ..claims.clone() }).unwrap());
        let tampered = format!("{}.{richer}.{signature}", head.split_once('.').unwrap().0);
        let stranger = KeyPair::parse("k1", &KeyPair::generate().unwrap()).unwrap().sign(&claims).unwrap();
        let unknown_kid = KeyPair::parse("k2", &KeyPair::generate().unwrap()).unwrap().sign(&claims).unwrap();
        for forged in [unsigned, hmac, no_kid, tampered, stranger, unknown_kid, String::new(), "a.b.c".to_owned()] {
            assert_eq!(verifier.verify(&forged), Err(TokenError::Invalid), "{forged}");
        }
    }

    #[test]
    fn tokens_for_others_or_from_the_future_are_refused() {
        let (_, key, verifier, claims) = fixture();
        for wrong in [
            UserClaims { aud: "other".to_owned(), ..claims.clone() },
            UserClaims { iss: "other".to_owned(), ..claims.clone() },
            UserClaims { iat: claims.iat + 60, ..claims.clone() },
        ] {
            assert_eq!(verifier.verify(&key.sign(&wrong).unwrap()), Err(TokenError::Invalid), "{wrong:?}");
        }
    }

    #[test]
    fn a_revoked_session_or_user_is_refused_and_a_newer_sign_in_is_not() {
        let (_, key, verifier, claims) = fixture();
        verifier.0.denied.revoke_for_test(claims.sub.uuid(), claims.iat);
        assert_eq!(verifier.verify(&key.sign(&claims).unwrap()), Err(TokenError::Revoked));
        let newer = UserClaims { iat: claims.iat + 1, ..claims };
        assert!(verifier.verify(&key.sign(&newer).unwrap()).is_ok());
        verifier.0.denied.revoke_for_test(newer.sid.uuid(), newer.iat);
        assert_eq!(verifier.verify(&key.sign(&newer).unwrap()), Err(TokenError::Revoked));
    }

    #[test]
    fn a_rotated_key_is_taken_over() {
        let (_, _, verifier, claims) = fixture();
        let next = KeyPair::parse("k2", &KeyPair::generate().unwrap()).unwrap();
        let token = next.sign(&claims).unwrap();
        assert_eq!(verifier.verify(&token), Err(TokenError::Invalid));
        verifier.set_keys(&Jwks { keys: vec![next.jwk()] });
        assert!(verifier.verify(&token).is_ok());
    }
}
