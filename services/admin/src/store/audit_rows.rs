//! The audit log as pages and files show it.

use primitives::Timestamp;
use serde_json::Value;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

/// A row of the log.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct AuditRow {
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) actor_email: String,
    pub(crate) actor_role: Option<String>,
    pub(crate) action: String,
    pub(crate) target: String,
    pub(crate) outcome: String,
    pub(crate) details: Value,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
    pub(crate) source: String,
    pub(crate) through: Option<String>,
    pub(crate) ip: Option<String>,
    pub(crate) request_id: String,
    pub(crate) previous_hash: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

const SELECT: &str = "SELECT seq, at, actor_id, actor_email, actor_role, action, target, outcome, details, before, after, source, through, ip, request_id, previous_hash, hash FROM audit_logs";

/// Which rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditFilter {
    /// An e-mail address, or an id.
    pub(crate) who: String,
    pub(crate) action: String,
    /// Such as `order:<id>`.
    pub(crate) target: String,
    /// An outcome, or `refused` for all that are bad news.
    pub(crate) outcome: String,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    /// None that were written after this one.
    pub(crate) newest: Option<i64>,
}

/// Newest first, after the given row. Only the conditions that there are stand in the statement, so that each has its index.
pub(crate) async fn list(
    conn: &mut PgConnection,
    filter: &AuditFilter,
    after: Option<(Timestamp, i64)>,
    limit: i64,
) -> sqlx::Result<Vec<AuditRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(SELECT);
    sql.push(" WHERE true");
    if let Ok(id) = filter.who.parse::<Uuid>() {
        sql.push(" AND actor_id = ").push_bind(id);
    } else if !filter.who.is_empty() {
        sql.push(" AND actor_email = ")
            .push_bind(filter.who.to_lowercase());
    }
    if !filter.action.is_empty() {
        sql.push(" AND action = ").push_bind(filter.action.as_str());
    }
    if !filter.target.is_empty() {
        sql.push(" AND target = ").push_bind(filter.target.as_str());
    }
    match filter.outcome.as_str() {
        "" => {}
        "refused" => {
            sql.push(" AND outcome NOT IN ('asked', 'done', 'changed')");
        }
        outcome => {
            sql.push(" AND outcome = ").push_bind(outcome);
        }
    }
    if let Some(since) = filter.since {
        sql.push(" AND at >= ").push_bind(since);
    }
    if let Some(until) = filter.until {
        sql.push(" AND at < ").push_bind(until);
    }
    if let Some(newest) = filter.newest {
        sql.push(" AND seq <= ").push_bind(newest);
    }
    if let Some((at, seq)) = after {
        sql.push(" AND (at, seq) < (").push_bind(at);
        sql.push(", ").push_bind(seq).push(")");
    }
    sql.push(" ORDER BY at DESC, seq DESC LIMIT ")
        .push_bind(limit);
    sql.build_query_as().fetch_all(conn).await
}

pub(crate) async fn find(conn: &mut PgConnection, seq: i64) -> sqlx::Result<Option<AuditRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(SELECT);
    sql.push(" WHERE seq = ").push_bind(seq);
    sql.build_query_as().fetch_optional(conn).await
}

/// All rows of a request in the order in which they were written.
pub(crate) async fn of_request(
    conn: &mut PgConnection,
    request_id: &str,
    limit: i64,
) -> sqlx::Result<Vec<AuditRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(SELECT);
    sql.push(" WHERE request_id <> '' AND request_id = ")
        .push_bind(request_id)
        .push(" ORDER BY seq LIMIT ")
        .push_bind(limit);
    sql.build_query_as().fetch_all(conn).await
}

/// The acts that there are, each looked up in the index once.
pub(crate) async fn actions(conn: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE each AS (
             (SELECT action FROM audit_logs ORDER BY action LIMIT 1)
             UNION ALL
             SELECT (SELECT action FROM audit_logs WHERE action > each.action ORDER BY action LIMIT 1) FROM each WHERE each.action IS NOT NULL
           )
           SELECT action AS "action!" FROM each WHERE action IS NOT NULL LIMIT 300"#
    )
    .fetch_all(conn)
    .await
}
