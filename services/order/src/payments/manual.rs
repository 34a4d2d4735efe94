//! Bank transfer: the customer is told what to transfer to where, and staff say when it has come.

use async_trait::async_trait;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    NewCapture, NewPayment, NewRefund, PaymentProvider, ProviderError, ProviderPayment,
    ProviderRefund, Started,
};
use crate::domain::payment::PaymentState;
use crate::domain::refund::RefundState;

/// The shop's bank account.
#[derive(Clone, Debug, clap::Args)]
pub struct BankTransferSettings {
    /// Whose account it is; with the IBAN it makes bank transfers possible.
    #[arg(long, env = "BANK_TRANSFER_HOLDER", default_value = "")]
    pub bank_transfer_holder: String,
    /// The account; empty: no bank transfers.
    #[arg(long, env = "BANK_TRANSFER_IBAN", default_value = "")]
    pub bank_transfer_iban: String,
    /// The bank.
    #[arg(long, env = "BANK_TRANSFER_BIC", default_value = "")]
    pub bank_transfer_bic: String,
    /// How long an order waits for the money.
    #[arg(long, env = "BANK_TRANSFER_DAYS", default_value_t = 7)]
    pub bank_transfer_days: u32,
}

/// What to transfer, and to where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Instructions {
    pub(crate) account_holder: String,
    pub(crate) iban: String,
    pub(crate) bic: Option<String>,
    /// What has to be written on the transfer: the order's number.
    pub(crate) reference: String,
    pub(crate) amount: primitives::Money,
}

/// The provider `manual`.
#[derive(Clone)]
pub(crate) struct BankTransfer {
    settings: BankTransferSettings,
}

impl BankTransfer {
    pub(crate) fn new(settings: &BankTransferSettings) -> Self {
        Self {
            settings: settings.clone(),
        }
    }

    /// Whether the shop has said to which account.
    pub(crate) fn is_offered(&self) -> bool {
        !self.settings.bank_transfer_iban.is_empty()
    }

    /// How long an order waits for the money.
    pub(crate) fn patience(&self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::from(self.settings.bank_transfer_days) * 24 * 3600)
    }
}

/// Only people move money here: nothing is known of it but what staff say.
#[async_trait]
impl PaymentProvider for BankTransfer {
    async fn start(&self, payment: &NewPayment) -> Result<Started, ProviderError> {
        let bic = &self.settings.bank_transfer_bic;
        let instructions = Instructions {
            account_holder: self.settings.bank_transfer_holder.clone(),
            iban: self.settings.bank_transfer_iban.clone(),
            bic: (!bic.is_empty()).then(|| bic.clone()),
            reference: payment.order_number.clone(),
            amount: payment.amount,
        };
        Ok(Started {
            payment: ProviderPayment::bare(&payment.order_number, PaymentState::RequiresPayment),
            page: None,
            page_url: None,
            instructions: Some(instructions),
        })
    }

    async fn look_up(&self, _: &NewPayment) -> Result<Option<ProviderPayment>, ProviderError> {
        Ok(None)
    }

    async fn capture(&self, _: &NewCapture) -> Result<ProviderPayment, ProviderError> {
        Err(ProviderError::Refused(
            "a bank transfer is never held".to_owned(),
        ))
    }

    async fn stop(&self, payment: &NewPayment) -> Result<ProviderPayment, ProviderError> {
        Ok(ProviderPayment::bare(
            &payment.order_number,
            PaymentState::Cancelled,
        ))
    }

    /// Waits until staff say that they have transferred it.
    async fn refund(&self, refund: &NewRefund) -> Result<ProviderRefund, ProviderError> {
        Ok(ProviderRefund {
            reference: format!("transfer-{}", refund.refund_id),
            state: RefundState::Pending,
            failure: None,
            refund_id: Some(refund.refund_id),
        })
    }
}
