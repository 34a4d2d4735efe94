//! An order with all that belongs to it, as one asks for a single one.

use primitives::{Money, OrderId, OrderItemId};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::OrderView;
use super::events::TimelineEntry;
use crate::domain::order::{Step, allowed};
use crate::http::returns::ReturnView;
use crate::http::shipments::ShipmentView;
use crate::store;
use crate::store::order_pricing::{FrozenAdjustment, FrozenTax};
use crate::store::orders::Order;
use crate::workflows;
use crate::workflows::transition::Actor;

/// An order with its parcels; staff also see what they wrote at it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderDetails)]
pub(crate) struct WholeOrder {
    #[serde(flatten)]
    order: OrderView,
    /// What whoever asks can do with it next.
    next_steps: Vec<Step>,
    /// What the discounts are made of.
    adjustments: Vec<AdjustmentView>,
    /// What the taxes are made of.
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

/// A discount of a line, or of shipping.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderAdjustment)]
pub(crate) struct AdjustmentView {
    /// Absent of shipping.
    order_item_id: Option<OrderItemId>,
    /// `promotion`, `coupon` or `shipping`.
    kind: String,
    /// The promotion's name, or the coupon's code.
    label: String,
    amount: Money,
}

/// A tax of a line, or of shipping.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderTax)]
pub(crate) struct TaxView {
    /// Absent of shipping.
    order_item_id: Option<OrderItemId>,
    name: String,
    /// In parts per million: 190000 is 19 %.
    rate_ppm: i32,
    /// What is taxed, without any tax.
    base: Money,
    amount: Money,
}

async fn adjustments(
    conn: &mut PgConnection,
    order: &Order,
) -> Result<Vec<AdjustmentView>, sqlx::Error> {
    // Also free shipping is a discount, but not of the lines.
    let parts = store::order_pricing::adjustments(conn, order.id).await?;
    let part = |part: FrozenAdjustment| AdjustmentView {
        order_item_id: part.order_item_id,
        kind: part.kind,
        label: part.label,
        amount: order.money(part.amount),
    };
    Ok(parts.into_iter().map(part).collect())
}

async fn taxes(conn: &mut PgConnection, order: &Order) -> Result<Vec<TaxView>, sqlx::Error> {
    let parts = store::order_pricing::taxes(conn, order.id).await?;
    let part = |part: FrozenTax| TaxView {
        order_item_id: part.order_item_id,
        name: part.name,
        rate_ppm: part.rate_ppm,
        base: order.money(part.base),
        amount: order.money(part.amount),
    };
    Ok(parts.into_iter().map(part).collect())
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
            next_steps.retain(|step| matches!(step, Step::Pay | Step::Cancel | Step::Return));
        }
        let (tags, notes) = match viewer {
            Actor::Staff(_) => between_staff(conn, order.id).await?,
            _ => (None, None),
        };
        Ok(Self {
            order: OrderView::new(order, &items),
            next_steps,
            adjustments: adjustments(conn, order).await?,
            taxes: taxes(conn, order).await?,
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
