//! Pure types and rules: no I/O, no clock, no randomness.

pub(crate) mod address;
pub(crate) mod coupon;
pub(crate) mod dispute;
pub(crate) mod document;
pub(crate) mod guest_token;
pub(crate) mod ledger;
pub(crate) mod notice;
pub(crate) mod order;
pub(crate) mod payment;
pub(crate) mod pricing;
pub(crate) mod reconciling;
pub(crate) mod refund;
pub(crate) mod returns;
pub(crate) mod search;
pub(crate) mod tag;
pub(crate) mod tracking;
