//! A product's life: drafted by a seller, reviewed by staff, public, archived.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a product is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Status {
    /// Being written.
    Draft,
    /// Waits for staff.
    PendingReview,
    /// Public.
    Active,
    /// Refused by staff, with a reason; may be submitted again.
    Rejected,
    /// Deleted; orders still tell of it.
    Archived,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::PendingReview => "pending_review",
            Self::Active => "active",
            Self::Rejected => "rejected",
            Self::Archived => "archived",
        }
    }
}

/// What somebody wants to happen to a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The seller asks for review.
    Submit,
    /// Staff make it public.
    Approve,
    /// Staff refuse it, or take it out of the shop.
    Reject,
    /// The seller or staff delete it.
    Archive,
}

impl Step {
    /// Its name in the audit trail.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Submit => "product.submit",
            Self::Approve => "product.approve",
            Self::Reject => "product.reject",
            Self::Archive => "product.delete",
        }
    }
}

/// The status after a step, or none where the step makes no sense. A repeated step changes nothing.
pub(crate) fn next(status: Status, step: Step) -> Option<Status> {
    use Status::{Active, Archived, Draft, PendingReview, Rejected};
    match (step, status) {
        (Step::Submit, Draft | Rejected | PendingReview) => Some(PendingReview),
        // Staff need not wait until the seller asks.
        (Step::Approve, Draft | PendingReview | Rejected | Active) => Some(Active),
        (Step::Reject, Draft | PendingReview | Active | Rejected) => Some(Rejected),
        (Step::Archive, _) => Some(Archived),
        (Step::Submit, Active) | (Step::Submit | Step::Approve | Step::Reject, Archived) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Status::*, Step::*, *};

    #[test]
    fn archived_is_final_and_steps_repeat_safely() {
        for status in [Draft, PendingReview, Active, Rejected, Archived] {
            for step in [Submit, Approve, Reject, Archive] {
                let Some(after) = next(status, step) else {
                    continue;
                };
                assert_eq!(next(after, step), Some(after), "{status:?} {step:?}");
                assert!(status != Archived || after == Archived);
                assert!(
                    after != Active || step == Approve,
                    "only staff's approval makes a product public"
                );
            }
        }
    }
}
