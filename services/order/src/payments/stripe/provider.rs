use async_trait::async_trait;

use super::Stripe;
use crate::domain::payment::{Method, PaymentState};
use crate::payments::{
    NewCapture, NewPayment, NewRefund, PaymentProvider, ProviderError, ProviderPayment,
    ProviderRefund, Started,
};

#[async_trait]
impl PaymentProvider for Stripe {
    async fn start(&self, payment: &NewPayment) -> Result<Started, ProviderError> {
        if payment.method == Method::CheckoutSession {
            return self.start_page(payment).await;
        }
        let mut intent = match &payment.reference {
            Some(reference) => self.retrieve(reference).await?,
            None => self.create(payment).await?,
        };
        let open = matches!(
            intent.state,
            PaymentState::RequiresPayment | PaymentState::Failed
        );
        if let (Some(customer), true) = (&payment.customer, open) {
            intent = self
                .assign(&intent.reference, customer, payment.save_card)
                .await?;
        }
        Ok(Started {
            payment: intent,
            page: None,
            page_url: None,
            instructions: None,
        })
    }

    async fn look_up(
        &self,
        payment: &NewPayment,
    ) -> Result<Option<ProviderPayment>, ProviderError> {
        match (&payment.reference, &payment.page) {
            (Some(reference), _) => self.retrieve(reference).await.map(Some),
            (None, Some(page)) => self.payment_of_page(page).await.map(Some),
            (None, None) => Ok(None),
        }
    }

    async fn capture(&self, capture: &NewCapture) -> Result<ProviderPayment, ProviderError> {
        self.take(capture).await
    }

    /// A payment whose creation was not answered may exist all the same: it is found by its key first.
    async fn stop(&self, payment: &NewPayment) -> Result<ProviderPayment, ProviderError> {
        if payment.method == Method::CheckoutSession {
            return self.close_page(payment).await;
        }
        match &payment.reference {
            Some(reference) => self.cancel(reference).await,
            None => {
                let intent = self.create(payment).await?;
                self.cancel(&intent.reference).await
            }
        }
    }

    async fn refund(&self, refund: &NewRefund) -> Result<ProviderRefund, ProviderError> {
        match &refund.reference {
            Some(reference) => self.retrieve_refund(reference).await,
            None => self.give_back(refund).await,
        }
    }
}
