//! The internal API: what admin does in a staff member's name, by the same workflows as the public API,
//! and what a user takes along.

pub(crate) mod approve_return;
pub(crate) mod cancel;
pub(crate) mod capture;
pub(crate) mod create_return;
pub(crate) mod customer_link;
pub(crate) mod deliver;
pub(crate) mod edit;
pub(crate) mod export;
pub(crate) mod mark_paid;
pub(crate) mod note;
pub(crate) mod order;
pub(crate) mod packing_slips;
pub(crate) mod preview;
pub(crate) mod preview_refund;
pub(crate) mod receive_return;
pub(crate) mod reconciliations;
pub(crate) mod refund;
pub(crate) mod refund_return;
pub(crate) mod reject_return;
pub(crate) mod sagas;
pub(crate) mod ship;
pub(crate) mod tags;
pub(crate) mod webhooks;
pub(crate) mod work_items;
