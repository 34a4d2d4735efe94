//! The life of a return, as data.

use serde::{Deserialize, Serialize};

use super::order::{UnknownName, names};

/// How far a return is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReturnStatus {
    /// The customer asks.
    Requested,
    /// The customer may send it.
    Approved,
    Rejected,
    /// The customer keeps it.
    Withdrawn,
    /// It came.
    Received,
    /// The money is on its way back, or there.
    Refunded,
}

names!(ReturnStatus {
    Requested = "requested",
    Approved = "approved",
    Rejected = "rejected",
    Withdrawn = "withdrawn",
    Received = "received",
    Refunded = "refunded",
});

/// Why somebody sends something back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReturnReason {
    /// It came broken.
    Damaged,
    /// It does not work.
    Defective,
    WrongItem,
    NotAsDescribed,
    /// It came too late.
    TooLate,
    Unwanted,
    Other,
}

names!(ReturnReason {
    Damaged = "damaged",
    Defective = "defective",
    WrongItem = "wrong_item",
    NotAsDescribed = "not_as_described",
    TooLate = "too_late",
    Unwanted = "unwanted",
    Other = "other",
});

/// In which state something came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Condition {
    New,
    Opened,
    Used,
    Damaged,
}

names!(Condition { New = "new", Opened = "opened", Used = "used", Damaged = "damaged" });

/// What can be done with a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReturnStep {
    Approve,
    Reject,
    Withdraw,
    Receive,
    Refund,
}

impl ReturnStep {
    /// Whether it is the customer's; all others are staff's.
    pub(crate) const fn is_customers(self) -> bool {
        matches!(self, Self::Withdraw)
    }
}

/// All that can happen. A parcel may come before anybody has answered.
const LIFE: [(ReturnStatus, ReturnStep, ReturnStatus); 9] = {
    use ReturnStatus::*;
    [
        (Requested, ReturnStep::Approve, Approved),
        (Requested, ReturnStep::Reject, Rejected),
        (Requested, ReturnStep::Withdraw, Withdrawn),
        (Requested, ReturnStep::Receive, Received),
        (Approved, ReturnStep::Reject, Rejected),
        (Approved, ReturnStep::Withdraw, Withdrawn),
        (Approved, ReturnStep::Receive, Received),
        (Received, ReturnStep::Refund, Refunded),
        // Worn out, say: nothing is given back for it.
        (Received, ReturnStep::Reject, Rejected),
    ]
};

/// What can be done with a return of this status.
pub(crate) fn steps(status: ReturnStatus) -> impl Iterator<Item = ReturnStep> {
    let of_status = LIFE.into_iter().filter(move |(from, ..)| *from == status);
    of_status.map(|(_, step, _)| step)
}

/// Where a step leads; nowhere if it cannot be done.
pub(crate) fn after(status: ReturnStatus, step: ReturnStep) -> Option<ReturnStatus> {
    let mut life = LIFE.into_iter();
    life.find(|(from, by, _)| (*from, *by) == (status, step))
        .map(|(.., to)| to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_ends_where_nothing_leads_on() {
        use ReturnStatus::*;
        for end in [Rejected, Withdrawn, Refunded] {
            assert_eq!(steps(end).count(), 0, "{end:?}");
        }
        assert_eq!(after(Requested, ReturnStep::Refund), None);
        assert_eq!(after(Received, ReturnStep::Withdraw), None);
        assert_eq!(after(Received, ReturnStep::Reject), Some(Rejected));
        assert_eq!(after(Approved, ReturnStep::Receive), Some(Received));
    }
}
