//! PaymentIntents and refunds.

use std::collections::HashMap;

use primitives::Money;
use stripe::{StripeError, StripeRequest as _};
use stripe_core::payment_intent::{
    CancelPaymentIntent, CapturePaymentIntent, ConfirmPaymentIntent, CreatePaymentIntent,
    CreatePaymentIntentAutomaticPaymentMethods,
    CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects, RetrievePaymentIntent,
    UpdatePaymentIntent,
};
use stripe_core::refund::{CreateRefund, RetrieveRefund};
use stripe_shared::{
    ApiErrors, BalanceTransaction, Charge, PaymentIntent, PaymentIntentCaptureMethod,
    PaymentIntentNextAction, PaymentIntentSetupFutureUsage, Refund,
};
use stripe_types::Expandable;

use super::{Stripe, currency, failure, idempotent};
use crate::domain::payment::{Capture, PaymentState};
use crate::domain::refund::RefundState;
use crate::payments::{
    Fee, NewCapture, NewPayment, NewRefund, ProviderError, ProviderPayment, ProviderRefund,
};

impl NewPayment {
    /// Stripe's idempotency key of this attempt.
    pub(super) fn key(&self) -> String {
        match self.attempt {
            0 => format!("payment-{}", self.payment_id),
            attempt => format!("payment-{}-{attempt}", self.payment_id),
        }
    }

    /// By which we know our own again in news that comes before we have stored the provider's id.
    pub(super) fn metadata(&self) -> HashMap<String, String> {
        HashMap::from([
            ("payment_id".to_owned(), self.payment_id.to_string()),
            ("order_id".to_owned(), self.order_id.to_string()),
            ("attempt".to_owned(), self.attempt.to_string()),
        ])
    }
}

impl Stripe {
    /// Creates a payment, or finds the one that was created for the same payment id and attempt. Only what never changes is sent, since Stripe
    /// refuses a key with other parameters.
    pub(super) async fn create(
        &self,
        payment: &NewPayment,
    ) -> Result<ProviderPayment, ProviderError> {
        let methods = CreatePaymentIntentAutomaticPaymentMethods {
            allow_redirects: Some(CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects::Never),
            enabled: true,
        };
        let mut request =
            CreatePaymentIntent::new(payment.amount.amount(), currency(payment.amount)?)
                .automatic_payment_methods(methods)
                .description(format!("Order {}", payment.order_number))
                .metadata(payment.metadata());
        if payment.capture == Capture::Manual {
            request = request.capture_method(PaymentIntentCaptureMethod::Manual);
        }
        request
            .customize()
            .request_strategy(idempotent(&payment.key())?)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    pub(crate) async fn retrieve(&self, reference: &str) -> Result<ProviderPayment, ProviderError> {
        RetrievePaymentIntent::new(reference)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    /// Says whose payment it is, and whether the card is to be kept for the next time.
    pub(super) async fn assign(
        &self,
        reference: &str,
        customer: &str,
        save_card: bool,
    ) -> Result<ProviderPayment, ProviderError> {
        let mut request = UpdatePaymentIntent::new(reference).customer(customer);
        if save_card {
            request = request.setup_future_usage(PaymentIntentSetupFutureUsage::OnSession);
        }
        request
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    /// Pays with one of Stripe's test payment methods or with a saved card, as a browser would. A decline is an answer: the payment's state and
    /// failure tell of it. So is that another tab was faster.
    pub(crate) async fn confirm(
        &self,
        reference: &str,
        method: &str,
    ) -> Result<ProviderPayment, ProviderError> {
        let confirmed = ConfirmPaymentIntent::new(reference)
            .payment_method(method)
            .send(&self.client)
            .await;
        match confirmed {
            Ok(intent) => Ok(intent.into()),
            Err(StripeError::Stripe(error, 402)) => match error.payment_intent {
                Some(intent) => Ok(intent.into()),
                None => self.retrieve(reference).await,
            },
            Err(error) => match failure(error) {
                ProviderError::Refused(why) => {
                    let known = self.retrieve(reference).await?;
                    let waits = [PaymentState::RequiresPayment, PaymentState::Failed];
                    if waits.contains(&known.state) {
                        return Err(ProviderError::Refused(why));
                    }
                    Ok(known)
                }
                unavailable => Err(unavailable),
            },
        }
    }

    /// Stops a payment. Refused when the money is already ours: then its state tells.
    pub(crate) async fn cancel(&self, reference: &str) -> Result<ProviderPayment, ProviderError> {
        let cancelled = CancelPaymentIntent::new(reference)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure);
        match cancelled {
            Err(ProviderError::Refused(_)) => self.retrieve(reference).await,
            other => other,
        }
    }

    /// Takes what is held, or a part of it. Refused when it was taken or lost before: then its state tells.
    pub(super) async fn take(
        &self,
        capture: &NewCapture,
    ) -> Result<ProviderPayment, ProviderError> {
        let taken = CapturePaymentIntent::new(&*capture.payment_reference)
            .amount_to_capture(capture.amount.amount())
            .customize()
            .request_strategy(idempotent(&format!("capture-{}", capture.capture_id))?)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure);
        match taken {
            Err(ProviderError::Refused(why)) => {
                let known = self.retrieve(&capture.payment_reference).await?;
                if known.state == PaymentState::Authorized {
                    return Err(ProviderError::Refused(why));
                }
                Ok(known)
            }
            other => other,
        }
    }

    /// Gives money back, or finds the refund that was made for the same refund id.
    pub(super) async fn give_back(
        &self,
        refund: &NewRefund,
    ) -> Result<ProviderRefund, ProviderError> {
        CreateRefund::new()
            .payment_intent(&*refund.payment_reference)
            .amount(refund.amount.amount())
            .metadata(HashMap::from([(
                "refund_id".to_owned(),
                refund.refund_id.to_string(),
            )]))
            .customize()
            .request_strategy(idempotent(&format!("refund-{}", refund.refund_id))?)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    pub(crate) async fn retrieve_refund(
        &self,
        reference: &str,
    ) -> Result<ProviderRefund, ProviderError> {
        RetrieveRefund::new(reference)
            .send(&self.client)
            .await
            .map(Into::into)
            .map_err(failure)
    }

    /// Gives a payment back that none of our orders waits for: the customer had paid in another way before.
    pub(crate) async fn return_stray(
        &self,
        payment: &ProviderPayment,
    ) -> Result<(), ProviderError> {
        if payment.state == PaymentState::Authorized {
            return self.cancel(&payment.reference).await.map(drop);
        }
        let refunded = CreateRefund::new()
            .payment_intent(&*payment.reference)
            .customize()
            .request_strategy(idempotent(&format!("stray-{}", payment.reference))?)
            .send(&self.client)
            .await;
        match refunded {
            Ok(_) => Ok(()),
            Err(StripeError::Stripe(error, _)) if went_back_before(&error) => Ok(()),
            Err(error) => Err(failure(error)),
        }
    }

    /// What Stripe kept of a charge; nothing while it has not decided.
    pub(crate) async fn fee(&self, reference: &str) -> Result<Option<Fee>, ProviderError> {
        let intent = RetrievePaymentIntent::new(reference)
            .expand(vec!["latest_charge.balance_transaction".to_owned()])
            .send(&self.client)
            .await
            .map_err(failure)?;
        let Some(moved) = intent.latest_charge.and_then(charged) else {
            return Ok(None);
        };
        let amount = money(moved.fee, &moved.currency)
            .ok_or_else(|| ProviderError::Refused(format!("a fee in {}", moved.currency)))?;
        Ok(Some(Fee {
            reference: moved.id.to_string(),
            amount,
        }))
    }
}

fn went_back_before(error: &ApiErrors) -> bool {
    let code = error.code.as_ref().map(|code| code.as_str());
    code == Some("charge_already_refunded")
}

fn charged(charge: Expandable<Charge>) -> Option<BalanceTransaction> {
    match charge.into_object()?.balance_transaction? {
        Expandable::Object(moved) => Some(*moved),
        Expandable::Id(_) => None,
    }
}

fn money(amount: i64, currency: &stripe_types::Currency) -> Option<Money> {
    let currency = currency.to_string().to_ascii_uppercase().parse().ok()?;
    Some(Money::new(amount, currency))
}

/// The action as Stripe.js and clients without it can follow it.
fn next_action(action: &PaymentIntentNextAction) -> serde_json::Value {
    let redirect = action.redirect_to_url.as_ref();
    serde_json::json!({
        "type": action.type_,
        "redirect_to_url": redirect.map(|to| serde_json::json!({"url": to.url, "return_url": to.return_url})),
    })
}

impl From<PaymentIntent> for ProviderPayment {
    fn from(intent: PaymentIntent) -> Self {
        let failure = intent.last_payment_error.and_then(|error| {
            error
                .code
                .map(|code| code.as_str().to_owned())
                .or(error.decline_code)
        });
        Self {
            state: payment_state(intent.status.as_str(), failure.is_some()),
            reference: intent.id.to_string(),
            amount_held: intent.amount_capturable,
            amount_received: intent.amount_received,
            failure,
            client_secret: intent.client_secret,
            next_action: intent.next_action.as_ref().map(next_action),
            payment_id: read(&intent.metadata, "payment_id"),
            attempt: read(&intent.metadata, "attempt").unwrap_or(0),
        }
    }
}

impl From<Refund> for ProviderRefund {
    fn from(refund: Refund) -> Self {
        Self {
            state: refund_state(refund.status.as_deref()),
            reference: refund.id.to_string(),
            failure: refund.failure_reason,
            refund_id: refund
                .metadata
                .as_ref()
                .and_then(|metadata| read(metadata, "refund_id")),
        }
    }
}

/// One of our own words in an object's metadata.
pub(super) fn read<T: std::str::FromStr>(
    metadata: &HashMap<String, String>,
    key: &str,
) -> Option<T> {
    metadata.get(key)?.parse().ok()
}

/// <https://docs.stripe.com/payments/paymentintents/lifecycle>: after a decline an intent waits for another payment method.
pub(super) fn payment_state(status: &str, failed: bool) -> PaymentState {
    match status {
        "succeeded" => PaymentState::Succeeded,
        "canceled" => PaymentState::Cancelled,
        "processing" => PaymentState::Processing,
        "requires_capture" => PaymentState::Authorized,
        "requires_payment_method" if failed => PaymentState::Failed,
        _ => PaymentState::RequiresPayment,
    }
}

pub(super) fn refund_state(status: Option<&str>) -> RefundState {
    match status {
        Some("succeeded") => RefundState::Succeeded,
        Some("failed" | "canceled") => RefundState::Failed,
        _ => RefundState::Pending,
    }
}
