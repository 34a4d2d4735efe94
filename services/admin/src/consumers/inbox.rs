//! Events that concern somebody become what they are told.

use contracts::events::{
    Envelope, Event, OrderCancelled, OrderConfirmed, OrderDelivered, OrderRefunded, OrderShipped,
    ProductApproved, ReviewModerated, UserDeleted,
};
use messaging::{FeedHandler, HandlerError};
use primitives::{Clock, NotificationId, OrderId, Random, UserId};
use serde_json::Value;
use sqlx::PgConnection;

use crate::domain::notifications::because;
use crate::store;
use crate::store::user_notifications::{self, News, OrderNews};

pub(super) struct Inform {
    pub(super) clock: Clock,
    pub(super) random: Random,
}

impl FeedHandler for Inform {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<Value>,
    ) -> Result<(), HandlerError> {
        match event.event_type.as_str() {
            OrderConfirmed::TYPE => {
                let of: OrderConfirmed = data(&event)?;
                let message = format!("Your order {} is paid. Thank you!", of.number);
                self.order(tx, &event, of.order_id, message).await
            }
            OrderShipped::TYPE => {
                let of: OrderShipped = data(&event)?;
                let message = format!(
                    "A parcel of your order {} is on its way with {}: {}.",
                    of.number, of.carrier, of.tracking_number
                );
                self.order(tx, &event, of.order_id, message).await
            }
            OrderDelivered::TYPE => {
                let of: OrderDelivered = data(&event)?;
                let message = format!("Your order {} has arrived.", of.number);
                self.order(tx, &event, of.order_id, message).await
            }
            OrderCancelled::TYPE => {
                let of: OrderCancelled = data(&event)?;
                let why = because(&of.reason);
                let message = format!("Your order {} is cancelled{why}.", of.number);
                self.order(tx, &event, of.order_id, message).await
            }
            OrderRefunded::TYPE => {
                let of: OrderRefunded = data(&event)?;
                let message = format!("{} of your order {} go back to you.", of.amount, of.number);
                self.order(tx, &event, of.order_id, message).await
            }
            ProductApproved::TYPE => {
                let of: ProductApproved = data(&event)?;
                let message = format!("“{}” is approved.", of.title);
                self.tell(tx, &event, of.seller_id, &message).await
            }
            ReviewModerated::TYPE => {
                let of: ReviewModerated = data(&event)?;
                let message = match (of.status.as_str(), of.reason) {
                    ("published", _) => "Your review is published.".to_owned(),
                    (_, Some(why)) => format!("Your review is not shown: {why}"),
                    (_, None) => "Your review is not shown.".to_owned(),
                };
                self.tell(tx, &event, of.user_id, &message).await
            }
            UserDeleted::TYPE => {
                let of: UserDeleted = data(&event)?;
                store::messages::erase::erase(tx, of.user_id).await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Inform {
    /// Whose order it is, a job looks up: that is in another database.
    async fn order(
        &self,
        tx: &mut PgConnection,
        event: &Envelope<Value>,
        order_id: OrderId,
        message: String,
    ) -> Result<(), HandlerError> {
        let news = OrderNews {
            id: NotificationId::new(self.clock.now(), &self.random),
            order_id,
            at: event.time,
            kind: event.event_type.clone(),
            message,
        };
        user_notifications::keep(tx, &news).await?;
        Ok(())
    }

    async fn tell(
        &self,
        tx: &mut PgConnection,
        event: &Envelope<Value>,
        user: UserId,
        message: &str,
    ) -> Result<(), HandlerError> {
        let news = News {
            id: NotificationId::new(self.clock.now(), &self.random),
            at: event.time,
            kind: &event.event_type,
            subject: &event.subject,
            message,
        };
        user_notifications::tell(tx, user, &news).await?;
        Ok(())
    }
}

fn data<E: Event>(event: &Envelope<Value>) -> Result<E, HandlerError> {
    serde_json::from_value(event.data.clone())
        .map_err(|error| HandlerError::Reject(format!("data: {error}")))
}
