//! The admin service: the panel in which staff see everything and change it.
//!
//! It owns `admin_db` (audit log, notifications). It reads the other databases through grants that name each column, one
//! read-only snapshot a page, and changes things only by calling the owning service in the staff member's name.
//!
//! Deliberately absent: business rules (each service's own), a build step for the pages, JavaScript that a form depends on.

mod app;
mod clients;
mod config;
mod consumers;
mod docs;
mod error;
mod format;
mod input;
mod pages;
mod read;
mod session;
mod store;

pub use app::{App, AppState, MIGRATOR, listeners};
pub use config::Settings;
