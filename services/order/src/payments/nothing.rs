//! The provider of free orders, for which nothing is to be paid.

use async_trait::async_trait;

use super::{
    NewCapture, NewPayment, NewRefund, PaymentProvider, ProviderError, ProviderPayment,
    ProviderRefund, Started,
};
use crate::domain::payment::PaymentState;

/// The provider `none`.
pub(crate) struct Nothing;

impl Nothing {
    fn refuse<T>() -> Result<T, ProviderError> {
        Err(ProviderError::Refused("the order is free".to_owned()))
    }
}

#[async_trait]
impl PaymentProvider for Nothing {
    async fn start(&self, _: &NewPayment) -> Result<Started, ProviderError> {
        Self::refuse()
    }

    async fn look_up(&self, _: &NewPayment) -> Result<Option<ProviderPayment>, ProviderError> {
        Ok(None)
    }

    async fn capture(&self, _: &NewCapture) -> Result<ProviderPayment, ProviderError> {
        Self::refuse()
    }

    async fn stop(&self, payment: &NewPayment) -> Result<ProviderPayment, ProviderError> {
        Ok(ProviderPayment::bare(
            &payment.order_number,
            PaymentState::Cancelled,
        ))
    }

    async fn refund(&self, _: &NewRefund) -> Result<ProviderRefund, ProviderError> {
        Self::refuse()
    }
}
