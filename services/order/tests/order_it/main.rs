//! The order service in process, on a real database; product and auth are small stand-ins that speak their internal API.

mod authorisation;
mod carts;
mod checkout;
mod coupons;
mod internal;
mod openapi;
mod orders;
mod peer;
mod shop;
