//! The only place with SQL.

pub(crate) mod mails;
