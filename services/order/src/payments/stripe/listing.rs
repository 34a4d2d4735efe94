//! Stripe's lists, to be compared with what we have: newest first, a hundred at a time.

use primitives::{PaymentId, RefundId, Timestamp};
use stripe::StripeError;
use stripe_core::dispute::{ListDispute, RetrieveDispute};
use stripe_core::payment_intent::{ListPaymentIntent, RetrievePaymentIntent};
use stripe_core::refund::{ListRefund, RetrieveRefund};
use stripe_shared::{Dispute, PaymentIntent, Refund};
use stripe_types::{List, RangeBoundsTs, RangeQueryTs};

use super::webhooks::read_dispute;
use super::{Stripe, failure};
use crate::payments::{ProviderDispute, ProviderError, ProviderPayment, ProviderRefund};

/// As many as Stripe answers at once.
const LIMIT: i64 = 100;

/// A part of a list, and where the next one begins.
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// A payment, with what we told Stripe of it.
#[derive(Debug, Clone)]
pub(crate) struct ListedPayment {
    pub(crate) news: ProviderPayment,
    /// Which of ours it says to be.
    pub(crate) payment_id: Option<PaymentId>,
    /// What was asked for.
    pub(crate) amount: i64,
}

/// A refund, with what we told Stripe of it.
#[derive(Debug, Clone)]
pub(crate) struct ListedRefund {
    pub(crate) news: ProviderRefund,
    /// Which of ours it says to be; none when it was made elsewhere, as in Stripe's own panel.
    pub(crate) refund_id: Option<RefundId>,
    pub(crate) payment_reference: Option<String>,
    pub(crate) amount: i64,
}

/// A dispute; without news when it is of a charge that is like none of ours.
#[derive(Debug, Clone)]
pub(crate) struct ListedDispute {
    pub(crate) news: Option<ProviderDispute>,
}

impl Stripe {
    /// Payments created from one moment to before another.
    pub(crate) async fn list_payments(
        &self,
        created: (Timestamp, Timestamp),
        after: Option<&str>,
    ) -> Result<Listed<ListedPayment>, ProviderError> {
        let mut request = ListPaymentIntent::new()
            .created(range(created))
            .limit(LIMIT);
        if let Some(after) = after {
            request = request.starting_after(after);
        }
        let list = request.send(&self.client).await.map_err(failure)?;
        Ok(listed(list, |intent| intent.id.to_string()))
    }

    /// Refunds created from one moment to before another.
    pub(crate) async fn list_refunds(
        &self,
        created: (Timestamp, Timestamp),
        after: Option<&str>,
    ) -> Result<Listed<ListedRefund>, ProviderError> {
        let mut request = ListRefund::new().created(range(created)).limit(LIMIT);
        if let Some(after) = after {
            request = request.starting_after(after);
        }
        let list = request.send(&self.client).await.map_err(failure)?;
        Ok(listed(list, |refund| refund.id.to_string()))
    }

    /// Disputes created from one moment to before another.
    pub(crate) async fn list_disputes(
        &self,
        created: (Timestamp, Timestamp),
        after: Option<&str>,
    ) -> Result<Listed<ListedDispute>, ProviderError> {
        let mut request = ListDispute::new().created(range(created)).limit(LIMIT);
        if let Some(after) = after {
            request = request.starting_after(after);
        }
        let list = request.send(&self.client).await.map_err(failure)?;
        Ok(listed(list, |dispute| dispute.id.to_string()))
    }

    /// One dispute, or none if Stripe does not have it.
    pub(crate) async fn look_up_dispute(
        &self,
        reference: &str,
    ) -> Result<Option<ListedDispute>, ProviderError> {
        found(RetrieveDispute::new(reference).send(&self.client).await)
    }

    /// One payment, or none if Stripe does not have it.
    pub(crate) async fn look_up_payment(
        &self,
        reference: &str,
    ) -> Result<Option<ListedPayment>, ProviderError> {
        found(
            RetrievePaymentIntent::new(reference)
                .send(&self.client)
                .await,
        )
    }

    /// One refund, or none if Stripe does not have it.
    pub(crate) async fn look_up_refund(
        &self,
        reference: &str,
    ) -> Result<Option<ListedRefund>, ProviderError> {
        found(RetrieveRefund::new(reference).send(&self.client).await)
    }
}

fn range((from, until): (Timestamp, Timestamp)) -> RangeQueryTs {
    RangeQueryTs::Bounds(RangeBoundsTs {
        gte: Some(from.unix()),
        lt: Some(until.unix()),
        ..RangeBoundsTs::default()
    })
}

fn listed<T, L: From<T>>(list: List<T>, id: impl Fn(&T) -> String) -> Listed<L> {
    let next = list.data.last().map(id).filter(|_| list.has_more);
    Listed {
        items: list.data.into_iter().map(L::from).collect(),
        next,
    }
}

fn found<T, L: From<T>>(answer: Result<T, StripeError>) -> Result<Option<L>, ProviderError> {
    match answer {
        Ok(object) => Ok(Some(object.into())),
        Err(StripeError::Stripe(_, 404)) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

impl From<Dispute> for ListedDispute {
    fn from(dispute: Dispute) -> Self {
        Self {
            news: read_dispute(dispute),
        }
    }
}

impl From<PaymentIntent> for ListedPayment {
    fn from(intent: PaymentIntent) -> Self {
        Self {
            payment_id: ours(intent.metadata.get("payment_id")),
            amount: intent.amount,
            news: intent.into(),
        }
    }
}

impl From<Refund> for ListedRefund {
    fn from(refund: Refund) -> Self {
        let metadata = refund.metadata.as_ref();
        Self {
            refund_id: ours(metadata.and_then(|metadata| metadata.get("refund_id"))),
            payment_reference: refund
                .payment_intent
                .as_ref()
                .map(|intent| intent.id().to_string()),
            amount: refund.amount,
            news: refund.into(),
        }
    }
}

fn ours<Id: std::str::FromStr>(written: Option<&String>) -> Option<Id> {
    written.and_then(|id| id.parse().ok())
}
