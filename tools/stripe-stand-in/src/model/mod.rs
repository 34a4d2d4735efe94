//! The objects kept, and how Stripe shows each.

pub mod charge;
pub mod customer;
pub mod event;
pub mod intent;
pub mod payment_method;
pub mod refund;
