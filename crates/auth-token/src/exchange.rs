//! Tokens that are not ours: API keys, and tokens of issuers that auth trusts.
//!
//! auth exchanges each for one of our own access tokens, which says whose it is and what it may do (the idea of RFC 8693).
//! The answer is kept in memory, so that a request costs no hop; what is kept is judged as every token of ours, so that
//! revocations count at once.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt;
use futures::future::BoxFuture;
use moka::future::Cache;
use primitives::{Clock, Timestamp};
use ring::digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CallError, ISSUER, InternalClient, TokenError};

/// With what every API key begins, so that people and scanners recognise one.
pub const API_KEY_PREFIX: &str = "mk_";

/// Where auth exchanges tokens.
const PATH: &str = "/internal/tokens/exchange";
/// No token that is worth a look is longer.
const LONGEST: usize = 8 * 1024;
/// How many answers are kept; those asked for seldom go first.
const KEPT: u64 = 10_000;
/// How long a refusal is kept: who tries a bad token again and again disturbs nobody.
const REFUSED_FOR: Duration = Duration::from_secs(10);
/// A kept token that turns out revoked is exchanged anew, unless it is this young: its owner's role may just have changed.
const RENEWED_AFTER: Duration = Duration::from_secs(1);

/// A token to be exchanged.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRequest {
    /// As it came in `Authorization: Bearer …`.
    pub token: String,
}

/// What it was exchanged for.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ExchangeResponse {
    /// One of our own.
    pub access_token: String,
}

/// Who exchanges foreign tokens: auth, by a call or in its own process.
#[derive(Clone)]
pub struct Exchange(Source);

#[derive(Clone)]
enum Source {
    Auth(InternalClient),
    Local(Arc<dyn Fn(String) -> BoxFuture<'static, Result<String, TokenError>> + Send + Sync>),
}

impl Exchange {
    /// auth, over its internal listener.
    pub fn auth(client: InternalClient) -> Self {
        Self(Source::Auth(client))
    }

    /// In this process: auth itself, and tests.
    pub fn local<F>(exchange: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, TokenError>> + Send + 'static,
    {
        Self(Source::Local(Arc::new(move |token| {
            exchange(token).boxed()
        })))
    }

    async fn ask(&self, token: &str) -> Result<String, TokenError> {
        let client = match &self.0 {
            Source::Local(exchange) => return exchange(token.to_owned()).await,
            Source::Auth(client) => client,
        };
        let request = ExchangeRequest {
            token: token.to_owned(),
        };
        let answer: Result<ExchangeResponse, CallError> =
            client.post(PATH, None, None, &request).await;
        match answer {
            Ok(answer) => Ok(answer.access_token),
            Err(CallError::Problem { status, code, .. })
                if status == StatusCode::UNPROCESSABLE_ENTITY =>
            {
                Err(TokenError::of_code(&code))
            }
            Err(error) => {
                tracing::warn!(
                    error = format!("{:#}", anyhow::Error::new(error)),
                    "a token cannot be exchanged"
                );
                Err(TokenError::ExchangeUnavailable)
            }
        }
    }
}

/// How auth says why it refuses to exchange a token. Not by the codes of a request's own token: those would be ours.
impl TokenError {
    /// The problem's code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "foreign_token_expired",
            Self::Revoked => "foreign_token_revoked",
            Self::Invalid | Self::KeysUnavailable | Self::ExchangeUnavailable => {
                "foreign_token_invalid"
            }
        }
    }

    fn of_code(code: &str) -> Self {
        let known = [Self::Expired, Self::Revoked];
        known
            .into_iter()
            .find(|error| error.code() == code)
            .unwrap_or(Self::Invalid)
    }
}

/// What a token says of itself, believed by nobody.
#[derive(Deserialize)]
struct Peek {
    iss: Option<String>,
    exp: Option<i64>,
}

fn peek(token: &str) -> Option<Peek> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Whether only auth can say what a token is worth: an API key, or a JWT that names another issuer.
pub(crate) fn is_foreign(token: &str) -> bool {
    token.starts_with(API_KEY_PREFIX)
        || (token.len() <= LONGEST
            && peek(token).is_some_and(|claims| claims.iss.is_some_and(|iss| iss != ISSUER)))
}

/// Exchanges tokens, and remembers the answers.
pub(crate) struct Exchanger {
    exchange: Exchange,
    answers: Cache<[u8; 32], Answer>,
    clock: Clock,
}

/// An answer, kept until a moment. The foreign token itself is kept nowhere.
#[derive(Clone)]
pub(crate) struct Answer {
    own: Result<Arc<str>, TokenError>,
    made: Timestamp,
    until: Timestamp,
}

impl Answer {
    fn new(own: Result<String, TokenError>, now: Timestamp) -> Result<Self, TokenError> {
        let lifetime = match &own {
            // A little less than it lives, so that none expires on its way.
            Ok(own) => {
                let exp = peek(own).and_then(|claims| claims.exp);
                let left = exp.map_or(0, |exp| exp.saturating_sub(now.unix()));
                Duration::from_secs(u64::try_from(left).unwrap_or(0)) * 9 / 10
            }
            // Not an answer: the next request asks again.
            Err(TokenError::KeysUnavailable | TokenError::ExchangeUnavailable) => {
                return Err(TokenError::ExchangeUnavailable);
            }
            Err(_) => REFUSED_FOR,
        };
        Ok(Self {
            own: own.map(Arc::from),
            made: now,
            until: now + lifetime,
        })
    }

    /// The token of ours, or why there is none.
    pub(crate) fn own(&self) -> Result<&str, TokenError> {
        self.own.as_deref().map_err(|error| *error)
    }

    /// Whether it may have been made before what refuses it now.
    pub(crate) fn is_old(&self, now: Timestamp) -> bool {
        now.since(self.made) > RENEWED_AFTER
    }
}

/// Forgets each answer when it is past its time.
struct UntilThen;

impl moka::Expiry<[u8; 32], Answer> for UntilThen {
    fn expire_after_create(
        &self,
        _: &[u8; 32],
        answer: &Answer,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(answer.until.since(answer.made))
    }
}

impl Exchanger {
    pub(crate) fn new(exchange: Exchange, clock: Clock) -> Self {
        Self::keeping(KEPT, exchange, clock)
    }

    pub(crate) fn keeping(most: u64, exchange: Exchange, clock: Clock) -> Self {
        let answers = Cache::builder()
            .max_capacity(most)
            .expire_after(UntilThen)
            .build();
        Self {
            exchange,
            answers,
            clock,
        }
    }

    /// What the token was exchanged for, now or before. However many ask at once, auth is asked once.
    pub(crate) async fn exchange(&self, token: &str) -> Result<Answer, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Invalid);
        }
        let key = name(token);
        if let Some(answer) = self.answers.get(&key).await {
            if answer.until > self.clock.now() {
                return Ok(answer);
            }
            self.answers.invalidate(&key).await;
        }
        let ask = async { Answer::new(self.exchange.ask(token).await, self.clock.now()) };
        let answer = self.answers.try_get_with(key, ask).await;
        answer.map_err(|error| *error)
    }

    /// Asks anew next time.
    pub(crate) async fn forget(&self, token: &str) {
        self.answers.invalidate(&name(token)).await;
    }

    #[cfg(test)]
    pub(crate) async fn kept(&self) -> u64 {
        self.answers.run_pending_tasks().await;
        self.answers.entry_count()
    }
}

/// Under which name an answer is kept: whoever reads this process's memory should find no more tokens than needed.
fn name(token: &str) -> [u8; 32] {
    let mut name = [0; 32];
    name.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    name
}

#[cfg(test)]
mod tests;
