//! The life of a payment row. What the provider says wins, but a payment never goes back from a final state.

use serde::{Deserialize, Serialize};

use super::order::{Event, UnknownName, names};

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
    /// refunds move it on; once cancelled, only a charge does (the provider was faster than the cancellation); money that is held is taken
    /// or let go.
    pub(crate) const fn after(self, reported: Self) -> Self {
        match (self, reported) {
            (Self::Succeeded | Self::PartiallyRefunded | Self::Refunded, _) => self,
            (Self::Cancelled | Self::Authorized, Self::Succeeded) => Self::Succeeded,
            (Self::Authorized, Self::Cancelled) | (Self::Cancelled, _) => Self::Cancelled,
            (Self::Authorized, _) => Self::Authorized,
            // The intent waits for another card; news of that is older than the failure, or the same.
            (Self::Failed, Self::RequiresPayment) => Self::Failed,
            (_, reported) => reported,
        }
    }
}

/// What is known of a payment, or what the provider reports of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Report<'a> {
    pub(crate) state: PaymentState,
    /// Minor units that are held and not taken.
    pub(crate) authorized: i64,
    /// Minor units that were taken until now.
    pub(crate) captured: i64,
    /// The provider's word for what went wrong last.
    pub(crate) failure: Option<&'a str>,
}

/// What of a report is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    /// The payment's state now.
    pub(crate) state: PaymentState,
    /// What the order is to be told.
    pub(crate) event: Option<Event>,
}

/// Compares a report with what is known; nothing if it says nothing new.
pub(crate) fn news(known: Report<'_>, reported: Report<'_>) -> Option<News> {
    let state = known.state.after(reported.state);
    let taken = reported.state.is_charged() && reported.captured > known.captured;
    let declined = state == PaymentState::Failed && known.failure != reported.failure;
    if state == known.state && !taken && !declined {
        return None;
    }
    let event = match state {
        _ if taken => Some(Event::Paid {
            amount: reported.captured,
        }),
        PaymentState::Authorized => Some(Event::Authorized {
            amount: reported.authorized,
        }),
        PaymentState::Failed => Some(Event::Declined {
            reason: reported.failure.unwrap_or("declined").to_owned(),
        }),
        PaymentState::Cancelled => Some(Event::AuthorizationLost),
        PaymentState::RequiresPayment
        | PaymentState::Processing
        | PaymentState::Succeeded
        | PaymentState::PartiallyRefunded
        | PaymentState::Refunded => None,
    };
    Some(News { state, event })
}

#[cfg(test)]
mod tests {
    use super::PaymentState::*;
    use super::{Event, News, Report, news};

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

    #[test]
    fn money_that_is_held_is_taken_or_let_go() {
        for late in [RequiresPayment, Processing, Failed] {
            assert_eq!(Authorized.after(late), Authorized);
        }
        assert_eq!(Authorized.after(Cancelled), Cancelled);
        assert_eq!(Cancelled.after(Authorized), Cancelled);
    }

    #[test]
    fn more_money_is_news_even_of_a_charged_payment() {
        let known = Report {
            state: PartiallyRefunded,
            authorized: 0,
            captured: 300,
            failure: None,
        };
        let reported = |captured| Report {
            state: Succeeded,
            captured,
            ..known
        };
        assert_eq!(news(known, reported(300)), None);
        let event = Some(Event::Paid { amount: 500 });
        let state = PartiallyRefunded;
        assert_eq!(news(known, reported(500)), Some(News { state, event }));
    }
}
