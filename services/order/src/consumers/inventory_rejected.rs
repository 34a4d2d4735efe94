use contracts::events::{Envelope, InventoryRejected};
use messaging::{Handler, HandlerError};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::order::Event;
use crate::workflows::transition::{Actor, TransitionError, transition};

/// A paid order that the warehouse cannot serve is cancelled and refunded.
pub(crate) struct InventoryRejectedHandler(pub(crate) AppState);

impl Handler<InventoryRejected> for InventoryRejectedHandler {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<InventoryRejected>,
    ) -> Result<(), HandlerError> {
        let reason = Some("The goods were sold out before the payment arrived.");
        match transition(
            tx,
            &self.0,
            event.data.order_id,
            &Event::StockRejected,
            Actor::System,
            reason,
        )
        .await
        {
            Ok(_) => Ok(()),
            Err(TransitionError::NotFound) => Err(HandlerError::Reject(format!(
                "there is no order {}",
                event.data.order_id
            ))),
            Err(TransitionError::Refused(refusal)) => {
                Err(HandlerError::Reject(refusal.to_string()))
            }
            Err(TransitionError::Database(error)) => Err(error.into()),
        }
    }
}
