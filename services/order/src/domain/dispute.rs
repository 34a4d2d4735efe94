//! How far a cardholder's objection is. News of it comes in any order: it never goes back.

use serde::{Deserialize, Serialize};

use super::order::{UnknownName, names};

/// How far a dispute is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisputeState {
    /// The bank asks, and has taken nothing.
    Inquiry,
    /// The bank has taken the money until it decides.
    Open,
    /// The inquiry ended without a dispute.
    Closed,
    /// The money is the shop's again.
    Won,
    /// The money is the customer's.
    Lost,
}

names!(DisputeState {
    Inquiry = "inquiry",
    Open = "open",
    Closed = "closed",
    Won = "won",
    Lost = "lost",
});

impl DisputeState {
    /// Whether the bank has decided.
    pub(crate) const fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Won | Self::Lost)
    }

    /// Whether it is, or was, more than a question.
    pub(crate) const fn is_serious(self) -> bool {
        matches!(self, Self::Open | Self::Won | Self::Lost)
    }

    /// The state after the provider reported `reported`: a question may become serious, and what is decided stays decided.
    pub(crate) fn after(self, reported: Self) -> Self {
        if self.is_over() {
            self
        } else {
            self.max(reported)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DisputeState::{self, *};

    #[test]
    fn a_dispute_never_goes_back() {
        let all: [DisputeState; 5] = [Inquiry, Open, Closed, Won, Lost];
        for late in all {
            assert_eq!((Won.after(late), Lost.after(late)), (Won, Lost));
            assert_eq!(Inquiry.after(late), late);
        }
        assert_eq!(Open.after(Inquiry), Open);
        assert_eq!(Open.after(Lost), Lost);
    }
}
