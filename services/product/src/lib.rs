//! The catalogue and its stock.
//!
//! Owns `product_db`: categories, products with variants and pictures, reviews, wish lists, stock levels with their ledger,
//! and what is held for orders.
//!
//! What always holds: no level is negative, no unit is held or sold twice (constraints say so, whatever the code does); the
//! sums of the ledger are the levels (view `stock_ledger_differences` is empty); an order reserves, sells and gives back at
//! most once, and each return is put back once, whatever is delivered twice or late; only staff's approval makes a product
//! public; a review's author bought the product, and the stars shown are the stars given.
//!
//! Absent on purpose: carts, orders and money received (they are order's); who somebody is (auth's tokens say so);
//! the serving of pictures (nginx reads the media folder, or clients the bucket).

mod app;
mod cache;
mod clients;
mod config;
mod consumers;
mod domain;
mod error;
mod http;
mod jobs;
mod media;
mod reservations;
mod store;
mod workflows;

pub use app::App;
pub use cache::CacheSettings;
pub use config::Settings;
pub use domain::review::Moderation;
pub use media::MediaSettings;
pub use reservations::Reservations;

/// The schema of `product_db`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
