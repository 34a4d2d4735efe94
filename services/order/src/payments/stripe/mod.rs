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

use primitives::Money;
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

fn currency(money: Money) -> Result<stripe_types::Currency, ProviderError> {
    money
        .currency()
        .code()
        .to_ascii_lowercase()
        .parse()
        .map_err(|_| ProviderError::Refused(format!("{} cannot be charged", money.currency())))
}

fn idempotent(key: &str) -> Result<RequestStrategy, ProviderError> {
    IdempotencyKey::new(key)
        .map(RequestStrategy::Idempotent)
        .map_err(|e| ProviderError::Refused(e.to_string()))
}

/// A client error will not go away by itself; everything else may. What Stripe says of it is for our log only.
fn failure(error: StripeError) -> ProviderError {
    match error {
        StripeError::Stripe(error, status @ 400..=499) if status != 409 && status != 429 => {
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
