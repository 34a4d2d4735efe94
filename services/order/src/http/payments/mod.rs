//! `/api/payments`, and paying an order.

pub(crate) mod capture;
pub(crate) mod get;
pub(crate) mod mark_paid;
pub(crate) mod pay;
pub(crate) mod refund;
pub(crate) mod void;

use primitives::{CaptureId, Money, OrderId, PaymentId, RefundId, Timestamp};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::domain::payment::{Capture, Method, PaymentState, ProviderName};
use crate::http::disputes::DisputeView;
use crate::store;
use crate::store::captures::Capture as CaptureRow;
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
    /// Until when a bank transfer is waited for.
    pub(crate) due_at: Option<Timestamp>,
    /// What cardholders' banks object to. Only where a single payment is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disputes: Option<Vec<DisputeView>>,
    pub(crate) created_at: Timestamp,
}

impl PaymentView {
    /// A payment with its disputes.
    pub(crate) async fn whole(conn: &mut PgConnection, payment: Payment) -> sqlx::Result<Self> {
        let disputes = store::disputes::of_payment(conn, payment.id).await?;
        Ok(Self {
            disputes: Some(disputes.into_iter().map(Into::into).collect()),
            ..payment.into()
        })
    }
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
            due_at: payment.due_at,
            disputes: None,
            created_at: payment.created_at,
        }
    }
}

/// Taking money that is held.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Capture)]
pub(crate) struct CaptureView {
    pub(crate) id: CaptureId,
    /// `pending`, `succeeded` or `failed`.
    pub(crate) status: String,
    pub(crate) amount: Money,
}

impl From<CaptureRow> for CaptureView {
    fn from(capture: CaptureRow) -> Self {
        Self {
            id: capture.id,
            status: capture.status,
            amount: capture.amount,
        }
    }
}

/// A capture that was written down to be done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaptureAccepted {
    pub(crate) capture: CaptureView,
}

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub(crate) struct RefundView {
    pub(crate) id: RefundId,
    /// `pending`, `succeeded`, `failed`, or `reversed`: the customer's bank sent it back.
    pub(crate) status: String,
    pub(crate) amount: Money,
}

impl From<Refund> for RefundView {
    fn from(refund: Refund) -> Self {
        Self {
            id: refund.id,
            status: refund.state.as_str().to_owned(),
            amount: refund.amount,
        }
    }
}

/// A refund that was written down to be done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundAccepted {
    pub(crate) refund: RefundView,
}
