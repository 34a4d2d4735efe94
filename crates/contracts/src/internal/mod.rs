//! Bodies of the service-to-service API under `/internal`.

pub mod exports;
pub mod reservations;
pub mod users;
pub mod variants;
