//! The product service against real PostgreSQL and, where events matter, a real broker.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where its world is not as it should be"
)]

mod accounts;
mod attributes;
mod audit;
mod authorisation;
mod bucket;
mod buyers;
mod cache;
mod catalogue;
mod categories;
mod category_tree;
mod events;
mod grants;
mod hot;
mod images;
mod imports;
mod inventory;
mod low_stock;
mod openapi;
mod personal_data;
mod prices;
mod programs;
mod recommendations;
mod relevance;
mod renames;
mod reservations;
mod returns;
mod review_counts;
mod review_moderation;
mod reviews;
mod schedule;
mod search;
mod search_facets;
mod search_paging;
mod stock;
mod wish_mails;
mod wishlist;
mod world;
