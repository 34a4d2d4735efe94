//! Every event that third parties may hear of becomes a delivery to each endpoint that wants it.

use contracts::events::{Envelope, Event as _, UserDeleted};
use messaging::{FeedHandler, HandlerError};
use primitives::{Clock, Random};
use serde_json::Value;
use sqlx::PgConnection;

use crate::domain::webhooks::message::{self, Message};
use crate::store::webhooks::deliveries;

pub(super) struct Tell {
    pub(super) clock: Clock,
    pub(super) random: Random,
}

impl FeedHandler for Tell {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<Value>,
    ) -> Result<(), HandlerError> {
        let user = message::user(&event.data);
        if event.event_type == UserDeleted::TYPE
            && let Some(user) = user
        {
            deliveries::forget(tx, user).await?;
        }
        let endpoints = deliveries::wanting(tx, &event.event_type).await?;
        if endpoints.is_empty() {
            return Ok(());
        }
        let message = Message {
            id: event.id,
            kind: event.event_type,
            subject: event.subject,
            occurred_at: event.time,
            sequence: event.sequence,
            data: event.data,
        };
        let now = self.clock.now();
        deliveries::insert(tx, &message, user, &endpoints, now, &self.random).await?;
        Ok(())
    }
}
