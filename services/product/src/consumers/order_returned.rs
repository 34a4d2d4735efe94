//! `order.returned`: what customers sent back and is good enough is for sale again.

use anyhow::Context as _;
use contracts::events::{Envelope, OrderReturned};
use messaging::{Handler, HandlerError};
use primitives::Quantity;
use sqlx::PgConnection;

use crate::app::Context;
use crate::domain::allocation as rules;
use crate::workflows::settlements;

/// Puts units back on their shelves.
pub(crate) struct TakeBack(pub(crate) Context);

impl Handler<OrderReturned> for TakeBack {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<OrderReturned>,
    ) -> Result<(), HandlerError> {
        let (cx, returned) = (&self.0, event.data);
        let lines: Vec<_> = returned
            .lines
            .iter()
            .filter(|line| line.restock)
            .map(|line| Ok((line.variant_id, Quantity::try_from(line.quantity)?)))
            .collect::<anyhow::Result<_>>()
            .context("a line's quantity")?;
        let Ok(demands) = rules::demands(lines) else {
            return Err(HandlerError::Reject(
                "a line of the return is larger than any line can be".to_owned(),
            ));
        };
        settlements::take_back(tx, cx, returned.order_id, returned.return_id, &demands).await?;
        Ok(())
    }
}
