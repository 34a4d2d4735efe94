//! `order.cancelled`: what was held is free, what was sold comes back, unless the goods are not for sale any more.

use contracts::events::{Envelope, OrderCancelled};
use messaging::{Handler, HandlerError};
use sqlx::PgConnection;

use crate::app::Context;
use crate::domain::hold::OrderFate;
use crate::workflows::settlements;

/// Gives an order's units back, whether held or sold.
pub(crate) struct GiveBack(pub(crate) Context);

impl Handler<OrderCancelled> for GiveBack {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<OrderCancelled>,
    ) -> Result<(), HandlerError> {
        let fate = if event.data.restock == Some(false) {
            OrderFate::WrittenOff
        } else {
            OrderFate::Cancelled
        };
        settlements::settle(tx, &self.0, event.data.order_id, fate, &[]).await?;
        Ok(())
    }
}
