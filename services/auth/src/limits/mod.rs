//! Limits against guessing and against floods of mail, shared by all processes through Redis.
//!
//! Each question is one atomic script: attempts are reserved before a password or code is looked at, so that guesses sent at
//! once cannot slip through. Nobody's address stands in Redis, only keyed hashes. Without Redis, or with a slow one, sign-in
//! goes on: nginx's limits per address are the outer wall.

mod headers;

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_kit::{Error, Result};
use primitives::{Clock, EmailAddress, UserId};
use redis::aio::ConnectionManager;
use redis::{Script, ScriptInvocation};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use crate::config::LimitSettings;
use crate::domain::limits::{Delays, Quota, client_network};

pub(crate) use headers::announce;

/// How long Redis may take. It usually needs a thousandth of it.
const PATIENCE: Duration = Duration::from_millis(100);
/// An attempt that is not settled after so long will not be: requests end earlier.
const UNDER_WAY: Duration = Duration::from_secs(60);
/// How often it is logged that Redis is away.
const WARNING_INTERVAL_SECONDS: i64 = 60;

/// Whose account an attempt is on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Account<'a> {
    /// The address that was typed, whether anybody has it or not.
    Typed(&'a EmailAddress),
    /// Somebody who is known already.
    Known(UserId),
    /// Nobody yet, so only the client's address counts: a passkey says whose it is.
    Unknown,
}

/// The limits. They count in Redis.
pub(crate) struct Limits {
    redis: ConnectionManager,
    clock: Clock,
    /// Makes keys from what is counted. It differs from shop to shop, also on one Redis.
    key: hmac::Key,
    per_account: Delays,
    per_address: Delays,
    mails_per_target: Quota,
    mails_per_client: Quota,
    attempts: Script,
    take: Script,
    warned: AtomicI64,
}

/// An attempt that was reserved. It counts as failed unless it is settled otherwise.
#[must_use = "settle it, or it counts as failed"]
pub(crate) struct Attempt<'a> {
    limits: &'a Limits,
    counted: Vec<Counted>,
}

#[derive(Clone)]
struct Counted {
    name: &'static str,
    key: String,
    delays: Delays,
}

impl Limits {
    pub(crate) fn new(
        settings: &LimitSettings,
        secret: &SecretString,
        redis: ConnectionManager,
        clock: Clock,
    ) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        let derived = hmac::sign(&secret, b"what limits count");
        Self {
            redis,
            clock,
            key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
            per_account: Delays::per_account(settings.limit_free_failures),
            per_address: Delays::per_address(settings.limit_free_failures_per_client),
            mails_per_target: Quota::per_hour(settings.limit_mails_per_hour),
            mails_per_client: Quota::per_hour(settings.limit_mails_per_hour_and_client),
            attempts: Script::new(include_str!("attempts.lua")),
            take: Script::new(include_str!("take.lua")),
            warned: AtomicI64::new(0),
        }
    }

    /// Before a password, a code or a signature is checked: 429 while a delay runs, the same for right and wrong ones and for
    /// accounts that do not exist. [`Attempt::settle`] it with the outcome.
    pub(crate) async fn attempt(
        &self,
        account: Account<'_>,
        client: Option<IpAddr>,
    ) -> Result<Attempt<'_>> {
        let account = match account {
            Account::Typed(email) => Some(self.counted("account", email.as_str())),
            Account::Known(user) => Some(self.counted("account", &user.to_string())),
            Account::Unknown => None,
        };
        let client = client.map(|client| Counted {
            delays: self.per_address,
            ..self.counted("address", &client_network(client).to_string())
        });
        let counted: Vec<Counted> = account.into_iter().chain(client).collect();
        let (wait, states) = match self.run_attempts(&counted, |_| "reserve").await {
            Some(answer) => answer,
            // Not reserved, so there is nothing to settle.
            None => {
                return Ok(Attempt {
                    limits: self,
                    counted: Vec::new(),
                });
            }
        };
        headers::note(states);
        if wait.is_zero() {
            Ok(Attempt {
                limits: self,
                counted,
            })
        } else {
            metrics::counter!("limits_refused_total", "kind" => "attempts").increment(1);
            Err(Error::rate_limited(wait))
        }
    }

    /// The account's password is new, so guesses at the old one do not matter any more.
    pub(crate) async fn forget(&self, account: &EmailAddress) {
        let counted = [self.counted("account", account.as_str())];
        self.run_attempts(&counted, |_| "clear").await;
    }

    /// Before a mail is written because somebody asked for it: 429 when too many were, whether anybody has the address or not.
    pub(crate) async fn mail(&self, to: &EmailAddress, client: Option<IpAddr>) -> Result<()> {
        let target = (
            "mails",
            self.name("mails to", to.as_str()),
            self.mails_per_target,
        );
        let client = client.map(|client| {
            let name = self.name("mails from", &client_network(client).to_string());
            ("mails-by-address", name, self.mails_per_client)
        });
        let quotas: Vec<_> = std::iter::once(target).chain(client).collect();
        let mut call = self.take.prepare_invoke();
        call.arg(self.clock.now().unix_millis());
        for (_, key, quota) in &quotas {
            call.key(key).arg(quota.count).arg(millis(quota.period));
        }
        let Some((wait, left)) = self.answer(&call).await else {
            return Ok(());
        };
        headers::note(
            quotas
                .iter()
                .zip(left)
                .map(|((name, _, quota), (left, whole_in))| headers::State {
                    name,
                    quota: quota.count,
                    window: quota.period,
                    left: left.try_into().unwrap_or(u32::MAX),
                    reset: if wait.is_zero() { whole_in } else { wait },
                })
                .collect(),
        );
        if wait.is_zero() {
            Ok(())
        } else {
            metrics::counter!("limits_refused_total", "kind" => "mails").increment(1);
            Err(Error::rate_limited(wait))
        }
    }

    fn counted(&self, name: &'static str, what: &str) -> Counted {
        Counted {
            name,
            key: self.name(name, what),
            delays: self.per_account,
        }
    }

    /// A key that does not tell what it stands for. In braces what all keys of one script share, so that a Redis Cluster has
    /// them in one place.
    fn name(&self, kind: &str, what: &str) -> String {
        let hash = hmac::sign(&self.key, format!("{kind} {what}").as_bytes());
        format!(
            "{{auth:limits}}:{}",
            URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
        )
    }

    async fn run_attempts(
        &self,
        counted: &[Counted],
        what: impl Fn(&Counted) -> &'static str,
    ) -> Option<(Duration, Vec<headers::State>)> {
        let mut call = self.attempts.prepare_invoke();
        call.arg(self.clock.now().unix_millis())
            .arg(millis(UNDER_WAY));
        for each in counted {
            let delays = &each.delays;
            let steps: Vec<u64> = delays.steps().into_iter().map(millis).collect();
            call.key(&each.key)
                .arg(what(each))
                .arg(delays.free)
                .arg(delays.burst)
                .arg(format!("{steps:?}"))
                .arg(millis(delays.forgiven));
        }
        let (wait, counts) = self.answer(&call).await?;
        let states = counted
            .iter()
            .zip(counts)
            .map(|(each, (failures, forgiven_in))| {
                let failures = u32::try_from(failures).unwrap_or(u32::MAX);
                headers::State {
                    name: each.name,
                    quota: each.delays.free,
                    window: each.delays.forgiven * each.delays.free,
                    left: each.delays.free.saturating_sub(failures),
                    reset: if wait.is_zero() { forgiven_in } else { wait },
                }
            });
        Some((wait, states.collect()))
    }

    /// What a script says: how long to wait, and two numbers for each key. Nothing when Redis is away.
    async fn answer(
        &self,
        call: &ScriptInvocation<'_>,
    ) -> Option<(Duration, Vec<(u64, Duration)>)> {
        let mut redis = self.redis.clone();
        let asked = tokio::time::timeout(PATIENCE, call.invoke_async::<Vec<u64>>(&mut redis)).await;
        let error = match asked {
            Ok(Ok(numbers)) => {
                let (wait, numbers) = numbers.split_first()?;
                let pairs = numbers.chunks_exact(2);
                let pairs = pairs.map(|pair| (pair[0], Duration::from_millis(pair[1])));
                return Some((Duration::from_millis(*wait), pairs.collect()));
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        metrics::counter!("limits_skipped_total").increment(1);
        let (now, warned) = (self.clock.now().unix(), self.warned.load(Ordering::Relaxed));
        if now - warned >= WARNING_INTERVAL_SECONDS {
            self.warned.store(now, Ordering::Relaxed);
            tracing::warn!(
                error,
                "Redis is away: only nginx limits guesses and mails for now"
            );
        }
        None
    }
}

impl Attempt<'_> {
    /// By what came of it: a success forgives the account its failures, a refusal is one more, and a failure of our own is
    /// nobody's.
    pub(crate) async fn settle<T>(self, outcome: &Result<T>) {
        match outcome {
            Ok(_) => self.finish("clear", "void").await,
            Err(error) if error.status().is_client_error() => self.finish("failed", "failed").await,
            Err(_) => self.finish("void", "void").await,
        }
    }

    async fn finish(self, account: &'static str, address: &'static str) {
        if self.counted.is_empty() {
            return;
        }
        let what = |each: &Counted| match each.name {
            "account" => account,
            _ => address,
        };
        if let Some((_, states)) = self.limits.run_attempts(&self.counted, what).await {
            headers::note(states);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
