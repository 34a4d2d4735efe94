//! Sending events to the shop: signed, retried, and made to go wrong on demand.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc;

use crate::app::App;
use crate::faults::Kind;
use crate::{clock, signature};

/// What the shop's endpoint subscribes to unless told otherwise.
pub const DEFAULT_EVENTS: [&str; 17] = [
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "payment_intent.amount_capturable_updated",
    "payment_intent.processing",
    "charge.refunded",
    "charge.refund.updated",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "checkout.session.completed",
    "checkout.session.expired",
    "refund.created",
    "refund.updated",
    "refund.failed",
];

/// How long the shop has to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be sent, for the first time or again.
    Pending,
    /// Held back to be shuffled.
    Held,
    /// Acknowledged by a 2xx.
    Delivered,
    /// Lost on demand.
    Lost,
    /// Given up after the last try.
    Failed,
}

/// One event on its way to the shop.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// The event's id.
    pub event: String,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of the object it is about.
    pub object: String,
    /// Where it stands.
    pub state: State,
    /// How often it was sent.
    pub attempts: usize,
    /// The last answer's status; none when nobody answered.
    pub last_status: Option<u16>,
}

/// All deliveries of this run.
#[derive(Debug, Default)]
pub struct Deliveries(Mutex<Vec<Delivery>>);

impl Deliveries {
    fn lock(&self) -> MutexGuard<'_, Vec<Delivery>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Delivery> {
        self.lock().clone()
    }

    fn add(&self, delivery: Delivery) -> usize {
        let mut all = self.lock();
        all.push(delivery);
        all.len() - 1
    }

    fn update(&self, at: usize, change: impl FnOnce(&mut Delivery)) {
        if let Some(delivery) = self.lock().get_mut(at) {
            change(delivery);
        }
    }

    /// Takes those held back, newest first, to be sent now.
    fn release(&self) -> Vec<(usize, String)> {
        let mut all = self.lock();
        let mut held = Vec::new();
        for (at, delivery) in all.iter_mut().enumerate().rev() {
            if delivery.state == State::Held {
                delivery.state = State::Pending;
                held.push((at, delivery.event.clone()));
            }
        }
        held
    }
}

/// The sender.
#[derive(Clone, Debug)]
pub struct Sender {
    app: App,
    client: reqwest::Client,
}

impl Sender {
    /// A sender for `app`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(app: App) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .no_proxy()
            .build()?;
        Ok(Self { app, client })
    }

    /// Sends every event that comes out of `events`, for ever.
    pub async fn run(self, mut events: mpsc::UnboundedReceiver<String>) {
        while let Some(event) = events.recv().await {
            self.accept(event).await;
        }
    }

    async fn accept(&self, event: String) {
        let Some((kind, object)) = self.app.read(|world| {
            world.events.get(&event).map(|event| {
                (
                    event.kind.clone(),
                    event.object["id"].as_str().unwrap_or_default().to_owned(),
                )
            })
        }) else {
            return;
        };
        let settings = self.app.settings();
        if settings.webhook_url.is_none() || !settings.webhook_events.contains(&kind) {
            return;
        }
        self.pending(&event, 1);
        let fault = self.app.faults().for_webhook(&kind);
        let state = match fault.as_ref().map(|fault| fault.kind) {
            Some(Kind::WebhookLost) => State::Lost,
            Some(Kind::WebhookShuffled) => State::Held,
            _ => State::Pending,
        };
        let at = self.app.deliveries().add(Delivery {
            event: event.clone(),
            kind,
            object,
            state,
            attempts: 0,
            last_status: None,
        });
        match fault {
            Some(fault) if fault.kind == Kind::WebhookShuffled => {
                // `times` counts down to the one that completes the hand.
                if fault.times <= 1 {
                    self.release().await;
                }
            }
            Some(fault) if fault.kind == Kind::WebhookLate => self.spawn(at, event, fault.delay()),
            Some(fault) if fault.kind == Kind::WebhookRepeated => {
                for _ in 0..fault.copies.max(1) {
                    self.spawn(at, event.clone(), Duration::ZERO);
                }
            }
            Some(_) => {}
            None => self.spawn(at, event, Duration::ZERO),
        }
    }

    /// Sends those held back, newest first and one after the other.
    pub async fn release(&self) {
        for (at, event) in self.app.deliveries().release() {
            self.deliver(at, &event, 1).await;
        }
    }

    /// Sends an event once more, as a click on "Resend" in Stripe's dashboard does.
    pub fn resend(&self, event: &str) {
        let Some((kind, object)) = self.app.read(|world| {
            world.events.get(event).map(|event| {
                (
                    event.kind.clone(),
                    event.object["id"].as_str().unwrap_or_default().to_owned(),
                )
            })
        }) else {
            return;
        };
        let at = self.app.deliveries().add(Delivery {
            event: event.to_owned(),
            kind,
            object,
            state: State::Pending,
            attempts: 0,
            last_status: None,
        });
        self.spawn(at, event.to_owned(), Duration::ZERO);
    }

    fn spawn(&self, at: usize, event: String, delay: Duration) {
        let sender = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            sender.deliver(at, &event, 0).await;
        });
    }

    /// Tries until it is acknowledged; `patience` counts tries to make before going on in the background.
    async fn deliver(&self, at: usize, event: &str, patience: usize) {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let status = self.send(event).await;
            let delivered = status.is_some_and(|status| (200..300).contains(&status));
            let pause = self.app.settings().retry_after(attempt);
            self.app.deliveries().update(at, |delivery| {
                delivery.attempts += 1;
                delivery.last_status = status;
                delivery.state = match (delivered, pause) {
                    (true, _) => State::Delivered,
                    (false, Some(_)) => State::Pending,
                    (false, None) => State::Failed,
                };
            });
            if delivered {
                self.pending(event, 0);
                return;
            }
            let Some(pause) = pause else {
                tracing::warn!(event, status, attempt, "webhook given up");
                return;
            };
            tracing::debug!(event, status, attempt, "webhook not acknowledged");
            if patience > 0 && attempt >= patience {
                self.spawn(at, event.to_owned(), pause);
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn send(&self, event: &str) -> Option<u16> {
        let settings = self.app.settings();
        let url = settings.webhook_url.as_deref()?;
        let body = self.app.read(|world| {
            world
                .events
                .get(event)
                .map(|event| event.render().to_string())
        })?;
        let signature = signature::header(body.as_bytes(), &settings.webhook_secret, clock::now());
        let answer = self
            .client
            .post(url)
            .header("content-type", "application/json; charset=utf-8")
            .header(
                "user-agent",
                "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            )
            .header("stripe-signature", signature)
            .body(body)
            .send()
            .await;
        match answer {
            Ok(answer) => Some(answer.status().as_u16()),
            Err(error) => {
                tracing::debug!(
                    event,
                    error = &error as &dyn std::error::Error,
                    "webhook not sent"
                );
                None
            }
        }
    }

    fn pending(&self, event: &str, count: i64) {
        self.app.change(|world| {
            if let Some(event) = world.events.get_mut(event) {
                event.pending_webhooks = count;
            }
        });
    }
}
