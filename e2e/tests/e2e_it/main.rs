//! Tests of the whole: the running stack (`MERCATO_STATUS`), and the parts that no crate owns.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod accounts;
mod after_sales;
mod audit;
mod browser;
mod catalogue;
mod edge;
mod fuzz;
mod grants;
mod micro_cache;
mod oversell;
mod panel;
mod purchase;
mod routes;
mod shop;
mod stack;
