use contracts::events::{Envelope, StaffActed};
use http_kit::ClientIp;
use primitives::{AuditId, Timestamp, UserId};
use serde_json::Value;
use sqlx::PgConnection;

/// Something that a member of staff did, or tried, in the panel.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) id: AuditId,
    pub(crate) at: Timestamp,
    pub(crate) actor_id: Option<UserId>,
    pub(crate) actor_email: &'a str,
    pub(crate) action: &'a str,
    pub(crate) target: &'a str,
    /// [`ASKED`], [`DONE`], or the code of the problem.
    pub(crate) outcome: &'a str,
    pub(crate) details: Value,
    pub(crate) request_id: &'a str,
}

/// Written before anything is done, so that nothing is done without a trace, whatever crashes.
pub(crate) const ASKED: &str = "asked";
/// The service answered that it is done.
pub(crate) const DONE: &str = "done";
/// The service that owns the target says that it changed.
const CHANGED: &str = "changed";

pub(crate) async fn insert(conn: &mut PgConnection, entry: &Entry<'_>) -> sqlx::Result<()> {
    let ip = ClientIp::current().map(|ClientIp(ip)| ip.to_string());
    sqlx::query!(
        "INSERT INTO audit_logs (id, at, actor_id, actor_email, action, target, outcome, details, ip, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        entry.id.uuid(),
        entry.at as Timestamp,
        entry.actor_id.map(UserId::uuid),
        entry.actor_email,
        entry.action,
        entry.target,
        entry.outcome,
        entry.details,
        ip,
        entry.request_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps what a service says that staff did. The row has the event's id: an event is one row, however often it comes.
pub(crate) async fn keep(
    conn: &mut PgConnection,
    event: &Envelope<StaffActed>,
) -> sqlx::Result<()> {
    let act = &event.data;
    let some = |value: &Value| (!value.is_null()).then(|| value.clone());
    sqlx::query!(
        "INSERT INTO audit_logs (id, at, actor_id, actor_email, actor_role, action, target, outcome, source, through, before, after, ip, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING",
        event.id.uuid(),
        event.time as Timestamp,
        act.actor.user_id.uuid(),
        act.actor.email.as_ref().map_or("", |email| email.as_str()),
        act.actor.role,
        act.action,
        act.target,
        CHANGED,
        event.source,
        act.through,
        some(&act.before),
        some(&act.after),
        act.ip,
        act.request_id.as_deref().unwrap_or_default(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
