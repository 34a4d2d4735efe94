//! The product service against real PostgreSQL and, where events matter, a real broker.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where its world is not as it should be"
)]

mod accounts;
mod audit;
mod authorisation;
mod bucket;
mod buyers;
mod catalogue;
mod categories;
mod events;
mod grants;
mod images;
mod openapi;
mod personal_data;
mod programs;
mod recommendations;
mod reservations;
mod review_moderation;
mod reviews;
mod search;
mod stock;
mod wish_mails;
mod wishlist;
mod world;
