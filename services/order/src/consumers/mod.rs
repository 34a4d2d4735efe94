//! Events of other services that change an order.

mod inventory_rejected;
mod users;

use contracts::events::{InventoryRejected, UserDeleted, UserRegistered, UserUpdated};
use messaging::Consumers;
use secrecy::SecretString;

use crate::app::AppState;
use inventory_rejected::InventoryRejectedHandler;
use users::{ClaimOrders, EraseUser};

/// All consumers of the service.
pub(crate) fn all(app: &AppState, amqp_url: SecretString) -> Consumers {
    Consumers::new("order", app.pool.clone(), amqp_url)
        .on::<InventoryRejected>(InventoryRejectedHandler(app.clone()))
        .on::<UserRegistered>(ClaimOrders(app.clone()))
        .on::<UserUpdated>(ClaimOrders(app.clone()))
        .on::<UserDeleted>(EraseUser(app.clone()))
}
