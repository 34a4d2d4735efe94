//! The mail worker: turns `email.notification` events into mails and sends each of them.
//!
//! It owns the schema `notification` of admin_db. What always holds: an event becomes one row, whatever is redelivered; a row
//! becomes one mail, or is marked failed; nothing is sent inside a transaction. SMTP has no transactions, so a crash between the
//! server's "accepted" and our note of it sends the mail again, with the same Message-ID, by which receivers tell. What a mail about an order
//! said is kept for staff, for some days and without the link that lets its reader in; of any other nothing is kept when it has gone or failed.
//! Whose account is deleted is in no row, once their last mails have gone or failed.
//!
//! Deliberately absent: who gets which mail and when (the services that publish the events), a public API, other channels.

mod app;
mod config;
mod consumers;
mod http;
mod jobs;
mod mail;
mod store;

pub use app::{App, MIGRATOR};
pub use config::Settings;
