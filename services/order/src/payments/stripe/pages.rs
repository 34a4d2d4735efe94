//! Checkout Sessions: a page that Stripe hosts.

use stripe::StripeRequest as _;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
    CreateCheckoutSessionPaymentIntentData, CreateCheckoutSessionPaymentIntentDataCaptureMethod,
    ExpireCheckoutSession, ProductData, RetrieveCheckoutSession,
};
use stripe_shared::{CheckoutSession, CheckoutSessionMode};
use stripe_types::Expandable;

use super::{Stripe, currency, failure, idempotent};
use crate::domain::payment::{Capture, PaymentState};
use crate::payments::{NewPayment, ProviderError, ProviderPayment, Started};

/// A hosted page as we need it.
pub(super) struct Page {
    id: String,
    url: Option<String>,
    open: bool,
    /// Made when the customer first tries to pay.
    intent: Option<String>,
}

impl From<CheckoutSession> for Page {
    fn from(session: CheckoutSession) -> Self {
        Self {
            id: session.id.to_string(),
            open: session
                .status
                .is_some_and(|status| status.as_str() == "open"),
            url: session.url,
            intent: session.payment_intent.map(|intent| match intent {
                Expandable::Id(id) => id.to_string(),
                Expandable::Object(intent) => intent.id.to_string(),
            }),
        }
    }
}

impl Stripe {
    /// Makes the page of this attempt, or finds it again. The order is one line: discounts, shipping and taxes are ours to compute.
    pub(super) async fn open_page(&self, payment: &NewPayment) -> Result<Page, ProviderError> {
        if let Some(page) = &payment.page {
            return self.page(page).await;
        }
        let name = format!("Order {}", payment.order_number);
        let line = CreateCheckoutSessionLineItems {
            price_data: Some(CreateCheckoutSessionLineItemsPriceData {
                product_data: Some(ProductData::new(name.clone())),
                unit_amount: Some(payment.amount.amount()),
                ..CreateCheckoutSessionLineItemsPriceData::new(currency(payment.amount)?)
            }),
            quantity: Some(1),
            ..CreateCheckoutSessionLineItems::new()
        };
        let intent = CreateCheckoutSessionPaymentIntentData {
            description: Some(name),
            metadata: Some(payment.metadata()),
            capture_method: (payment.capture == Capture::Manual)
                .then_some(CreateCheckoutSessionPaymentIntentDataCaptureMethod::Manual),
            ..CreateCheckoutSessionPaymentIntentData::new()
        };
        CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Payment)
            .line_items(vec![line])
            .payment_intent_data(intent)
            .client_reference_id(payment.payment_id.to_string())
            .metadata(payment.metadata())
            .success_url(&*payment.return_url)
            .cancel_url(&*payment.return_url)
            .customize()
            .request_strategy(idempotent(&format!("{}-page", payment.key()))?)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    async fn page(&self, id: &str) -> Result<Page, ProviderError> {
        RetrieveCheckoutSession::new(id)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    /// The payment behind a page that has ended, or of which we want to know.
    pub(crate) async fn payment_of_page(&self, id: &str) -> Result<ProviderPayment, ProviderError> {
        let page = self.page(id).await?;
        self.behind(&page).await
    }

    /// A page without an intent was never used: it waits, or can never be paid any more.
    pub(super) async fn behind(&self, page: &Page) -> Result<ProviderPayment, ProviderError> {
        match &page.intent {
            Some(intent) => self.retrieve(intent).await,
            None if page.open => Ok(ProviderPayment::bare(
                &page.id,
                PaymentState::RequiresPayment,
            )),
            None => Ok(ProviderPayment::bare(&page.id, PaymentState::Cancelled)),
        }
    }

    pub(super) async fn start_page(&self, payment: &NewPayment) -> Result<Started, ProviderError> {
        let page = self.open_page(payment).await?;
        Ok(Started {
            payment: self.behind(&page).await?,
            page: Some(page.id),
            page_url: page.url,
            instructions: None,
        })
    }

    /// Closes a page; an intent behind it ends with it. What was paid on it before stays paid.
    pub(super) async fn close_page(
        &self,
        payment: &NewPayment,
    ) -> Result<ProviderPayment, ProviderError> {
        let mut page = self.open_page(payment).await?;
        if page.open {
            let closed = ExpireCheckoutSession::new(&*page.id)
                .send(&self.client)
                .await
                .map(Into::into)
                .map_err(failure);
            page = match closed {
                Ok(page) => page,
                // Somebody paid in this moment.
                Err(ProviderError::Refused(_)) => self.page(&page.id).await?,
                Err(error) => return Err(error),
            };
        }
        match &page.intent {
            // Money that is held on it is let go.
            Some(intent) => self.cancel(intent).await,
            None => self.behind(&page).await,
        }
    }
}
