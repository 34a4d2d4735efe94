//! An order with all that belongs to it, as one asks for a single one.

use primitives::OrderId;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::OrderView;
use super::events::TimelineEntry;
use crate::domain::order::{Step, allowed};
use crate::http::pricing::{AdjustmentView, TaxView};
use crate::http::returns::ReturnView;
use crate::http::shipments::ShipmentView;
use crate::store;
use crate::store::orders::Order;
use crate::workflows;
use crate::workflows::transition::Actor;

/// An order with its parcels and what its price is made of; staff also see what they wrote at it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderDetails)]
pub(crate) struct WholeOrder {
    #[serde(flatten)]
    order: OrderView,
    /// What whoever asks can do with it next.
    next_steps: Vec<Step>,
    /// What the discounts are made of, line by line; what was taken off the shipping costs has no line.
    adjustments: Vec<AdjustmentView>,
    /// What the taxes are made of, line by line; those on the shipping costs have no line.
    taxes: Vec<TaxView>,
    /// The parcels, oldest first.
    shipments: Vec<ShipmentView>,
    /// What was asked to be sent back, oldest first.
    returns: Vec<ReturnView>,
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
        let state = store::transitions::state(conn, order).await?;
        let mut next_steps = allowed(state);
        let (mut shipments, mut returns) = (vec![], vec![]);
        if items.iter().any(|item| item.shipped > 0) {
            shipments = store::shipments::of_order(conn, order.id).await?;
            returns = store::returns::of_order(conn, order.id).await?;
            let left = workflows::returns::returnable(conn, order.id, &items).await?;
            next_steps.retain(|step| *step != Step::Return || !left.is_empty());
        }
        if !matches!(viewer, Actor::Staff(_)) {
            next_steps.retain(|step| step.is_customers());
        }
        let (tags, notes) = match viewer {
            Actor::Staff(_) => between_staff(conn, order.id).await?,
            _ => (None, None),
        };
        let (adjustments, taxes) = store::order_pricing::of_order(conn, order.id).await?;
        let adjustments = adjustments.into_iter();
        let taxes = taxes.into_iter();
        Ok(Self {
            order: OrderView::new(order, &items),
            next_steps,
            adjustments: adjustments
                .map(|stored| AdjustmentView::stored(stored, order.currency))
                .collect(),
            taxes: taxes
                .map(|stored| TaxView::stored(stored, order.currency))
                .collect(),
            shipments: shipments.into_iter().map(ShipmentView::from).collect(),
            returns: ReturnView::all(conn, returns, viewer).await?,
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
