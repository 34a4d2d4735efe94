//! `/api/disputes`.

pub(crate) mod list;

use primitives::{DisputeId, Money, OrderId, PaymentId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::dispute::DisputeState;
use crate::store::disputes::Dispute;

/// A cardholder's objection to a payment. It is answered at Stripe.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dispute)]
pub(crate) struct DisputeView {
    pub(crate) id: DisputeId,
    pub(crate) payment_id: PaymentId,
    pub(crate) order_id: OrderId,
    pub(crate) state: DisputeState,
    /// Stripe's word, such as `needs_response` or `under_review`.
    pub(crate) status: String,
    /// Stripe's word, such as `fraudulent`.
    pub(crate) reason: String,
    pub(crate) amount: Money,
    /// Until when evidence counts.
    pub(crate) evidence_due_at: Option<Timestamp>,
    /// Stripe's id.
    pub(crate) provider_ref: String,
    pub(crate) opened_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
}

impl From<Dispute> for DisputeView {
    fn from(dispute: Dispute) -> Self {
        Self {
            id: dispute.id,
            payment_id: dispute.payment_id,
            order_id: dispute.order_id,
            state: dispute.state,
            status: dispute.status,
            reason: dispute.reason,
            amount: dispute.amount,
            evidence_due_at: dispute.evidence_due_at,
            provider_ref: dispute.provider_ref,
            opened_at: dispute.opened_at,
            closed_at: dispute.closed_at,
        }
    }
}
