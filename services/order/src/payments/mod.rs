//! The seam to whoever moves the money. Nothing outside this folder knows a provider's types.

mod stripe;

pub(crate) use stripe::{ListedPayment, ListedRefund, PublishableKey, Stripe, StripeSettings};

use primitives::{Money, OrderId, PaymentId, RefundId};

use crate::domain::payment::PaymentState;

/// Ask for a payment. The payment id is also the provider's idempotency key, so a repetition finds the same payment.
pub(crate) struct NewPayment {
    pub(crate) payment_id: PaymentId,
    pub(crate) order_id: OrderId,
    pub(crate) order_number: String,
    pub(crate) amount: Money,
}

/// A payment as the provider reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderPayment {
    /// The provider's id.
    pub(crate) reference: String,
    pub(crate) state: PaymentState,
    /// Minor units that the provider took.
    pub(crate) amount_received: i64,
    /// The provider's word for what went wrong last, such as `card_declined`.
    pub(crate) failure: Option<String>,
    /// What a browser needs to pay; absent in webhooks.
    pub(crate) client_secret: Option<String>,
}

/// Give money back. The refund id is also the provider's idempotency key.
pub(crate) struct NewRefund {
    pub(crate) refund_id: RefundId,
    pub(crate) payment_reference: String,
    pub(crate) amount: Money,
}

/// How far a refund is at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundState {
    Pending,
    Succeeded,
    Failed,
}

/// A refund as the provider reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderRefund {
    pub(crate) reference: String,
    pub(crate) state: RefundState,
    pub(crate) failure: Option<String>,
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
    pub(crate) payload: serde_json::Value,
}

/// What a webhook message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// A payment is now so.
    Payment(ProviderPayment),
    /// A refund is now so.
    Refund(ProviderRefund),
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
