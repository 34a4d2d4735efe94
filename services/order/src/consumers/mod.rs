//! Events of other services that change an order.

mod inventory_rejected;

pub(crate) use inventory_rejected::InventoryRejectedHandler;
