//! `order.claimed`: a guest's order went to an account, whose owner may now review what was bought.

use contracts::events::{Envelope, OrderClaimed};
use messaging::{Handler, HandlerError};
use sqlx::PgConnection;

use crate::app::Context;
use crate::domain::hold::Hold;
use crate::store::{purchases, reservations};

/// Gives a guest's purchases to whom the order belongs now. If the order is confirmed later, the note is found then.
pub(crate) struct GivePurchases(pub(crate) Context);

impl Handler<OrderClaimed> for GivePurchases {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<OrderClaimed>,
    ) -> Result<(), HandlerError> {
        let (cx, order) = (&self.0, event.data);
        // Whoever confirms the order meanwhile either sees the note or has sold it before.
        let known = reservations::lock(tx, order.order_id).await?;
        purchases::note_claim(tx, order.order_id, order.user_id).await?;
        let sold = known.is_some_and(|known| known.hold == Hold::Committed);
        if sold
            && !purchases::notes(tx, order.order_id)
                .await?
                .is_some_and(|notes| notes.refunded)
        {
            purchases::add(tx, order.user_id, order.order_id, &cx.clock).await?;
        }
        Ok(())
    }
}
