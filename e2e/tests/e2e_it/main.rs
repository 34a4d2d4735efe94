//! Tests of the whole: the running stack (`MERCATO_STATUS`), and the parts that no crate owns.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod edge;
mod grants;
mod oversell;
mod purchase;
mod routes;
mod shop;
mod stack;
