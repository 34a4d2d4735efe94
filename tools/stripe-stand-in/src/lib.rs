//! A stand-in for Stripe's API, for development and tests on a machine that cannot reach Stripe.
//!
//! It is a real peer over HTTP, not a mock: it keeps the state of payment intents, charges, refunds, disputes, balance
//! transactions, customers with their saved cards, Checkout Sessions with their page, and events, moves them as Stripe's documentation says, honours idempotency keys, and posts signed webhooks with retries.
//! Requests and answers have the shapes of API version [`API_VERSION`], every field of them that `async-stripe` demands
//! included; what it does not know it refuses, as Stripe does, so that a misspelt parameter is found here.
//!
//! Under `/_stand_in` tests ask for faults and look inside; see [`faults`]. Left out: payouts and
//! anything but cards. It must never be part of a service.

#![recursion_limit = "256"] // `json!` of a whole payment intent

pub mod app;
pub mod cards;
pub mod clock;
pub mod error;
pub mod faults;
pub mod form;
pub mod http;
pub mod idempotency;
pub mod journal;
pub mod model;
pub mod page;
pub mod server;
pub mod settings;
pub mod signature;
pub mod table;
pub mod token;
pub mod webhooks;
pub mod world;

pub use server::{StandIn, start};
pub use settings::Settings;

/// The version of Stripe's API that is spoken: the one `async-stripe` 1.0.0-rc.10 is pinned to.
pub const API_VERSION: &str = "2026-09-30.endive";
