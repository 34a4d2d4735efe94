//! What has to happen elsewhere because of an order, and has not happened yet.

use std::time::Duration;

use primitives::{OrderId, Timestamp};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// What is open for longer than this is stuck, as order says, too.
pub(crate) const STUCK_AFTER: Duration = Duration::from_secs(600);

/// An order with something open.
#[derive(Debug)]
pub(crate) struct Saga {
    pub(crate) order_id: OrderId,
    pub(crate) number: String,
    pub(crate) status: String,
    /// All of them, oldest first: what is done, too.
    pub(crate) steps: Vec<Step>,
}

/// One act elsewhere.
#[derive(Debug, FromRow)]
pub(crate) struct Step {
    order_id: OrderId,
    step: String,
    /// `pending`, `done` or `failed`.
    pub(crate) status: String,
    pub(crate) attempts: i32,
    pub(crate) next_try_at: Timestamp,
    pub(crate) error: Option<String>,
    pub(crate) created_at: Timestamp,
}

impl Step {
    /// What it is, in words.
    pub(crate) fn said(&self) -> &str {
        said(&self.step)
    }
}

/// What a step is, in words.
pub(crate) fn said(step: &str) -> &str {
    match step {
        "stock.take" => "Take the units from stock",
        "stock.release" => "Give the units back to stock",
        "payment.stop" => "Stop the payment at the provider",
        "payment.capture" => "Take the money that is held",
        "refund" => "Give the money back",
        other => other,
    }
}

/// Newest orders first: every one, or those of which a step failed or is open since before `stuck_since`.
pub(crate) async fn open(
    conn: &mut PgConnection,
    stuck_since: Option<Timestamp>,
    after: Option<OrderId>,
    limit: i64,
) -> sqlx::Result<Vec<Saga>> {
    let orders: Vec<(OrderId, String, String)> = sqlx::query_as(
        "SELECT o.id, o.number::text, o.status
           FROM (SELECT DISTINCT order_id FROM saga_steps
                  WHERE status <> 'done' AND ($1::timestamptz IS NULL OR status = 'failed' OR created_at < $1)
                    AND ($2::uuid IS NULL OR order_id < $2)
                  ORDER BY order_id DESC LIMIT $3) open
           JOIN orders o ON o.id = open.order_id
          ORDER BY o.id DESC",
    )
    .bind(stuck_since)
    .bind(after)
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<Uuid> = orders.iter().map(|(id, ..)| id.uuid()).collect();
    let mut steps: Vec<Step> = sqlx::query_as(
        "SELECT order_id, step, status, attempts, next_try_at, error, created_at
           FROM saga_steps WHERE order_id = ANY ($1) ORDER BY created_at, step, subject",
    )
    .bind(ids)
    .fetch_all(conn)
    .await?;
    let saga = |(order_id, number, status)| Saga {
        steps: steps
            .extract_if(.., |step| step.order_id == order_id)
            .collect(),
        order_id,
        number,
        status,
    };
    Ok(orders.into_iter().map(saga).collect())
}
