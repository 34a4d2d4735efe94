//! The product service against real PostgreSQL and, where events matter, a real broker.

mod authorisation;
mod catalogue;
mod categories;
mod events;
mod grants;
mod images;
mod openapi;
mod reservations;
mod reviews;
mod search;
mod stock;
mod world;
