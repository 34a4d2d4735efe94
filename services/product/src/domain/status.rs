//! A product's life: drafted by a seller, approved by staff, public in its time, archived.

use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a product is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Status {
    /// Being written; or approved, and not in its time.
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

/// When an approved product is public.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub(crate) publish_at: Option<Timestamp>,
    pub(crate) unpublish_at: Option<Timestamp>,
}

impl Schedule {
    /// Whether there is any time in it.
    pub(crate) fn is_possible(self) -> bool {
        !matches!((self.publish_at, self.unpublish_at), (Some(from), Some(until)) if from >= until)
    }

    fn includes(self, now: Timestamp) -> bool {
        self.publish_at.is_none_or(|from| from <= now)
            && self.unpublish_at.is_none_or(|until| now < until)
    }
}

/// All that decides what may become of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) status: Status,
    /// Whether staff have approved it, and not refused it since.
    pub(crate) approved: bool,
    pub(crate) schedule: Schedule,
}

impl Life {
    /// A new draft.
    pub(crate) fn draft(schedule: Schedule) -> Self {
        Self {
            status: Status::Draft,
            approved: false,
            schedule,
        }
    }

    /// Approved, and so public in its time.
    fn approved(self, now: Timestamp) -> Self {
        let status = if self.schedule.includes(now) {
            Status::Active
        } else {
            Status::Draft
        };
        Self {
            status,
            approved: true,
            ..self
        }
    }

    fn refused(self, status: Status) -> Self {
        Self {
            status,
            approved: false,
            ..self
        }
    }
}

/// What somebody, or the clock, wants to happen to a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The seller asks for review.
    Submit,
    /// Staff approve it: it is public from now on, or in its time.
    Approve,
    /// Staff refuse it, or take it out of the shop.
    Reject,
    /// The seller or staff delete it.
    Archive,
    /// Time passed, or the schedule changed.
    Settle,
}

impl Step {
    /// Its name in the audit trail.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Submit => "product.submit",
            Self::Approve => "product.approve",
            Self::Reject => "product.reject",
            Self::Archive => "product.delete",
            Self::Settle => "product.settle",
        }
    }
}

/// The life after a step, or none where the step makes no sense. A repeated step changes nothing.
pub(crate) fn next(life: Life, step: Step, now: Timestamp) -> Option<Life> {
    use Status::{Active, Archived, Draft, PendingReview, Rejected};
    match (step, life.status) {
        // What is approved needs no review; it waits for its time.
        (Step::Submit, Draft) if life.approved => Some(life),
        (Step::Submit, Draft | Rejected | PendingReview) => Some(life.refused(PendingReview)),
        // Staff need not wait until the seller asks.
        (Step::Approve, Draft | PendingReview | Rejected | Active) => Some(life.approved(now)),
        (Step::Reject, Draft | PendingReview | Active | Rejected) => Some(life.refused(Rejected)),
        (Step::Archive, _) => Some(life.refused(Archived)),
        (Step::Settle, Draft | Active) if life.approved => Some(life.approved(now)),
        (Step::Settle, _) => Some(life),
        (Step::Submit, Active) | (Step::Submit | Step::Approve | Step::Reject, Archived) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Status::*, Step::*, *};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(second)
    }

    fn lives() -> impl Strategy<Value = Life> {
        let time = || proptest::option::of((0..20_i64).prop_map(at));
        let status = prop_oneof![
            Just(Draft),
            Just(PendingReview),
            Just(Active),
            Just(Rejected),
            Just(Archived)
        ];
        (status, any::<bool>(), time(), time())
            .prop_map(|(status, approved, publish_at, unpublish_at)| Life {
                status,
                // Only staff's approval makes a product public, and what waits for them or was refused has none.
                approved: match status {
                    Active => true,
                    Draft => approved,
                    PendingReview | Rejected | Archived => false,
                },
                schedule: Schedule {
                    publish_at,
                    unpublish_at,
                },
            })
            .prop_filter("possible", |life| life.schedule.is_possible())
    }

    fn steps() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Submit),
            Just(Approve),
            Just(Reject),
            Just(Archive),
            Just(Settle)
        ]
    }

    proptest! {
        #[test]
        fn a_step_repeats_safely_and_archived_is_final(life in lives(), step in steps(), now in 0..20_i64) {
            if let Some(after) = next(life, step, at(now)) {
                prop_assert_eq!(next(after, step, at(now)), Some(after));
                prop_assert!(life.status != Archived || after.status == Archived);
                prop_assert_eq!(life.schedule, after.schedule);
            }
        }

        #[test]
        fn only_what_staff_approved_is_public_and_only_in_its_time(
            schedule in lives().prop_map(|life| life.schedule),
            steps in proptest::collection::vec((steps(), 0..3_i64), 1..12),
        ) {
            let (mut life, mut approved, mut now) = (Life::draft(schedule), false, 0);
            for (step, passed) in steps {
                now += passed;
                let Some(after) = next(life, step, at(now)) else { continue };
                match step {
                    Approve => approved = true,
                    Reject | Archive => approved = false,
                    Submit | Settle => {}
                }
                prop_assert_eq!(after.approved, approved, "{:?} {:?}", life, step);
                if after.status == Active {
                    prop_assert!(approved && schedule.includes(at(now)));
                }
                life = after;
                // Once the clock was looked at, the status is what the schedule says.
                if let Some(settled) = next(life, Settle, at(now)) && settled.approved {
                    prop_assert_eq!(settled.status == Active, schedule.includes(at(now)));
                }
            }
        }
    }

    #[test]
    fn an_approved_product_waits_for_its_time() {
        let schedule = Schedule {
            publish_at: Some(at(10)),
            unpublish_at: Some(at(20)),
        };
        let draft = Life::draft(schedule);
        let waiting = next(draft, Approve, at(0)).unwrap();
        assert_eq!((waiting.status, waiting.approved), (Draft, true));
        assert_eq!(next(waiting, Submit, at(1)), Some(waiting));
        let status = |now| next(waiting, Settle, at(now)).unwrap().status;
        assert_eq!(
            (status(9), status(10), status(19), status(20)),
            (Draft, Active, Active, Draft)
        );
        assert_eq!(next(draft, Settle, at(15)), Some(draft));
    }
}
