//! The order service: carts, orders with their payments, refunds and shipments, coupons.
//!
//! It owns `order_db`. What always holds: an order's money adds up, its cart became no other order, its status is what the pure state machine
//! in `domain::order` decided, and everything others care about is an event in the transaction of the change.
//!
//! Deliberately absent: stock and prices (product's), who people are (auth's), sending mail (notification's).

pub mod app;
mod clients;
mod commands;
pub mod config;
mod consumers;
mod documents;
mod domain;
mod error;
mod guest_carts;
mod http;
mod jobs;
pub mod payments;
mod store;
mod workflows;

pub use app::{App, AppState, MIGRATOR, listeners};
pub use config::Settings;
pub use jobs::round as reconcile;
pub use store::reconciliations::Counts;
pub use workflows::reconcile::{Span, Summary, run as compare};
pub use workflows::verify::{Verdict, check, verify};
