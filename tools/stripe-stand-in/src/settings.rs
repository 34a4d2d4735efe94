//! What the stand-in is told at its start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A stand-in for Stripe's API: payments that cost nothing, webhooks that are really sent.
#[derive(Clone, Debug, clap::Parser)]
#[command(version)]
pub struct Settings {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, env = "STRIPE_STAND_IN_ADDR", default_value = "127.0.0.1:12111")]
    pub addr: SocketAddr,
    /// Where signed webhooks are posted; without it events are only kept.
    #[arg(long, env = "STRIPE_STAND_IN_WEBHOOK_URL")]
    pub webhook_url: Option<String>,
    /// Secret that webhooks are signed with.
    #[arg(
        long,
        env = "STRIPE_WEBHOOK_SECRET",
        default_value = "whsec_mercato",
        hide_env_values = true
    )]
    pub webhook_secret: String,
    /// Event types the webhook endpoint subscribes to.
    #[arg(
        long,
        env = "STRIPE_STAND_IN_WEBHOOK_EVENTS",
        value_delimiter = ',',
        default_values_t = crate::webhooks::DEFAULT_EVENTS.map(String::from)
    )]
    pub webhook_events: Vec<String>,
    /// Pauses between the tries of one webhook, in milliseconds.
    #[arg(
        long,
        env = "STRIPE_STAND_IN_WEBHOOK_RETRIES",
        value_delimiter = ',',
        default_values_t = [200, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000]
    )]
    pub webhook_retries: Vec<u64>,
    /// The secret key clients must present.
    #[arg(
        long,
        env = "STRIPE_SECRET_KEY",
        default_value = "sk_test_mercato",
        hide_env_values = true
    )]
    pub secret_key: String,
    /// The publishable key a buyer's browser presents, with an intent's client secret.
    #[arg(
        long,
        env = "STRIPE_PUBLISHABLE_KEY",
        default_value = "pk_test_mercato"
    )]
    pub publishable_key: String,
    /// The stand-in's address as a buyer's browser sees it, for its pages; the one it listens on unless told.
    #[arg(long, env = "STRIPE_STAND_IN_PAGES_URL")]
    pub pages_url: Option<String>,
    /// File that keeps the state over a restart; see [`crate::journal`].
    #[arg(long, env = "STRIPE_STAND_IN_STATE")]
    pub state: Option<PathBuf>,
}

impl Settings {
    /// The defaults, on a free port: for tests that run a stand-in in process.
    #[must_use]
    pub fn for_tests() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            webhook_url: None,
            webhook_secret: "whsec_mercato".to_owned(),
            webhook_events: crate::webhooks::DEFAULT_EVENTS.map(String::from).to_vec(),
            webhook_retries: vec![50, 100, 200, 400, 800, 1_600],
            secret_key: "sk_test_mercato".to_owned(),
            publishable_key: "pk_test_mercato".to_owned(),
            pages_url: None,
            state: None,
        }
    }

    /// The pause after try number `attempt` (from 1), or none when it was the last.
    #[must_use]
    pub fn retry_after(&self, attempt: usize) -> Option<Duration> {
        self.webhook_retries
            .get(attempt.checked_sub(1)?)
            .map(|ms| Duration::from_millis(*ms))
    }
}
