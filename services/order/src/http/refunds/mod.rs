//! `/api/refunds`.

pub(crate) mod mark_paid;
