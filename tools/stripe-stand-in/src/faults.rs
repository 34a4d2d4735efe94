//! Faults on demand, so that tests see what Stripe and the network do on a bad day.
//!
//! `POST /_stand_in/faults` takes one [`Fault`] as JSON, for example
//! `{"kind": "webhook_late", "event": "payment_intent.succeeded", "delay_ms": 3000, "times": 2}`. Each fault strikes
//! `times` times (once unless told) at what it matches and is then used up. `GET` lists those still waiting and `DELETE`
//! drops them; dropping also sends the webhooks held back for shuffling.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The webhook is never sent.
    WebhookLost,
    /// The webhook is sent `delay_ms` later.
    WebhookLate,
    /// The webhook is sent `copies` times, at the same time.
    WebhookRepeated,
    /// The webhook is held until `times` of them are, then all are sent, last first.
    WebhookShuffled,
    /// The answer to a request takes `delay_ms` longer; the work is done first.
    SlowAnswer,
    /// The request is done, and answered 500: a retry with the same key gets the real answer.
    ErrorAfterWork,
    /// The request is answered 500 and nothing is done.
    ErrorBeforeWork,
    /// The request is done and the connection is closed without an answer.
    Disconnect,
    /// The request is answered 429.
    RateLimited,
}

/// One fault asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// How often, from now on.
    #[serde(default = "once")]
    pub times: usize,
    /// For webhooks: only events of this type.
    #[serde(default)]
    pub event: Option<String>,
    /// For requests: only paths that contain this.
    #[serde(default)]
    pub path: Option<String>,
    /// For requests: only this method.
    #[serde(default)]
    pub method: Option<String>,
    /// How long, where that is the fault.
    #[serde(default = "a_second")]
    pub delay_ms: u64,
    /// How many, where that is the fault.
    #[serde(default = "two")]
    pub copies: usize,
}

fn once() -> usize {
    1
}

fn two() -> usize {
    2
}

fn a_second() -> u64 {
    1_000
}

impl Fault {
    /// The delay as a duration.
    #[must_use]
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    fn concerns_webhooks(&self) -> bool {
        matches!(
            self.kind,
            Kind::WebhookLost | Kind::WebhookLate | Kind::WebhookRepeated | Kind::WebhookShuffled
        )
    }
}

/// The faults that wait to strike.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one.
    pub fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    /// Drops all.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Those still waiting.
    #[must_use]
    pub fn list(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// The fault that strikes this request, now used up once.
    #[must_use]
    pub fn for_request(&self, method: &str, path: &str) -> Option<Fault> {
        self.take(|fault| {
            !fault.concerns_webhooks()
                && fault.path.as_deref().is_none_or(|part| path.contains(part))
                && fault
                    .method
                    .as_deref()
                    .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
        })
    }

    /// The fault that strikes this webhook, now used up once.
    #[must_use]
    pub fn for_webhook(&self, event: &str) -> Option<Fault> {
        self.take(|fault| {
            fault.concerns_webhooks() && fault.event.as_deref().is_none_or(|wanted| wanted == event)
        })
    }

    fn take(&self, matches: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut faults = self.lock();
        let at = faults.iter().position(matches)?;
        let fault = faults[at].clone();
        faults[at].times = fault.times.saturating_sub(1);
        if faults[at].times == 0 {
            faults.remove(at);
        }
        Some(fault)
    }
}
