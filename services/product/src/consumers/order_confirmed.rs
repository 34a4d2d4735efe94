//! `order.confirmed`: what was held is sold. If the hold had expired the units are taken again, or the order is rejected.

use anyhow::Context as _;
use contracts::events::{Envelope, OrderConfirmed};
use messaging::{Handler, HandlerError};
use primitives::Quantity;
use sqlx::PgConnection;

use crate::app::Context;
use crate::domain::allocation as rules;
use crate::domain::hold::{Hold, OrderFate};
use crate::store::purchases;
use crate::workflows::{recommendations, settlements};

/// Sells an order's units and notes who bought what.
pub(crate) struct TakeStock(pub(crate) Context);

impl Handler<OrderConfirmed> for TakeStock {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<OrderConfirmed>,
    ) -> Result<(), HandlerError> {
        let (cx, order) = (&self.0, event.data);
        let lines = order
            .lines
            .iter()
            .map(|line| Ok((line.variant_id, Quantity::try_from(line.quantity)?)));
        let lines: Vec<_> = lines
            .collect::<anyhow::Result<_>>()
            .context("a line's quantity")?;
        let Ok(demands) = rules::demands(lines) else {
            return Err(HandlerError::Reject(
                "a line of the order is larger than any line can be".to_owned(),
            ));
        };
        let settled =
            settlements::settle(tx, cx, order.order_id, OrderFate::Confirmed, &demands).await?;
        if settled.hold == Hold::Committed {
            let notes = purchases::notes(tx, order.order_id).await?;
            let notes = notes.unwrap_or_default();
            let buyer = order.user_id.or(notes.claimed_by);
            if let (Some(buyer), false) = (buyer, notes.refunded) {
                purchases::add(tx, buyer, order.order_id, &cx.clock).await?;
            }
            if !notes.refunded {
                let products = order.lines.iter().map(|line| line.product_id);
                recommendations::bought(tx, order.order_id, products, event.time).await?;
            }
        }
        if !settled.short.is_empty() {
            tracing::warn!(order_id = %order.order_id, lines = settled.short.len(), "a paid order cannot be served");
        }
        Ok(())
    }
}
