//! An order with all that belongs to it, as one asks for a single one.

use primitives::OrderId;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::OrderView;
use super::events::TimelineEntry;
use crate::http::shipments::ShipmentView;
use crate::store;
use crate::store::orders::Order;
use crate::workflows::transition::Actor;

/// An order with its parcels; staff also see what they wrote at it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderDetails)]
pub(crate) struct WholeOrder {
    #[serde(flatten)]
    order: OrderView,
    /// The parcels, oldest first.
    shipments: Vec<ShipmentView>,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    /// For staff, newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Vec<TimelineEntry>>,
}

impl WholeOrder {
    /// All that the viewer may see of an order. What an order cannot have yet is not looked for.
    pub(crate) async fn load(
        conn: &mut PgConnection,
        order: &Order,
        viewer: Actor<'_>,
    ) -> Result<Self, sqlx::Error> {
        let items = store::order_items::of_orders(conn, &[order.id]).await?;
        let shipments = if items.iter().any(|item| item.shipped > 0) {
            store::shipments::of_order(conn, order.id).await?
        } else {
            vec![]
        };
        let (tags, notes) = match viewer {
            Actor::Staff(_) => between_staff(conn, order.id).await?,
            _ => (None, None),
        };
        Ok(Self {
            order: OrderView::new(order, &items),
            shipments: shipments.into_iter().map(ShipmentView::from).collect(),
            tags,
            notes,
        })
    }
}

async fn between_staff(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<(Option<Vec<String>>, Option<Vec<TimelineEntry>>), sqlx::Error> {
    let tags = store::order_tags::list(conn, order).await?;
    let notes = store::order_events::notes(conn, order).await?;
    let notes = notes.into_iter().map(TimelineEntry::shown_to_staff);
    Ok((Some(tags), Some(notes.collect())))
}
