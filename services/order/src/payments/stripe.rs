//! Stripe's API through its client library, pinned to the API version of the library (2026-09-30).
//!
//! The library opens a connection per call and has no default timeout, so one is set. It never retries with a key of
//! ours, so repetition is left to the callers: every call here may be repeated.

mod listing;

pub(crate) use listing::{ListedPayment, ListedRefund};

use std::collections::HashMap;
use std::time::Duration;

use primitives::{Money, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use stripe::{
    Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError, StripeRequest as _,
};
use stripe_core::payment_intent::{
    CancelPaymentIntent, ConfirmPaymentIntent, CreatePaymentIntent,
    CreatePaymentIntentAutomaticPaymentMethods,
    CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects, RetrievePaymentIntent,
};
use stripe_core::refund::{CreateRefund, RetrieveRefund};
use stripe_shared::{PaymentIntent, PaymentIntentStatus, Refund};
use stripe_webhook::{Webhook, WebhookError};

use super::{
    NewPayment, NewRefund, News, ProviderError, ProviderPayment, ProviderRefund, RefundState,
    WebhookMessage, WebhookRejection,
};
use crate::domain::payment::PaymentState;

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

    /// Creates a payment, or finds the one that was created for the same payment id.
    pub(crate) async fn create(
        &self,
        payment: &NewPayment,
    ) -> Result<ProviderPayment, ProviderError> {
        let metadata = HashMap::from([
            ("payment_id".to_owned(), payment.payment_id.to_string()),
            ("order_id".to_owned(), payment.order_id.to_string()),
        ]);
        let methods = CreatePaymentIntentAutomaticPaymentMethods {
            allow_redirects: Some(CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects::Never),
            enabled: true,
        };
        CreatePaymentIntent::new(payment.amount.amount(), currency(payment.amount)?)
            .automatic_payment_methods(methods)
            .description(format!("Order {}", payment.order_number))
            .metadata(metadata)
            .customize()
            .request_strategy(idempotent(&format!("payment-{}", payment.payment_id))?)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    pub(crate) async fn retrieve(&self, reference: &str) -> Result<ProviderPayment, ProviderError> {
        RetrievePaymentIntent::new(reference)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    /// Pays with one of Stripe's test payment methods, as a browser would with a card. A decline is an answer: the
    /// payment's state and failure tell of it.
    pub(crate) async fn confirm_test(
        &self,
        reference: &str,
        method: &str,
    ) -> Result<ProviderPayment, ProviderError> {
        let confirmed = ConfirmPaymentIntent::new(reference)
            .payment_method(method)
            .send(&self.client)
            .await;
        match confirmed {
            Ok(intent) => Ok(intent.into()),
            Err(StripeError::Stripe(error, 402)) => match error.payment_intent {
                Some(intent) => Ok(intent.into()),
                None => self.retrieve(reference).await,
            },
            Err(error) => Err(failure(error)),
        }
    }

    /// Stops a payment. Refused when the money is already ours.
    pub(crate) async fn cancel(&self, reference: &str) -> Result<ProviderPayment, ProviderError> {
        CancelPaymentIntent::new(reference)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    /// Gives money back, or finds the refund that was made for the same refund id.
    pub(crate) async fn refund(&self, refund: &NewRefund) -> Result<ProviderRefund, ProviderError> {
        CreateRefund::new()
            .payment_intent(&*refund.payment_reference)
            .amount(refund.amount.amount())
            .metadata(HashMap::from([(
                "refund_id".to_owned(),
                refund.refund_id.to_string(),
            )]))
            .customize()
            .request_strategy(idempotent(&format!("refund-{}", refund.refund_id))?)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    pub(crate) async fn retrieve_refund(
        &self,
        reference: &str,
    ) -> Result<ProviderRefund, ProviderError> {
        RetrieveRefund::new(reference)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    /// Checks the signature over the raw bytes (tolerance 300 s) before anything else looks at them.
    pub(crate) fn verify_webhook(
        &self,
        body: &[u8],
        signature: &str,
        now: Timestamp,
    ) -> Result<WebhookMessage, WebhookRejection> {
        let text = std::str::from_utf8(body).map_err(|_| WebhookRejection::BadSignature)?;
        let secret = self.webhook_secret.expose_secret();
        match Webhook::construct_event_with_timestamp(text, signature, secret, now.unix()) {
            // An object of another API version is genuine all the same: what we need of it is read leniently below.
            Ok(_) | Err(WebhookError::BadParse(_)) => {}
            Err(WebhookError::BadTimestamp(_)) => return Err(WebhookRejection::Expired),
            Err(_) => return Err(WebhookRejection::BadSignature),
        }
        #[derive(Deserialize)]
        struct Head {
            id: String,
            #[serde(rename = "type")]
            kind: String,
        }
        let head: Head = serde_json::from_str(text).map_err(|_| WebhookRejection::Malformed)?;
        let payload = serde_json::from_str(text).map_err(|_| WebhookRejection::Malformed)?;
        Ok(WebhookMessage {
            id: head.id,
            kind: head.kind,
            payload,
        })
    }

    /// What a stored webhook message says.
    pub(crate) fn read_webhook(
        kind: &str,
        payload: &serde_json::Value,
    ) -> Result<News, serde_json::Error> {
        let object = &payload["data"]["object"];
        if kind.starts_with("payment_intent.") {
            IntentPayload::deserialize(object).map(|intent| News::Payment(intent.into()))
        } else if kind.starts_with("refund.") || kind == "charge.refund.updated" {
            RefundPayload::deserialize(object).map(|refund| News::Refund(refund.into()))
        } else {
            Ok(News::Irrelevant)
        }
    }
}

/// The part of a PaymentIntent that we read, the same in every API version.
#[derive(Deserialize)]
struct IntentPayload {
    id: String,
    status: String,
    amount_received: Option<i64>,
    last_payment_error: Option<ErrorPayload>,
}

#[derive(Deserialize)]
struct ErrorPayload {
    code: Option<String>,
    decline_code: Option<String>,
}

/// The part of a Refund that we read.
#[derive(Deserialize)]
struct RefundPayload {
    id: String,
    status: Option<String>,
    failure_reason: Option<String>,
}

impl From<IntentPayload> for ProviderPayment {
    fn from(intent: IntentPayload) -> Self {
        let failure = intent
            .last_payment_error
            .and_then(|error| error.code.or(error.decline_code));
        Self {
            state: payment_state(&intent.status, failure.is_some()),
            reference: intent.id,
            amount_received: intent.amount_received.unwrap_or(0),
            failure,
            client_secret: None,
        }
    }
}

impl From<PaymentIntent> for ProviderPayment {
    fn from(intent: PaymentIntent) -> Self {
        let failure = intent.last_payment_error.and_then(|error| {
            error
                .code
                .map(|code| code.as_str().to_owned())
                .or(error.decline_code)
        });
        Self {
            state: payment_state(status_name(&intent.status), failure.is_some()),
            reference: intent.id.to_string(),
            amount_received: intent.amount_received,
            failure,
            client_secret: intent.client_secret,
        }
    }
}

impl From<RefundPayload> for ProviderRefund {
    fn from(refund: RefundPayload) -> Self {
        Self {
            state: refund_state(refund.status.as_deref()),
            reference: refund.id,
            failure: refund.failure_reason,
        }
    }
}

impl From<Refund> for ProviderRefund {
    fn from(refund: Refund) -> Self {
        Self {
            state: refund_state(refund.status.as_deref()),
            reference: refund.id.to_string(),
            failure: refund.failure_reason,
        }
    }
}

fn status_name(status: &PaymentIntentStatus) -> &str {
    status.as_str()
}

/// <https://docs.stripe.com/payments/paymentintents/lifecycle>: after a decline an intent waits for another payment method.
fn payment_state(status: &str, failed: bool) -> PaymentState {
    match status {
        "succeeded" => PaymentState::Succeeded,
        "canceled" => PaymentState::Cancelled,
        "processing" => PaymentState::Processing,
        "requires_capture" => PaymentState::Authorized,
        "requires_payment_method" if failed => PaymentState::Failed,
        _ => PaymentState::RequiresPayment,
    }
}

fn refund_state(status: Option<&str>) -> RefundState {
    match status {
        Some("succeeded") => RefundState::Succeeded,
        Some("failed" | "canceled") => RefundState::Failed,
        _ => RefundState::Pending,
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

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"id":"evt_1","object":"event","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","status":"succeeded","amount_received":500}}}"#;

    fn provider() -> Stripe {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        Stripe::new(&StripeSettings {
            stripe_secret_key: "sk_test_x".to_owned().into(),
            stripe_publishable_key: "pk_test_x".to_owned(),
            stripe_webhook_secret: "whsec_x".to_owned().into(),
            stripe_api_url: None,
        })
        .unwrap()
    }

    #[test]
    fn a_signature_is_checked_before_the_body_is_read() {
        let now = Timestamp::from_unix(1_800_000_000);
        let sign = |body: &str, secret: &str, at: i64| {
            Webhook::generate_test_header(body, secret, Some(at))
        };
        let stripe = provider();
        let good = sign(BODY, "whsec_x", now.unix());
        let message = stripe.verify_webhook(BODY.as_bytes(), &good, now).unwrap();
        assert_eq!(
            (message.id.as_str(), message.kind.as_str()),
            ("evt_1", "payment_intent.succeeded")
        );

        let tampered = BODY.replace("500", "5");
        for (body, header) in [
            (tampered.as_str(), good.as_str()),
            (BODY, &sign(BODY, "whsec_other", now.unix())),
            (BODY, ""),
            (BODY, "t=abc,v1=zz"),
            ("not json", &good),
        ] {
            assert_eq!(
                stripe.verify_webhook(body.as_bytes(), header, now),
                Err(WebhookRejection::BadSignature),
                "{body} {header}"
            );
        }
        let old = sign(BODY, "whsec_x", now.unix() - 301);
        assert_eq!(
            stripe.verify_webhook(BODY.as_bytes(), &old, now),
            Err(WebhookRejection::Expired)
        );
        let nonsense = sign("[]", "whsec_x", now.unix());
        assert_eq!(
            stripe.verify_webhook(b"[]", &nonsense, now),
            Err(WebhookRejection::Malformed)
        );
    }

    #[test]
    fn webhooks_are_read_leniently() {
        let payload = serde_json::from_str(BODY).unwrap();
        let News::Payment(payment) =
            Stripe::read_webhook("payment_intent.succeeded", &payload).unwrap()
        else {
            panic!()
        };
        assert_eq!(
            (payment.state, payment.amount_received),
            (PaymentState::Succeeded, 500)
        );
        assert_eq!(
            Stripe::read_webhook("customer.created", &payload).unwrap(),
            News::Irrelevant
        );

        let declined = serde_json::json!({"data": {"object": {
            "id": "pi_1", "status": "requires_payment_method", "last_payment_error": {"code": "card_declined"}}}});
        let News::Payment(payment) =
            Stripe::read_webhook("payment_intent.payment_failed", &declined).unwrap()
        else {
            panic!()
        };
        assert_eq!(
            (payment.state, payment.failure.as_deref()),
            (PaymentState::Failed, Some("card_declined"))
        );
    }
}
