//! A mailbox for development: takes any mail by SMTP, sends none on, and shows what it got on a web page and as JSON.
//!
//! Two kinds of addresses are refused on purpose, so that senders can be tested: `refused@…` for ever (550) and `busy@…`
//! for now (451).
//!
//! A dev tool: never part of a service, never reachable from outside; it asks nobody who they are.

mod message;
pub mod smtp;
mod store;
pub mod web;

pub use message::Message;
pub use store::Store;
