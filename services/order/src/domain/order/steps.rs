use serde::{Deserialize, Serialize};

use super::{CancelReason, Event, FulfillmentStatus, PaymentStatus, State, Status, decide};

/// What can be done with an order next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    Pay,
    Capture,
    Void,
    Ship,
    Deliver,
    Cancel,
    Refund,
    Return,
    EditAddress,
}

impl Step {
    const ALL: [Self; 9] = [
        Self::Pay,
        Self::Capture,
        Self::Void,
        Self::Ship,
        Self::Deliver,
        Self::Cancel,
        Self::Refund,
        Self::Return,
        Self::EditAddress,
    ];

    /// Whether customers can do it too; all others are staff's.
    pub(crate) const fn is_customers(self) -> bool {
        matches!(self, Self::Pay | Self::Cancel | Self::Return)
    }

    /// What the step asks of the rules; nothing if it is not theirs.
    pub(super) fn wish(self) -> Option<Event> {
        Some(match self {
            Self::Pay | Self::EditAddress => return None,
            Self::Capture => Event::Capture { amount: 1 },
            Self::Void => Event::Void,
            Self::Ship => Event::Ship { complete: true },
            Self::Deliver => Event::Deliver { complete: false },
            Self::Cancel => Event::Cancel(CancelReason::Staff),
            Self::Refund => Event::Refund { amount: 1 },
            Self::Return => Event::Returned { complete: true },
        })
    }

    fn is_open(self, state: State) -> bool {
        match self {
            Self::Pay => {
                state.status == Status::Pending
                    && matches!(state.payment, PaymentStatus::Unpaid | PaymentStatus::Failed)
            }
            Self::EditAddress => {
                matches!(state.status, Status::Pending | Status::Confirmed)
                    && state.fulfillment == FulfillmentStatus::Unfulfilled
            }
            Self::Cancel => state.status != Status::Cancelled,
            Self::Deliver => state.fulfillment != FulfillmentStatus::Delivered,
            Self::Capture | Self::Void | Self::Ship | Self::Refund | Self::Return => true,
        }
    }
}

/// The steps that the rules would not refuse now, and that would do something.
pub(crate) fn allowed(state: State) -> Vec<Step> {
    let may = |step: &Step| {
        let granted = |wish| decide(state, &wish).is_ok();
        step.is_open(state) && step.wish().is_none_or(granted)
    };
    Step::ALL.into_iter().filter(may).collect()
}
