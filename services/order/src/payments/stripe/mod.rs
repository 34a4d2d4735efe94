//! Stripe's API through its client library, pinned to the API version of the library.
//!
//! The library opens a connection per call and has no default timeout, so one is set. It never retries with a key of
//! ours, so repetition is left to the callers: every call here may be repeated.

mod customers;
mod intents;
mod listing;
mod pages;
mod provider;
mod webhooks;

pub(crate) use listing::{Listed, ListedPayment, ListedRefund};
pub(crate) use webhooks::api_version;

use std::time::Duration;

use primitives::{Currency, Money};
use secrecy::{ExposeSecret, SecretString};
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError};

use super::ProviderError;

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where and as whom to call Stripe.
#[derive(Clone, Debug, clap::Args)]
pub struct StripeSettings {
    /// Stripe's secret key; keys that begin with `sk_live_` move real money.
    #[arg(long, env = "STRIPE_SECRET_KEY", hide_env_values = true)]
    pub stripe_secret_key: SecretString,
    /// Stripe's publishable key, handed to browsers.
    #[arg(long, env = "STRIPE_PUBLISHABLE_KEY")]
    pub stripe_publishable_key: String,
    /// The secret that signs webhooks (`whsec_…`).
    #[arg(long, env = "STRIPE_WEBHOOK_SECRET", hide_env_values = true)]
    pub stripe_webhook_secret: SecretString,
    /// Where Stripe's API is; Stripe's own address unless told, as in development.
    #[arg(long, env = "STRIPE_API_URL")]
    pub stripe_api_url: Option<String>,
}

/// The key that a browser may know.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct PublishableKey(String);

/// A client of Stripe's API.
#[derive(Clone)]
pub(crate) struct Stripe {
    client: Client,
    webhook_secret: SecretString,
    publishable_key: String,
    live: bool,
}

impl Stripe {
    /// Connects to nothing yet.
    pub(crate) fn new(settings: &StripeSettings) -> anyhow::Result<Self> {
        let secret = settings.stripe_secret_key.expose_secret();
        let mut builder = ClientBuilder::new(secret).timeout(TIMEOUT);
        if let Some(url) = &settings.stripe_api_url {
            builder = builder.url(format!("{}/", url.trim_end_matches('/')));
        }
        Ok(Self {
            client: builder.build()?,
            webhook_secret: settings.stripe_webhook_secret.clone(),
            publishable_key: settings.stripe_publishable_key.clone(),
            live: secret.starts_with("sk_live_") || secret.starts_with("rk_live_"),
        })
    }

    /// Whether real money moves: Stripe's test payment methods are refused then.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    pub(crate) fn publishable_key(&self) -> PublishableKey {
        PublishableKey(self.publishable_key.clone())
    }
}

/// Of these Stripe counts other units than ISO 4217 does, or takes not every amount: krónur as if they had hundredths, and dinars only in tens of
/// fils (<https://docs.stripe.com/currencies#special-cases>). What is written in our units would be another amount there.
const COUNTED_OTHERWISE: [&str; 2] = ["ISK", "KWD"];

impl Stripe {
    /// Whether every amount of a currency can be charged, as it is written here.
    pub(crate) fn can_charge(currency: Currency) -> bool {
        !COUNTED_OTHERWISE.contains(&currency.code())
    }
}

fn currency(money: Money) -> Result<stripe_types::Currency, ProviderError> {
    let refused = || ProviderError::Refused(format!("{} cannot be charged", money.currency()));
    if !Stripe::can_charge(money.currency()) {
        return Err(refused());
    }
    money
        .currency()
        .code()
        .to_ascii_lowercase()
        .parse()
        .map_err(|_| refused())
}

fn idempotent(key: &str) -> Result<RequestStrategy, ProviderError> {
    IdempotencyKey::new(key)
        .map(RequestStrategy::Idempotent)
        .map_err(|e| ProviderError::Refused(e.to_string()))
}

/// A client error will not go away by itself; everything else may, and so does a key that Stripe does not take (401, 403): that says nothing of
/// what was asked. What Stripe says of it is for our log only.
fn failure(error: StripeError) -> ProviderError {
    match error {
        StripeError::Stripe(error, status @ 400..=499)
            if !matches!(status, 401 | 403 | 409 | 424 | 429) =>
        {
            let code = error.code.as_ref().map_or("unknown", |code| code.as_str());
            ProviderError::Refused(format!(
                "{status} {code}: {}",
                error.message.as_deref().unwrap_or_default()
            ))
        }
        StripeError::Stripe(error, status) => ProviderError::Unavailable(format!(
            "{status}: {}",
            error.message.as_deref().unwrap_or_default()
        )),
        other => ProviderError::Unavailable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_that_stripe_counts_otherwise_are_never_sent() {
        let money = |code: &str| Money::new(500, code.parse().unwrap());
        for code in ["EUR", "JPY", "HUF", "TWD"] {
            assert!(currency(money(code)).is_ok(), "{code}");
        }
        for code in COUNTED_OTHERWISE {
            assert!(currency(money(code)).is_err(), "{code}");
        }
    }
}
