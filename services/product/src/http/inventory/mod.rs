//! `/api/inventory`: places, transfers and stock-takes.

pub(crate) mod create_location;
pub(crate) mod list_locations;
pub(crate) mod stock_take;
pub(crate) mod transfer;
pub(crate) mod update_location;

use primitives::{LocationId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::locations as store;

/// A place where stock lies.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockLocation)]
pub(crate) struct Location {
    id: LocationId,
    /// What CSV files call it; never changes.
    code: String,
    name: String,
    /// Whether it serves orders and takes goods.
    active: bool,
    /// Its place in the order in which places serve, from 1.
    position: usize,
    /// Grows with each change; send it back in `If-Match`.
    pub(crate) version: i32,
    created_at: Timestamp,
}

impl Location {
    fn new(location: store::Location, position: usize) -> Self {
        Self {
            id: location.id,
            code: location.code,
            name: location.name,
            active: location.active,
            position,
            version: location.version,
            created_at: location.created_at,
        }
    }

    /// As the audit trail names it.
    fn target(&self) -> String {
        format!("stock_location:{}", self.id)
    }
}
