//! A stand-in, a client, and a shop that receives webhooks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use stripe_core::payment_intent::CreatePaymentIntent;
use stripe_stand_in::{Settings, StandIn};
use stripe_types::Currency;
use tokio::sync::Notify;

pub(crate) const SECRET: &str = "whsec_mercato";

/// A webhook as it came: its signature and its raw body.
pub(crate) type Received = (String, String);

/// A shop's webhook endpoint: checks nothing, keeps all, and answers 500 as often as told.
#[derive(Clone, Default)]
pub(crate) struct Shop {
    pub(crate) received: Arc<Mutex<Vec<Received>>>,
    pub(crate) failures: Arc<Mutex<usize>>,
    came: Arc<Notify>,
}

impl Shop {
    async fn listen(self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/webhooks", post(receive))
            .with_state(self);
        tokio::spawn(axum::serve(listener, router).into_future());
        url
    }

    /// Waits until that many webhooks of the type have come.
    pub(crate) async fn wait(&self, kind: &str, count: usize) -> Vec<Received> {
        let came = async {
            loop {
                let next = self.came.notified();
                let found = self.of(kind);
                if found.len() >= count {
                    return found;
                }
                next.await;
            }
        };
        let patience = Duration::from_secs(10);
        tokio::time::timeout(patience, came)
            .await
            .unwrap_or_else(|_| {
                let only = self.of(kind).len();
                panic!("{count} × {kind} did not come, only {only}")
            })
    }

    fn of(&self, kind: &str) -> Vec<Received> {
        let received = self.received.lock().unwrap();
        let of_kind = received
            .iter()
            .filter(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["type"] == kind);
        of_kind.cloned().collect()
    }
}

async fn receive(State(shop): State<Shop>, headers: HeaderMap, body: String) -> StatusCode {
    {
        let mut failures = shop.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
    }
    let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
    shop.received.lock().unwrap().push((signature, body));
    shop.came.notify_waiters();
    StatusCode::OK
}

/// All three, ready.
pub(crate) struct Stage {
    pub(crate) stand_in: StandIn,
    pub(crate) stripe: stripe::Client,
    pub(crate) shop: Shop,
    pub(crate) http: reqwest::Client,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::set_with(Settings::for_tests()).await
    }

    pub(crate) async fn set_with(settings: Settings) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shop = Shop::default();
        let webhook_url = Some(shop.clone().listen().await);
        let stand_in = stripe_stand_in::start(Settings {
            webhook_url,
            ..settings
        })
        .await
        .unwrap();
        let stripe = client(&stand_in, "sk_test_mercato");
        Self {
            stand_in,
            stripe,
            shop,
            http: reqwest::Client::new(),
        }
    }

    /// Asks for a fault.
    pub(crate) async fn fault(&self, fault: Value) {
        let answer = self
            .http
            .post(self.url("_stand_in/faults"))
            .json(&fault)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 204, "{fault}");
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.stand_in.url())
    }

    /// A plain GET with the secret key.
    pub(crate) async fn get(&self, path: &str) -> String {
        let answer = self
            .http
            .get(self.url(path))
            .bearer_auth("sk_test_mercato")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }
}

pub(crate) fn client(stand_in: &StandIn, key: &str) -> stripe::Client {
    stripe::ClientBuilder::new(key)
        .url(stand_in.url())
        .build()
        .unwrap()
}

/// An intent over 19.99 € paid at once with that card.
pub(crate) fn purchase(card: &str) -> CreatePaymentIntent {
    CreatePaymentIntent::new(1999, Currency::EUR)
        .payment_method(card.to_owned())
        .confirm(true)
}

/// The error Stripe answered with.
pub(crate) fn refusal(error: stripe::StripeError) -> (stripe_shared::ApiErrors, u16) {
    match error {
        stripe::StripeError::Stripe(error, status) => (*error, status),
        other => panic!("not an answer of Stripe: {other}"),
    }
}
