//! The objects kept, and how Stripe shows each.

pub mod balance;
pub mod charge;
pub mod customer;
pub mod dispute;
pub mod event;
pub mod intent;
pub mod payment_method;
pub mod refund;
pub mod session;
