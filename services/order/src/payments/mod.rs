//! The seam to whoever moves the money. Nothing outside this folder knows a provider's types.

mod manual;
mod nothing;
mod stripe;

pub(crate) use manual::{BankTransfer, BankTransferSettings, Instructions};
pub(crate) use nothing::Nothing;
pub(crate) use stripe::{
    Listed, ListedPayment, ListedRefund, PublishableKey, Stripe, StripeSettings, api_version,
};

use async_trait::async_trait;
use primitives::{Money, OrderId, PaymentId, RefundId, Timestamp};

use crate::domain::dispute::DisputeState;
use crate::domain::payment::{Capture, Method, PaymentState};
use crate::domain::refund::RefundState;

/// What every way to move money can do. All of it may be repeated: our ids are the provider's idempotency keys.
#[async_trait]
pub(crate) trait PaymentProvider: Send + Sync {
    /// Begins a payment, or finds the one that was begun for the same payment and attempt.
    async fn start(&self, payment: &NewPayment) -> Result<Started, ProviderError>;

    /// What the provider knows of a payment that was begun; nothing where only people know.
    async fn look_up(&self, payment: &NewPayment)
    -> Result<Option<ProviderPayment>, ProviderError>;

    /// Takes money that is held; what is not taken is let go.
    async fn capture(&self, capture: &NewCapture) -> Result<ProviderPayment, ProviderError>;

    /// Stops a payment so that it cannot succeed any more, and lets go of what is held. Answers what became of it: it may have been paid before.
    async fn stop(&self, payment: &NewPayment) -> Result<ProviderPayment, ProviderError>;

    /// Gives money back, or finds the refund that was made for the same refund id.
    async fn refund(&self, refund: &NewRefund) -> Result<ProviderRefund, ProviderError>;
}

/// Ask for a payment. The payment id and the attempt are also the provider's idempotency key, so a repetition finds the same payment.
#[derive(Debug, Clone)]
pub(crate) struct NewPayment {
    pub(crate) payment_id: PaymentId,
    pub(crate) order_id: OrderId,
    pub(crate) order_number: String,
    pub(crate) amount: Money,
    pub(crate) method: Method,
    pub(crate) attempt: i32,
    pub(crate) capture: Capture,
    /// The provider's id, once we know it.
    pub(crate) reference: Option<String>,
    /// The hosted page's id, once we know it.
    pub(crate) page: Option<String>,
    /// The provider's customer, if a card is to be saved or was.
    pub(crate) customer: Option<String>,
    pub(crate) save_card: bool,
    /// Where a hosted page sends the customer afterwards.
    pub(crate) return_url: String,
}

/// A payment that was begun, and what its customer needs to go on.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    pub(crate) payment: ProviderPayment,
    /// The id of the hosted page.
    pub(crate) page: Option<String>,
    /// Where the hosted page is.
    pub(crate) page_url: Option<String>,
    pub(crate) instructions: Option<Instructions>,
}

/// A payment as the provider reports it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProviderPayment {
    /// The provider's id.
    pub(crate) reference: String,
    pub(crate) state: PaymentState,
    /// Minor units that the provider holds.
    pub(crate) amount_held: i64,
    /// Minor units that the provider took.
    pub(crate) amount_received: i64,
    /// The provider's word for what went wrong last, such as `card_declined`.
    pub(crate) failure: Option<String>,
    /// What a browser needs to pay; absent in webhooks.
    pub(crate) client_secret: Option<String>,
    /// What the customer has to do, such as 3-D Secure, in the provider's own words.
    pub(crate) next_action: Option<serde_json::Value>,
    /// For which of our payments the provider says it is.
    pub(crate) payment_id: Option<PaymentId>,
    /// For which attempt.
    pub(crate) attempt: i32,
}

impl ProviderPayment {
    /// A payment of which no more is known than its state.
    pub(crate) fn bare(reference: &str, state: PaymentState) -> Self {
        Self {
            reference: reference.to_owned(),
            state,
            amount_held: 0,
            amount_received: 0,
            failure: None,
            client_secret: None,
            next_action: None,
            payment_id: None,
            attempt: 0,
        }
    }
}

/// Take money that is held. The capture id is also the provider's idempotency key.
#[derive(Debug, Clone)]
pub(crate) struct NewCapture {
    pub(crate) capture_id: primitives::CaptureId,
    pub(crate) payment_reference: String,
    pub(crate) amount: Money,
}

/// Give money back. The refund id is also the provider's idempotency key.
#[derive(Debug, Clone)]
pub(crate) struct NewRefund {
    pub(crate) refund_id: RefundId,
    pub(crate) payment_reference: String,
    pub(crate) amount: Money,
    /// The provider's id, once we know it.
    pub(crate) reference: Option<String>,
}

/// A refund as the provider reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderRefund {
    pub(crate) reference: String,
    /// Never [`RefundState::Reversed`]: to the provider such a one has failed.
    pub(crate) state: RefundState,
    pub(crate) failure: Option<String>,
    /// For which of our refunds the provider says it is.
    pub(crate) refund_id: Option<RefundId>,
}

/// A cardholder's objection as the provider reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderDispute {
    pub(crate) reference: String,
    /// The payment's reference.
    pub(crate) payment_reference: String,
    /// The provider's word, such as `needs_response`.
    pub(crate) status: String,
    pub(crate) state: DisputeState,
    pub(crate) reason: String,
    pub(crate) amount: i64,
    pub(crate) opened_at: Timestamp,
    pub(crate) evidence_due_at: Option<Timestamp>,
    /// Whether its money was taken from the shop.
    pub(crate) withdrawn: bool,
    /// What the provider charged for it: its id of each fee.
    pub(crate) fees: Vec<Fee>,
}

/// What the provider kept for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fee {
    pub(crate) reference: String,
    pub(crate) amount: Money,
}

/// A card that the provider keeps for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedCard {
    pub(crate) id: String,
    pub(crate) brand: String,
    pub(crate) last4: String,
    pub(crate) exp_month: i64,
    pub(crate) exp_year: i64,
    pub(crate) created_at: Timestamp,
}

/// Why the provider did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// The request can never succeed as it is, such as cancelling what was paid.
    #[error("the payment provider refused: {0}")]
    Refused(String),
    /// It may succeed later; whether it was done is not known.
    #[error("the payment provider did not answer: {0}")]
    Unavailable(String),
}

/// A message of the provider, its signature checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebhookMessage {
    /// The provider's event id, by which a repetition is recognised.
    pub(crate) id: String,
    pub(crate) kind: String,
    /// The API version in which its object is written.
    pub(crate) api_version: Option<String>,
    pub(crate) payload: serde_json::Value,
}

/// What a webhook message says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum News {
    /// A payment is now so.
    Payment(ProviderPayment),
    /// A hosted page ended: its payment has to be asked for. The page's id.
    Page(String),
    /// A refund is now so.
    Refund(ProviderRefund),
    /// A dispute is now so.
    Dispute(ProviderDispute),
    /// Something that does not concern us.
    Irrelevant,
}

/// Why a webhook request is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WebhookRejection {
    #[error("the signature header is missing or does not match the body")]
    BadSignature,
    #[error("the signature is too old")]
    Expired,
    #[error("the body is not an event")]
    Malformed,
}
