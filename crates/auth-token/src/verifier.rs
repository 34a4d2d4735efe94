use std::net::IpAddr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::http::Method;
use jsonwebtoken::{Algorithm, Validation};
use primitives::Clock;
use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::activity::{self, Activity, Seen};
use crate::claims::is_fresh;
use crate::exchange::{Exchanger, is_foreign};
use crate::jwks::KeyMap;
use crate::{
    AUDIENCE, Area, Claims, DenyList, Exchange, ISSUER, JwksSource, Principal, bearer, crypto,
};

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
    /// It is not ours, and auth is away, who could exchange it.
    #[error("auth is not available to exchange the token")]
    ExchangeUnavailable,
}

/// Checks users' access tokens without a network hop. Clones share keys and deny-list.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    source: JwksSource,
    keys: RwLock<Option<Arc<KeyMap>>>,
    fetched: Mutex<Option<Instant>>,
    denied: DenyList,
    activity: Activity,
    validation: Validation,
    clock: Clock,
    programs: OnceLock<Programs>,
}

/// What concerns programs that act for users.
struct Programs {
    area: Area,
    exchanger: Exchanger,
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
            activity: Activity::default(),
            validation,
            clock,
            programs: OnceLock::new(),
        }))
    }

    /// Takes tokens that are not ours, too, by exchanging them, and lets programs do in this area what their scopes allow.
    /// Said once, when a process is put together; until then programs may do nothing.
    pub fn admit_programs(&self, area: Area, exchange: Exchange) {
        let programs = Programs {
            area,
            exchanger: Exchanger::new(exchange, self.0.clock.clone()),
        };
        if self.0.programs.set(programs).is_err() {
            tracing::error!("programs were admitted twice: the first time counts");
        }
    }

    /// The revocations it looks at.
    pub fn denied(&self) -> &DenyList {
        &self.0.denied
    }

    /// Whether somebody proved recently enough who they are for what needs a fresh proof.
    pub fn is_fresh(&self, principal: &Principal) -> bool {
        is_fresh(principal.authenticated_at, self.0.clock.now())
    }

    /// Refuses a program that may not do this. People may do what their role may.
    pub(crate) fn check_scope(
        &self,
        principal: &Principal,
        method: &Method,
    ) -> http_kit::Result<()> {
        match (principal.scopes, self.0.programs.get()) {
            (None, _) => Ok(()),
            (Some(scopes), Some(Programs { area, .. })) => {
                let needed = area.needs(method);
                if scopes.allow(needed) {
                    Ok(())
                } else {
                    Err(bearer::insufficient_scope(needed))
                }
            }
            (Some(_), None) => Err(http_kit::Error::forbidden(
                "forbidden",
                "Programs may do nothing here.",
            )),
        }
    }

    /// Whose token this is, if it is good. Waits only for an unknown key to be fetched, and for a token that is not ours to
    /// be exchanged when it is seen first.
    pub async fn verify(&self, token: &str) -> Result<Principal, TokenError> {
        match self.0.programs.get() {
            Some(programs) if is_foreign(token) => self.exchanged(&programs.exchanger, token).await,
            _ => self.own(token).await,
        }
    }

    /// What was kept is judged anew each time. Where a revocation refuses it, the user may still have the right to another:
    /// after a change of role, say.
    async fn exchanged(&self, exchanger: &Exchanger, token: &str) -> Result<Principal, TokenError> {
        let answer = exchanger.exchange(token).await?;
        match self.own(answer.own()?).await {
            Err(TokenError::Revoked) if answer.is_old(self.0.clock.now()) => {
                exchanger.forget(token).await;
                let answer = exchanger.exchange(token).await?;
                self.own(answer.own()?).await
            }
            judged => judged,
        }
    }

    async fn own(&self, token: &str) -> Result<Principal, TokenError> {
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

    /// Notes that somebody was here, for their list of sessions.
    pub(crate) fn seen(&self, principal: &Principal, ip: IpAddr) {
        let at = self.0.clock.now();
        let seen = Seen { at, ip };
        self.0.activity.note(principal.session_id, seen);
    }

    /// Fetches keys now and then, mirrors the deny-list, and writes down who was seen. A background task.
    pub async fn run(self, redis_url: SecretString, shutdown: CancellationToken) {
        let mut redis = activity::connection(&redis_url)
            .inspect_err(|error| tracing::warn!(error = %error, "REDIS_URL"))
            .ok();
        let write = async {
            match &mut redis {
                Some(redis) => self.0.activity.write(redis).await,
                None => std::future::pending().await,
            }
        };
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
            () = write => {}
        }
        if let Some(mut redis) = redis {
            self.0.activity.flush(&mut redis).await;
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
