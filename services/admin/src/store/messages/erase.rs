//! What somebody may take along, and what goes with their account.

use primitives::{ThreadId, UserId};
use serde_json::Value;
use sqlx::PgConnection;

/// The conversations that somebody takes part in, with what they may read there, after the given one.
pub(crate) async fn export(
    conn: &mut PgConnection,
    user: UserId,
    after: Option<ThreadId>,
    limit: i64,
) -> sqlx::Result<Vec<(ThreadId, Value)>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: ThreadId", jsonb_build_object('id', id, 'kind', kind, 'about', about, 'subject', subject, 'status', status,
             'created_at', created_at, 'messages', (
               SELECT jsonb_agg(jsonb_build_object('from', author, 'at', m.created_at, 'body', body) ORDER BY m.seq)
                 FROM messages m WHERE m.thread_id = t.id AND NOT internal)) AS "entry!"
             FROM threads t WHERE (user_id = $1 OR seller_id = $1) AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"#,
        user.uuid(),
        after.map(ThreadId::uuid),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.entry)).collect())
}

/// What somebody was told, newest first.
pub(crate) async fn export_notifications(
    conn: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('at', at, 'kind', kind, 'message', message, 'read_at', read_at) AS "entry!"
             FROM user_notifications WHERE user_id = $1 ORDER BY seq DESC LIMIT 1000"#,
        user.uuid()
    )
    .fetch_all(conn)
    .await
}

/// What somebody does not want to be told.
pub(crate) async fn export_preferences(
    conn: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('muted', muted) AS "entry!" FROM notification_preferences WHERE user_id = $1"#,
        user.uuid()
    )
    .fetch_all(conn)
    .await
}

/// Removes somebody: their conversations whole; of those with them as a seller, their words stay with whom they wrote to, under nobody's name.
pub(crate) async fn erase(conn: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM threads WHERE user_id = $1", user.uuid())
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "UPDATE messages SET author_id = NULL WHERE author_id = $1",
        user.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE threads SET status = 'closed' WHERE seller_id = $1 AND status <> 'closed'",
        user.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE threads SET assignee_id = NULL WHERE assignee_id = $1",
        user.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM user_notifications WHERE user_id = $1",
        user.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM notification_preferences WHERE user_id = $1",
        user.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM notification_marks WHERE user_id = $1",
        user.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}
