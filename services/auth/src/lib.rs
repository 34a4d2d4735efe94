//! Accounts: who people are, how they prove it, and the tokens that say so.
//!
//! Owns `auth_db`: users, credentials, identities at providers, sessions, refresh and one-time tokens, addresses.
//!
//! What always holds:
//! - A password is known only as an Argon2id hash, a refresh or one-time token only as a SHA-256 hash.
//! - An address belongs to at most one account: the first that verified it. Until then several may claim it.
//! - Whether an address has an account shows neither in an answer to a stranger nor in what was done for it.
//! - A refresh token is good once; its second use ends the session it belongs to.
//! - A session that ended is written, with the revocation of its access tokens, in one transaction; Redis hears of it at
//!   once, or from the reconciler when it was away.
//! - Guesses at passwords and codes, and mails that anybody can ask for, are limited by account and by address; while Redis
//!   is away, by nginx alone.
//! - An access token says what was true of its user when it was signed: what changes a role refuses older tokens.
//!
//! Absent on purpose: authorisation beyond roles (each service decides), and anything a shop knows about a person besides
//! name and addresses.

mod app;
mod clients;
mod config;
mod domain;
mod http;
mod jobs;
mod keyfiles;
mod limits;
mod passwords;
mod sealing;
mod store;
mod workflows;

pub use app::{App, Backstage, Built, build};
pub use config::{LimitSettings, Settings, StaffSecondFactor};

/// The tables of `auth_db`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
