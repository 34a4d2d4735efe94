//! The admin service: the panel in which staff see everything and change it.
//!
//! It owns `admin_db` (audit log, notifications, settings of the shop). It reads the other databases through grants that name each column, one
//! read-only snapshot a page, and changes things only by calling the owning service in the staff member's name.
//!
//! # Analytics
//!
//! What was sold is added up here, by day and month: see [`analytics`]. The orders stay the source; `admin rebuild-analytics` proves that both agree.
//!
//! # The audit log
//!
//! `audit_logs` is only ever added to, and each row carries the hash of the row before it, which the database computes: `admin verify-audit` proves that
//! nothing was changed, taken out or put in (`domain/audit_chain.rs`, docs/admin/audit.md). Its rows come from two sides, which say different things and so cannot contradict each other:
//!
//! - **The panel** (`source` `mercato/admin`) says what was asked for here and what it was answered: a row `asked` before the call, so that
//!   nothing is done without a trace, and a row `done`, or the code of the refusal, after it; and each sign-in.
//! - **The service that owns the target** (`source` `mercato/order` and so on) says what changed, with `before` and `after`, in a row
//!   `changed`. It comes by the event `staff.acted`, which is written in the transaction of the change: there is one exactly if the change
//!   is there, whether staff used the panel or the public API (`through`), and however often it is delivered.
//!
//! What the panel itself owns, as the settings of the shop, has one row `changed` from the panel, written in the transaction of the change.
//!
//! Both name the act by the same word, the service's, and the request by the same number. They name the same target too, but where the panel cannot:
//! what is made has no id before (`category`, then `category:<id>`), orders are given to a user, and a mail is sent again at its order, in whose timeline
//! that stands. So an act in the panel has three rows: asked, done, changed. `done` without `changed` is an act that had been done before; `unavailable`
//! with `changed` is one whose answer was lost; `changed` alone came through the public API, or with another thing, as the categories below one
//! that is deleted.
//!
//! Deliberately absent: business rules (each service's own), a build step for the pages, JavaScript that a form depends on.

mod app;
mod board;
mod clients;
mod commands;
mod config;
mod consumers;
mod docs;
mod domain;
mod error;
mod format;
mod http;
mod input;
mod jobs;
mod pages;
mod read;
mod session;
mod spreadsheet;
mod store;
mod workflows;

pub use app::{App, AppState, MIGRATOR, listeners};
pub use config::Settings;
pub use workflows::analytics;
