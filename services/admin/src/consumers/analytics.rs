//! Events say which order or product is to be counted anew; a job does it soon after, from their owners' own tables.

use contracts::events::Envelope;
use messaging::{FeedHandler, HandlerError};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::store::analytics::{self, Changed};

pub(super) struct Count;

impl FeedHandler for Count {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<Value>,
    ) -> Result<(), HandlerError> {
        let id = |field: &str| event.data[field].as_str()?.parse::<Uuid>().ok();
        let (changed, id) = match (id("order_id"), id("product_id")) {
            (Some(order), _) => (Changed::Order, order),
            (None, Some(product)) => (Changed::Product, product),
            (None, None) => {
                let text = format!("{} names no order and no product", event.event_type);
                return Err(HandlerError::Reject(text));
            }
        };
        analytics::mark(tx, changed, id, event.time).await?;
        Ok(())
    }
}
