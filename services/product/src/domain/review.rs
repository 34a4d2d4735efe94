//! What may become of a review, and what it counts for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who may see a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = ReviewStatus)]
pub(crate) enum Status {
    /// Its author and staff, until staff publish it.
    Pending,
    /// Everybody.
    Published,
    /// Its author and staff: staff hid it, with a reason.
    Hidden,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Published => "published",
            Self::Hidden => "hidden",
        }
    }
}

/// When staff look at what buyers write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Moderation {
    /// Reviews are shown at once, and hidden if need be.
    After,
    /// Reviews are shown when staff published them.
    Before,
}

/// The status of a new review. `held`: the author's last one was taken back while it was not public.
pub(crate) fn written(moderation: Moderation, held: bool) -> Status {
    match moderation {
        Moderation::After if !held => Status::Published,
        Moderation::After | Moderation::Before => Status::Pending,
    }
}

/// The status after its author changed it: what staff have hidden, they look at again.
pub(crate) fn edited(moderation: Moderation, before: Status) -> Status {
    match (moderation, before) {
        (Moderation::After, Status::Published) => Status::Published,
        (Moderation::After, Status::Pending | Status::Hidden) | (Moderation::Before, _) => {
            Status::Pending
        }
    }
}

/// What one or more reviews add to their product's rating.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    pub(crate) stars: i64,
    pub(crate) count: i32,
}

impl Weight {
    /// Only what is published counts.
    pub(crate) fn of(status: Status, rating: i16) -> Self {
        match status {
            Status::Published => Self {
                stars: rating.into(),
                count: 1,
            },
            Status::Pending | Status::Hidden => Self::default(),
        }
    }

    /// What must be added to the product when this takes the place of `before`.
    pub(crate) fn instead_of(self, before: Self) -> Self {
        Self {
            stars: self.stars - before.stars,
            count: self.count - before.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn statuses() -> impl Strategy<Value = Status> {
        prop_oneof![
            Just(Status::Pending),
            Just(Status::Published),
            Just(Status::Hidden)
        ]
    }

    #[test]
    fn nobody_publishes_what_staff_have_hidden_but_staff() {
        for moderation in [Moderation::After, Moderation::Before] {
            for status in [Status::Hidden, Status::Pending] {
                assert_eq!(edited(moderation, status), Status::Pending);
            }
            assert_eq!(written(moderation, true), Status::Pending);
        }
        assert_eq!(written(Moderation::After, false), Status::Published);
        assert_eq!(
            edited(Moderation::Before, Status::Published),
            Status::Pending
        );
    }

    proptest! {
        /// Whatever a review goes through, its product's rating is that of what it is in the end.
        #[test]
        fn differences_add_up(lives in prop::collection::vec(prop::collection::vec((statuses(), 1i16..=5), 1..8), 0..8)) {
            let (mut kept, mut exact) = (Weight::default(), Weight::default());
            for life in &lives {
                let mut before = Weight::default();
                for (status, rating) in life {
                    let after = Weight::of(*status, *rating);
                    let change = after.instead_of(before);
                    kept = Weight { stars: kept.stars + change.stars, count: kept.count + change.count };
                    before = after;
                }
                exact = Weight { stars: exact.stars + before.stars, count: exact.count + before.count };
            }
            prop_assert_eq!(kept, exact);
        }
    }
}
