//! The internal API: what admin does in a staff member's name, by the same workflows as the public API,
//! and what a user takes along.

pub(crate) mod cancel;
pub(crate) mod deliver;
pub(crate) mod edit;
pub(crate) mod export;
pub(crate) mod note;
pub(crate) mod refund;
pub(crate) mod ship;
pub(crate) mod tags;
