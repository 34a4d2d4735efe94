use auth_token::Role;
use contracts::events::{Envelope, StaffActed};
use http_kit::{ClientIp, RequestId};
use primitives::{AuditId, Timestamp, UserId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::audit_chain::{Anchor, Hash, Row};

/// Whoever acts: without an id before they have signed in, when the address is what they typed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor<'a> {
    pub(crate) id: Option<UserId>,
    pub(crate) email: &'a str,
}

/// Something that a member of staff did, or tried, in the panel.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) id: AuditId,
    pub(crate) at: Timestamp,
    pub(crate) actor: Actor<'a>,
    pub(crate) action: &'a str,
    pub(crate) target: &'a str,
    /// [`ASKED`], [`DONE`], or the code of the problem.
    pub(crate) outcome: &'a str,
    pub(crate) details: Value,
}

/// Written before anything is done, so that nothing is done without a trace, whatever crashes.
pub(crate) const ASKED: &str = "asked";
/// The service answered that it is done.
pub(crate) const DONE: &str = "done";
/// The service that owns the target says that it changed.
pub(crate) const CHANGED: &str = "changed";

/// The last thing that a transaction writes: it waits for all others that write to the log, and holds them up until it ends.
pub(crate) async fn insert(conn: &mut PgConnection, entry: &Entry<'_>) -> sqlx::Result<()> {
    let (ip, request_id) = asked_by();
    let added = sqlx::query!(
        "INSERT INTO audit_logs (id, at, actor_id, actor_email, action, target, outcome, details, ip, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING seq, hash",
        entry.id.uuid(),
        entry.at as Timestamp,
        entry.actor.id.map(UserId::uuid),
        entry.actor.email,
        entry.action,
        entry.target,
        entry.outcome,
        entry.details,
        ip,
        request_id
    )
    .fetch_one(conn)
    .await?;
    anchor(added.seq, &added.hash);
    Ok(())
}

/// Keeps a change of what the panel itself owns, with what of it changed. The last thing that a transaction writes, too.
pub(crate) async fn insert_change(
    conn: &mut PgConnection,
    entry: &Entry<'_>,
    role: Role,
    before: &Value,
    after: &Value,
) -> sqlx::Result<()> {
    let (ip, request_id) = asked_by();
    let added = sqlx::query!(
        "INSERT INTO audit_logs (id, at, actor_id, actor_email, actor_role, action, target, outcome, details, before, after, ip, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING seq, hash",
        entry.id.uuid(),
        entry.at as Timestamp,
        entry.actor.id.map(UserId::uuid),
        entry.actor.email,
        role.as_str(),
        entry.action,
        entry.target,
        entry.outcome,
        entry.details,
        before,
        after,
        ip,
        request_id
    )
    .fetch_one(conn)
    .await?;
    anchor(added.seq, &added.hash);
    Ok(())
}

/// The address and the id of the request that is answered now.
fn asked_by() -> (Option<String>, String) {
    let ip = ClientIp::current().map(|ClientIp(ip)| ip.to_string());
    let request_id = RequestId::current().map(|id| id.as_str().to_owned());
    (ip, request_id.unwrap_or_default())
}

/// Each row's place in the chain also stands in the service's log: who keeps that elsewhere can prove later that nobody wrote the chain anew.
fn anchor(seq: i64, hash: &[u8]) {
    if let Some(hash) = Hash::new(hash) {
        tracing::info!(anchor = %Anchor { seq, hash }, "a row was added to the audit log");
    }
}

/// Keeps what a service says that staff did. The row has the event's id: an event is one row, however often it comes. Like [`insert`], it is the
/// last thing that a transaction writes.
pub(crate) async fn keep(
    conn: &mut PgConnection,
    event: &Envelope<StaffActed>,
) -> sqlx::Result<()> {
    let act = &event.data;
    let some = |value: &Value| (!value.is_null()).then(|| value.clone());
    let added = sqlx::query!(
        "INSERT INTO audit_logs (id, at, actor_id, actor_email, actor_role, action, target, outcome, source, through, before, after, ip, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING RETURNING seq, hash",
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
    .fetch_optional(conn)
    .await?;
    if let Some(added) = added {
        anchor(added.seq, &added.hash);
    }
    Ok(())
}

/// What the database says was written last; nothing if it has forgotten.
pub(crate) async fn head(conn: &mut PgConnection) -> sqlx::Result<Option<Anchor>> {
    let head = sqlx::query!("SELECT seq, hash FROM audit_head")
        .fetch_optional(conn)
        .await?;
    Ok(head.and_then(|head| {
        let hash = Hash::new(&head.hash)?;
        Some(Anchor {
            seq: head.seq,
            hash,
        })
    }))
}

/// Rows of the chain in its order, after the given one. The columns are those of the format, in its order. Constraints are not believed: whoever
/// can write to the chain past its trigger can drop them too.
pub(crate) async fn chain(
    conn: &mut PgConnection,
    after: (i64, Uuid),
    limit: i64,
) -> sqlx::Result<Vec<Row>> {
    let rows = sqlx::query!(
        r#"SELECT seq, id, format AS "format?", previous_hash AS "previous_hash?", hash AS "hash?",
                  ARRAY[id::text, (extract(epoch FROM at) * 1000000)::bigint::text, actor_id::text, actor_email, actor_role, action, target, outcome,
                        details::text, before::text, after::text, source, through, ip, request_id] AS "columns!: Vec<Option<String>>"
             FROM audit_logs
            WHERE (seq, id) > ($1, $2)
            ORDER BY seq, id LIMIT $3"#,
        after.0,
        after.1,
        limit
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| Row {
        seq: row.seq,
        id: row.id,
        format: row.format.unwrap_or_default(),
        previous: row.previous_hash.as_deref().and_then(Hash::new),
        hash: row.hash.as_deref().and_then(Hash::new),
        columns: row.columns,
    });
    Ok(rows.collect())
}

/// Rows that the chain never gave a number.
pub(crate) async fn unnumbered(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "SELECT id FROM audit_logs WHERE seq IS NULL ORDER BY id LIMIT $1",
        limit
    )
    .fetch_all(conn)
    .await
}
