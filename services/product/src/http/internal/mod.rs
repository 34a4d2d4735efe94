//! `/internal`: for other services. Its types are in `contracts::internal`.

pub(crate) mod commit;
pub(crate) mod export;
pub(crate) mod lookup;
pub(crate) mod release;
pub(crate) mod reserve;

use serde::Serialize;
use utoipa::ToSchema;

/// Where an order's reservation is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReservationStatus {
    /// `held`, `committed`, `released`, `expired` or `rejected`.
    status: &'static str,
}
