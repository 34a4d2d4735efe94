//! The life of a payment row. What the provider says wins, but a payment never goes back from a final state.

use serde::{Deserialize, Serialize};

use super::order::{UnknownName, names};

/// How far a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentState {
    RequiresPayment,
    Processing,
    Authorized,
    Succeeded,
    Failed,
    Cancelled,
    PartiallyRefunded,
    Refunded,
}

names!(PaymentState {
    RequiresPayment = "requires_payment",
    Processing = "processing",
    Authorized = "authorized",
    Succeeded = "succeeded",
    Failed = "failed",
    Cancelled = "cancelled",
    PartiallyRefunded = "partially_refunded",
    Refunded = "refunded",
});

/// How a customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// In the shop's own form, by Stripe's elements.
    Card,
    /// On a page that Stripe hosts.
    CheckoutSession,
    /// To the shop's bank account; staff say when the money is there.
    BankTransfer,
}

names!(Method {
    Card = "card",
    CheckoutSession = "checkout_session",
    BankTransfer = "bank_transfer",
});

impl Method {
    /// Who moves the money.
    pub(crate) const fn provider(self) -> ProviderName {
        match self {
            Self::Card | Self::CheckoutSession => ProviderName::Stripe,
            Self::BankTransfer => ProviderName::Manual,
        }
    }
}

/// Who moves a payment's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProviderName {
    Stripe,
    /// The customer's bank and the shop's staff.
    Manual,
    /// Nobody: the order is free.
    None,
}

names!(ProviderName {
    Stripe = "stripe",
    Manual = "manual",
    None = "none",
});

/// When the money of a card is taken.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Capture {
    /// When the customer pays.
    Automatic,
    /// When staff say so, such as on shipping; until then it is only authorised.
    Manual,
}

names!(Capture {
    Automatic = "automatic",
    Manual = "manual",
});

impl PaymentState {
    /// Whether the customer's money is, or was, ours.
    pub(crate) const fn is_charged(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::PartiallyRefunded | Self::Refunded
        )
    }

    /// The state after the provider reported `reported`. Reports may be late, repeated or out of order: once charged, only
    /// refunds move it on; once cancelled, only a charge does (the provider was faster than the cancellation).
    pub(crate) const fn after(self, reported: Self) -> Self {
        match (self, reported) {
            (Self::Succeeded | Self::PartiallyRefunded | Self::Refunded, _) => self,
            (Self::Cancelled, Self::Succeeded) => Self::Succeeded,
            (Self::Cancelled, _) => Self::Cancelled,
            (_, reported) => reported,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PaymentState::*;

    #[test]
    fn late_reports_do_not_undo_a_charge() {
        for late in [RequiresPayment, Processing, Authorized, Failed, Cancelled] {
            assert_eq!(Succeeded.after(late), Succeeded);
            assert_eq!(Refunded.after(late), Refunded);
        }
        assert_eq!(Cancelled.after(Succeeded), Succeeded);
        assert_eq!(Cancelled.after(Processing), Cancelled);
        assert_eq!(Failed.after(Succeeded), Succeeded);
    }
}
