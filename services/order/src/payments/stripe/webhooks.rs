//! Webhooks: who sent them is proved by their signature over the raw bytes; what they say is read leniently, whatever API version they are in.

use std::collections::HashMap;

use primitives::{Money, Timestamp};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use stripe_webhook::{Webhook, WebhookError};

use super::Stripe;
use super::intents::{payment_state, read, refund_state};
use crate::domain::dispute::DisputeState;
use crate::payments::{
    Fee, News, ProviderDispute, ProviderPayment, ProviderRefund, WebhookMessage, WebhookRejection,
};

/// The API version whose objects this service is written for: the client library's.
pub(crate) fn api_version() -> String {
    stripe_shared::version::VERSION.as_str().to_owned()
}

impl Stripe {
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
            api_version: Option<String>,
        }
        let head: Head = serde_json::from_str(text).map_err(|_| WebhookRejection::Malformed)?;
        let payload = serde_json::from_str(text).map_err(|_| WebhookRejection::Malformed)?;
        Ok(WebhookMessage {
            id: head.id,
            kind: head.kind,
            api_version: head.api_version,
            payload,
        })
    }

    /// What a stored webhook message says.
    pub(crate) fn read_webhook(kind: &str, payload: &Value) -> Result<News, serde_json::Error> {
        let object = &payload["data"]["object"];
        if kind.starts_with("payment_intent.") {
            IntentPayload::deserialize(object).map(|intent| News::Payment(intent.into()))
        } else if kind.starts_with("refund.") || kind == "charge.refund.updated" {
            RefundPayload::deserialize(object).map(|refund| News::Refund(refund.into()))
        } else if kind.starts_with("charge.dispute.") {
            DisputePayload::deserialize(object).map(|dispute| match dispute.read() {
                Some(dispute) => News::Dispute(dispute),
                None => News::Irrelevant,
            })
        } else if kind.starts_with("checkout.session.") {
            PagePayload::deserialize(object).map(|page| News::Page(page.id))
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
    amount_capturable: Option<i64>,
    amount_received: Option<i64>,
    last_payment_error: Option<ErrorPayload>,
    metadata: Option<HashMap<String, String>>,
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
    metadata: Option<HashMap<String, String>>,
}

/// The part of a Checkout Session that we read.
#[derive(Deserialize)]
struct PagePayload {
    id: String,
}

/// The part of a Dispute that we read.
#[derive(Deserialize)]
struct DisputePayload {
    id: String,
    payment_intent: Option<String>,
    status: String,
    reason: Option<String>,
    amount: i64,
    created: i64,
    evidence_details: Option<EvidencePayload>,
    #[serde(default)]
    balance_transactions: Vec<MovementPayload>,
}

#[derive(Deserialize)]
struct EvidencePayload {
    due_by: Option<i64>,
}

#[derive(Deserialize)]
struct MovementPayload {
    id: String,
    amount: i64,
    fee: i64,
    currency: String,
}

/// A dispute as the API answers it, read as webhooks are.
pub(super) fn read_dispute(dispute: stripe_shared::Dispute) -> Option<ProviderDispute> {
    let moved = |it: stripe_shared::BalanceTransaction| MovementPayload {
        id: it.id.to_string(),
        amount: it.amount,
        fee: it.fee,
        currency: it.currency.to_string(),
    };
    let payload = DisputePayload {
        id: dispute.id.to_string(),
        payment_intent: dispute
            .payment_intent
            .as_ref()
            .map(|intent| intent.id().to_string()),
        status: dispute.status.as_str().to_owned(),
        reason: Some(dispute.reason),
        amount: dispute.amount,
        created: dispute.created,
        evidence_details: Some(EvidencePayload {
            due_by: dispute.evidence_details.due_by,
        }),
        balance_transactions: dispute
            .balance_transactions
            .into_iter()
            .map(moved)
            .collect(),
    };
    payload.read()
}

impl DisputePayload {
    /// A dispute about a charge without an intent is none of ours.
    fn read(self) -> Option<ProviderDispute> {
        let fee = |moved: &MovementPayload| {
            let currency = moved.currency.to_ascii_uppercase().parse().ok()?;
            (moved.fee > 0).then(|| Fee {
                reference: moved.id.clone(),
                amount: Money::new(moved.fee, currency),
            })
        };
        Some(ProviderDispute {
            state: dispute_state(&self.status),
            reference: self.id,
            payment_reference: self.payment_intent?,
            status: self.status,
            reason: self.reason.unwrap_or_else(|| "general".to_owned()),
            amount: self.amount,
            opened_at: Timestamp::from_unix(self.created),
            evidence_due_at: self
                .evidence_details
                .and_then(|details| details.due_by)
                .map(Timestamp::from_unix),
            withdrawn: self
                .balance_transactions
                .iter()
                .any(|moved| moved.amount < 0),
            fees: self.balance_transactions.iter().filter_map(fee).collect(),
        })
    }
}

/// <https://docs.stripe.com/disputes/how-disputes-work>: a `warning_…` is a question of the bank, and takes no money.
fn dispute_state(status: &str) -> DisputeState {
    match status {
        "won" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        "warning_closed" | "prevented" => DisputeState::Closed,
        status if status.starts_with("warning_") => DisputeState::Inquiry,
        _ => DisputeState::Open,
    }
}

impl From<IntentPayload> for ProviderPayment {
    fn from(intent: IntentPayload) -> Self {
        let failure = intent
            .last_payment_error
            .and_then(|error| error.code.or(error.decline_code));
        let metadata = intent.metadata.unwrap_or_default();
        Self {
            state: payment_state(&intent.status, failure.is_some()),
            reference: intent.id,
            amount_held: intent.amount_capturable.unwrap_or(0),
            amount_received: intent.amount_received.unwrap_or(0),
            failure,
            client_secret: None,
            next_action: None,
            payment_id: read(&metadata, "payment_id"),
            attempt: read(&metadata, "attempt").unwrap_or(0),
        }
    }
}

impl From<RefundPayload> for ProviderRefund {
    fn from(refund: RefundPayload) -> Self {
        let metadata = refund.metadata.unwrap_or_default();
        Self {
            state: refund_state(refund.status.as_deref()),
            reference: refund.id,
            failure: refund.failure_reason,
            refund_id: read(&metadata, "refund_id"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::payment::PaymentState;
    use crate::payments::StripeSettings;

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
