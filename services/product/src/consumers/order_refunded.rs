//! `order.refunded`: who got all of their money back is no buyer.

use contracts::events::{Envelope, OrderRefunded};
use messaging::{Handler, HandlerError};
use sqlx::PgConnection;

use crate::app::Context;
use crate::store::{purchases, reservations};

/// Takes the right to review away. What was written stays, without the mark of a purchase.
pub(crate) struct WithdrawPurchases(pub(crate) Context);

impl Handler<OrderRefunded> for WithdrawPurchases {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<OrderRefunded>,
    ) -> Result<(), HandlerError> {
        let (cx, order) = (&self.0, event.data);
        if order.fully {
            // In the order in which a confirmation locks, which may come after this.
            reservations::lock(tx, order.order_id).await?;
            purchases::note_refund(tx, order.order_id, &cx.clock).await?;
            purchases::lock_products_of(tx, order.order_id).await?;
            purchases::remove(tx, order.order_id).await?;
        }
        Ok(())
    }
}
