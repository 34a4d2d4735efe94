//! Operations of several steps. A workflow owns its transactions and calls nothing remote inside one.

pub(crate) mod access;
pub(crate) mod annotate;
pub(crate) mod cancel;
pub(crate) mod capture;
pub(crate) mod cards;
pub(crate) mod cart;
pub(crate) mod checkout;
pub(crate) mod claim;
pub(crate) mod deliver;
pub(crate) mod documents;
pub(crate) mod edit;
pub(crate) mod erase;
pub(crate) mod finalise;
pub(crate) mod mark_paid;
pub(crate) mod offers;
pub(crate) mod once;
pub(crate) mod pay;
pub(crate) mod pricing;
pub(crate) mod reconcile;
pub(crate) mod refund;
pub(crate) mod returns;
pub(crate) mod saga;
pub(crate) mod ship;
pub(crate) mod transition;
pub(crate) mod verify;
pub(crate) mod webhook;
