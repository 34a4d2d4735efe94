use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::{Algorithm, Validation};
use primitives::Clock;
use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::claims::is_fresh;
use crate::jwks::KeyMap;
use crate::{AUDIENCE, Claims, DenyList, ISSUER, JwksSource, Principal, crypto};

/// How far clocks may differ.
const LEEWAY_SECONDS: i64 = 5;
/// Unknown key names cause a fetch at most this often, so that forged tokens cannot flood auth.
const FETCH_INTERVAL: Duration = Duration::from_secs(5);
/// How often keys are fetched anyway.
const REFRESH_INTERVAL: Duration = Duration::from_secs(300);

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not one of ours: malformed, forged, for somebody else.
    #[error("the token is not valid")]
    Invalid,
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// Its session was ended.
    #[error("the token has been revoked")]
    Revoked,
    /// No keys could be had yet to judge it.
    #[error("the keys to verify tokens are not available")]
    KeysUnavailable,
}

/// Checks users' access tokens without a network hop. Clones share keys and deny-list.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    source: JwksSource,
    keys: RwLock<Option<Arc<KeyMap>>>,
    fetched: Mutex<Option<Instant>>,
    denied: DenyList,
    validation: Validation,
    clock: Clock,
}

impl Verifier {
    /// A verifier that fetches its keys when it first needs them. [`Verifier::run`] keeps it fresh.
    pub fn new(source: JwksSource, denied: DenyList, clock: Clock) -> Self {
        crypto::install();
        let validation = validation(ISSUER, AUDIENCE);
        Self(Arc::new(Inner {
            source,
            keys: RwLock::new(None),
            fetched: Mutex::new(None),
            denied,
            validation,
            clock,
        }))
    }

    /// The revocations it looks at.
    pub fn denied(&self) -> &DenyList {
        &self.0.denied
    }

    /// Whether somebody proved recently enough who they are for what needs a fresh proof.
    pub fn is_fresh(&self, principal: &Principal) -> bool {
        is_fresh(principal.authenticated_at, self.0.clock.now())
    }

    /// Whose token this is, if it is good. Waits only for an unknown key to be fetched.
    pub async fn verify(&self, token: &str) -> Result<Principal, TokenError> {
        let claims = self.claims(token).await?;
        if claims.exp + LEEWAY_SECONDS < self.0.clock.now().unix() {
            return Err(TokenError::Expired);
        }
        if self.0.denied.denies(&claims) {
            return Err(TokenError::Revoked);
        }
        Ok(claims.into())
    }

    async fn claims(&self, token: &str) -> Result<Claims, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let kid = header
            .kid
            .filter(|_| header.alg == Algorithm::EdDSA)
            .ok_or(TokenError::Invalid)?;
        let keys = match self.keys().filter(|keys| keys.get(&kid).is_some()) {
            Some(keys) => keys,
            None => {
                self.refresh(FETCH_INTERVAL).await;
                self.keys().ok_or(TokenError::KeysUnavailable)?
            }
        };
        let key = keys.get(&kid).ok_or(TokenError::Invalid)?;
        let data = jsonwebtoken::decode(token, key, &self.0.validation)
            .map_err(|_| TokenError::Invalid)?;
        Ok(data.claims)
    }

    fn keys(&self) -> Option<Arc<KeyMap>> {
        self.0
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Fetches the keys unless that was tried less than `interval` ago. Those at hand are kept if auth is away.
    async fn refresh(&self, interval: Duration) {
        let mut fetched = self.0.fetched.lock().await;
        if fetched.is_some_and(|at| at.elapsed() < interval) {
            return;
        }
        *fetched = Some(Instant::now());
        match self.0.source.fetch().await {
            Ok(jwks) => {
                *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) =
                    Some(Arc::new(KeyMap::from(&jwks)));
            }
            Err(error) => {
                // Without any key every request fails: ask again at the next one, a little later.
                if self.keys().is_none() {
                    *fetched = Instant::now()
                        .checked_sub(FETCH_INTERVAL.saturating_sub(Duration::from_millis(200)));
                }
                tracing::warn!(
                    error = format!("{:#}", error),
                    "cannot fetch the keys of access tokens"
                );
            }
        }
    }

    /// Fetches keys now and then, and mirrors the deny-list. A background task.
    pub async fn run(self, redis_url: SecretString, shutdown: CancellationToken) {
        let mirror = self
            .0
            .denied
            .clone()
            .mirror(redis_url, self.0.clock.clone());
        let refresh = async {
            loop {
                self.refresh(Duration::ZERO).await;
                let wait = if self.keys().is_some() {
                    REFRESH_INTERVAL
                } else {
                    Duration::from_secs(1)
                };
                tokio::time::sleep(wait).await;
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = mirror => {}
            () = refresh => {}
        }
    }
}

/// Ed25519 only, one issuer, one audience; time is checked by the caller, whose clock is an argument.
pub(crate) fn validation(issuer: &str, audience: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_exp = false;
    validation
}

#[cfg(test)]
mod tests;
