//! `/api/returns`, and an order's returns.

pub(crate) mod approve;
pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod of_order;
pub(crate) mod receive;
pub(crate) mod refund;
pub(crate) mod reject;
pub(crate) mod withdraw;

use http_kit::Json;
use primitives::{Money, OrderId, OrderItemId, RefundId, ReturnId, Timestamp};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::returns::{Condition, ReturnReason, ReturnStatus, ReturnStep, steps};
use crate::store;
use crate::store::returns::{Return, ReturnItem};
use crate::workflows::transition::Actor;

/// What a customer wants to send back, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Return)]
pub(crate) struct ReturnView {
    pub(crate) id: ReturnId,
    /// For people, and for the parcel.
    pub(crate) number: String,
    pub(crate) order_id: OrderId,
    pub(crate) status: ReturnStatus,
    /// What whoever asks can do with it next.
    pub(crate) next_steps: Vec<ReturnStep>,
    pub(crate) items: Vec<ReturnItemView>,
    /// The customer's words.
    pub(crate) comment: Option<String>,
    /// The shop's.
    pub(crate) answer: Option<String>,
    /// Who asked: `customer`, `guest` or `staff` (staff see which).
    pub(crate) requested_by: String,
    pub(crate) refund: Option<ReturnRefundView>,
    pub(crate) requested_at: Timestamp,
    pub(crate) decided_at: Option<Timestamp>,
    pub(crate) received_at: Option<Timestamp>,
}

/// Units of a line in a return.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReturnItem)]
pub(crate) struct ReturnItemView {
    pub(crate) order_item_id: OrderItemId,
    /// Units that were asked for.
    pub(crate) quantity: i32,
    pub(crate) reason: ReturnReason,
    /// Units that came.
    pub(crate) received: i32,
    pub(crate) condition: Option<Condition>,
    /// Whether they are for sale again.
    pub(crate) restock: Option<bool>,
}

/// The money of a return.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReturnRefund)]
pub(crate) struct ReturnRefundView {
    pub(crate) id: RefundId,
    /// `pending`, `succeeded`, `failed`, or `reversed`: the customer's bank sent it back.
    pub(crate) status: String,
    pub(crate) amount: Money,
}

impl ReturnView {
    /// The return with its lines, which may be among those of others, as the viewer may see it.
    pub(crate) fn new(known: Return, items: &[ReturnItem], viewer: Actor<'_>) -> Self {
        let staff = matches!(viewer, Actor::Staff(_));
        let of_viewer = |step: &ReturnStep| step.is_customers() != staff;
        let mut next_steps: Vec<ReturnStep> = steps(known.status).filter(of_viewer).collect();
        if staff && known.is_refundable_again() {
            next_steps.push(ReturnStep::Refund);
        }
        let item = |item: &ReturnItem| ReturnItemView {
            order_item_id: item.order_item_id,
            quantity: item.quantity,
            reason: item.reason,
            received: item.received,
            condition: item.condition,
            restock: item.restock,
        };
        let own = items.iter().filter(|item| item.return_id == known.id);
        Self {
            id: known.id,
            number: known.number,
            order_id: known.order_id,
            status: known.status,
            next_steps,
            items: own.map(item).collect(),
            comment: known.comment,
            answer: known.answer,
            requested_by: if !staff && known.actor.starts_with("staff:") {
                "staff".to_owned()
            } else {
                known.actor
            },
            refund: known.refund.map(|refund| ReturnRefundView {
                id: refund.id,
                status: refund.state.as_str().to_owned(),
                amount: refund.amount,
            }),
            requested_at: known.requested_at,
            decided_at: known.decided_at,
            received_at: known.received_at,
        }
    }

    /// Several returns with their lines.
    pub(crate) async fn all(
        conn: &mut PgConnection,
        returns: Vec<Return>,
        viewer: Actor<'_>,
    ) -> Result<Vec<Self>, sqlx::Error> {
        if returns.is_empty() {
            return Ok(vec![]);
        }
        let ids: Vec<ReturnId> = returns.iter().map(|known| known.id).collect();
        let items = store::returns::items(conn, &ids).await?;
        let view = |known| Self::new(known, &items, viewer);
        Ok(returns.into_iter().map(view).collect())
    }

    /// What every step of a return answers: the return as it is after it.
    pub(crate) async fn answer(
        app: &AppState,
        id: ReturnId,
        viewer: Actor<'_>,
    ) -> http_kit::Result<Json<Self>> {
        let mut conn = app.pool.acquire().await?;
        Self::load(&mut conn, id, viewer).await.map(Json)
    }

    /// One return as it is now.
    pub(crate) async fn load(
        conn: &mut PgConnection,
        id: ReturnId,
        viewer: Actor<'_>,
    ) -> http_kit::Result<Self> {
        let known = store::returns::find(conn, id)
            .await?
            .ok_or_else(|| http_kit::Error::not_found("return"))?;
        let items = store::returns::items(conn, &[id]).await?;
        Ok(Self::new(known, &items, viewer))
    }
}
