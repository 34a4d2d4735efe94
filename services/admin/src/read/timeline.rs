//! What happened to an order, as each of those who took part kept it: one statement a list, on an index, each newest first and in an order that is always the same.

use primitives::{EventId, OrderId, Timestamp};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// How much of a list is read.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    /// Then or before; everything without it.
    pub(crate) until: Option<Timestamp>,
    pub(crate) limit: i64,
}

/// What order wrote for people.
#[derive(FromRow)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) at: Timestamp,
    pub(crate) actor: String,
    pub(crate) message: String,
    pub(crate) trace_id: Option<String>,
}

pub(crate) async fn events(
    conn: &mut PgConnection,
    id: OrderId,
    span: Span,
) -> sqlx::Result<Vec<Event>> {
    sqlx::query_as(
        "SELECT type AS kind, at, actor, message, trace_id FROM order_events
          WHERE order_id = $1 AND at <= coalesce($2, 'infinity') ORDER BY at DESC, seq DESC LIMIT $3",
    )
    .bind(id)
    .bind(span.until)
    .bind(span.limit)
    .fetch_all(conn)
    .await
}

/// An act that had to happen elsewhere, as it stands.
#[derive(FromRow)]
pub(crate) struct Step {
    pub(crate) step: String,
    pub(crate) status: String,
    pub(crate) attempts: i32,
    pub(crate) error: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) trace_id: Option<String>,
}

pub(crate) async fn steps(
    conn: &mut PgConnection,
    id: OrderId,
    span: Span,
) -> sqlx::Result<Vec<Step>> {
    sqlx::query_as(
        "SELECT step, status, attempts, error, updated_at AS at, trace_id FROM saga_steps
          WHERE order_id = $1 AND updated_at <= coalesce($2, 'infinity') ORDER BY updated_at DESC, step, subject LIMIT $3",
    )
    .bind(id)
    .bind(span.until)
    .bind(span.limit)
    .fetch_all(conn)
    .await
}

/// What the payment provider said.
#[derive(FromRow)]
pub(crate) struct Webhook {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) at: Timestamp,
    pub(crate) done: bool,
    pub(crate) outcome: Option<String>,
    pub(crate) attempts: i32,
    pub(crate) error: Option<String>,
    pub(crate) trace_id: Option<String>,
}

pub(crate) async fn webhooks(
    conn: &mut PgConnection,
    id: OrderId,
    span: Span,
) -> sqlx::Result<Vec<Webhook>> {
    sqlx::query_as(
        "SELECT id, type AS kind, received_at AS at, processed_at IS NOT NULL AS done, outcome, attempts, error, trace_id
           FROM webhook_events WHERE order_id = $1 AND received_at <= coalesce($2, 'infinity')
          ORDER BY received_at DESC, id LIMIT $3",
    )
    .bind(id)
    .bind(span.until)
    .bind(span.limit)
    .fetch_all(conn)
    .await
}

/// What was sent to the customer.
#[derive(FromRow)]
pub(crate) struct Mail {
    pub(crate) id: EventId,
    pub(crate) recipient: String,
    pub(crate) template: String,
    pub(crate) subject: String,
    pub(crate) status: String,
    pub(crate) attempts: i32,
    pub(crate) at: Timestamp,
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) again: bool,
    trace: Option<String>,
}

impl Mail {
    pub(crate) fn trace_id(&self) -> Option<String> {
        let parts = self.trace.as_deref()?.split('-');
        parts.into_iter().nth(1).map(str::to_owned)
    }
}

const MAILS: &str = "SELECT id, recipient, template, subject, status, attempts, created_at AS at, sent_at, resend_of IS NOT NULL AS again, traceparent AS trace FROM notification.mails";

pub(crate) async fn mails(
    conn: &mut PgConnection,
    number: &str,
    span: Span,
) -> sqlx::Result<Vec<Mail>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{MAILS} WHERE order_number = $1 AND created_at <= coalesce($2, 'infinity') ORDER BY created_at DESC, id LIMIT $3"
    )))
    .bind(number)
    .bind(span.until)
    .bind(span.limit)
    .fetch_all(conn)
    .await
}

/// One of them.
pub(crate) async fn mail(
    conn: &mut PgConnection,
    number: &str,
    id: EventId,
) -> sqlx::Result<Option<Mail>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{MAILS} WHERE order_number = $1 AND id = $2"
    )))
    .bind(number)
    .bind(id.uuid())
    .fetch_optional(conn)
    .await
}

/// What staff did, or were refused, in the panel or by the REST API.
#[derive(FromRow)]
pub(crate) struct StaffAct {
    pub(crate) seq: i64,
    pub(crate) action: String,
    pub(crate) outcome: String,
    pub(crate) at: Timestamp,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) actor_email: String,
    pub(crate) through: Option<String>,
    pub(crate) request_id: String,
}

/// Each act once: of those through the panel what became of them, which order tells too; of others what order tells.
pub(crate) async fn acts(
    conn: &mut PgConnection,
    id: OrderId,
    span: Span,
) -> sqlx::Result<Vec<StaffAct>> {
    sqlx::query_as(
        "SELECT seq, action, outcome, at, actor_id, actor_email, through, request_id FROM audit_logs
          WHERE target = $1 AND outcome <> 'asked' AND NOT (outcome = 'changed' AND through = 'admin') AND at <= coalesce($2, 'infinity')
          ORDER BY at DESC, seq DESC LIMIT $3",
    )
    .bind(format!("order:{id}"))
    .bind(span.until)
    .bind(span.limit)
    .fetch_all(conn)
    .await
}
