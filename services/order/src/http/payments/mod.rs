//! `/api/payments`, and paying an order.

pub(crate) mod get;
pub(crate) mod pay;
pub(crate) mod refund;

use primitives::{Money, OrderId, PaymentId, RefundId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::payment::{Capture, Method, PaymentState, ProviderName};
use crate::store::payments::Payment;
use crate::store::refunds::Refund;

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub(crate) struct PaymentView {
    pub(crate) id: PaymentId,
    pub(crate) order_id: OrderId,
    pub(crate) status: PaymentState,
    /// How the customer pays: not chosen yet, or a free order's, if absent.
    pub(crate) method: Option<Method>,
    /// When the money is taken.
    pub(crate) capture: Capture,
    pub(crate) amount: Money,
    /// What the provider held, or holds, for the shop.
    pub(crate) amount_authorized: Money,
    /// What was taken.
    pub(crate) amount_captured: Money,
    pub(crate) amount_refunded: Money,
    /// `none` for a free order.
    pub(crate) provider: ProviderName,
    /// The provider's id, or what the customer writes on a bank transfer.
    pub(crate) provider_ref: Option<String>,
    /// The provider's word for what went wrong last, such as `card_declined`.
    pub(crate) failure: Option<String>,
    pub(crate) created_at: Timestamp,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id,
            order_id: payment.order_id,
            status: payment.state,
            method: payment.method,
            capture: payment.capture,
            amount: payment.amount,
            amount_authorized: payment.amount_authorized,
            amount_captured: payment.amount_captured,
            amount_refunded: payment.amount_refunded,
            provider: payment.provider,
            provider_ref: payment.provider_ref,
            failure: payment.failure,
            created_at: payment.created_at,
        }
    }
}

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub(crate) struct RefundView {
    pub(crate) id: RefundId,
    /// `pending`, `succeeded` or `failed`.
    pub(crate) status: String,
    pub(crate) amount: Money,
}

impl From<Refund> for RefundView {
    fn from(refund: Refund) -> Self {
        Self {
            id: refund.id,
            status: refund.status,
            amount: refund.amount,
        }
    }
}

/// A refund that was written down to be done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundAccepted {
    pub(crate) refund: RefundView,
}
