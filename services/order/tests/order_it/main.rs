//! The order service in process, on a real database; product and auth are small stand-ins that speak their internal API.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

mod audit;
mod authorisation;
mod captures;
mod carts;
mod checkout;
mod coupons;
mod disputes;
mod documents;
mod edits;
mod guest_carts;
mod history;
mod internal;
mod kills;
mod ledger;
mod methods;
mod once;
mod openapi;
mod orders;
mod ownership;
mod payments;
mod peer;
mod people;
mod pricing;
mod programs;
mod proofs;
mod reconciling;
mod refund_lines;
mod refunds_back;
mod returns;
mod saga;
mod scale;
mod settings;
mod shop;
mod stress;
mod timeline;
mod transfers;
mod verify;
mod webhooks;
