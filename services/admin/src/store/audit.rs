use primitives::{AuditId, Timestamp, UserId};
use sqlx::PgConnection;

/// Something that a member of staff did, or tried.
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
    pub(crate) details: serde_json::Value,
    pub(crate) request_id: &'a str,
}

/// Written before anything is done, so that nothing is done without a trace, whatever crashes.
pub(crate) const ASKED: &str = "asked";
/// It was done.
pub(crate) const DONE: &str = "done";

pub(crate) async fn insert(conn: &mut PgConnection, entry: &Entry<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO audit_logs (id, at, actor_id, actor_email, action, target, outcome, details, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        entry.id.uuid(),
        entry.at as Timestamp,
        entry.actor_id.map(UserId::uuid),
        entry.actor_email,
        entry.action,
        entry.target,
        entry.outcome,
        entry.details,
        entry.request_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
