use std::time::Duration;

use primitives::{MessageId, ThreadId, Timestamp, UserId};
use sqlx::PgConnection;

use crate::domain::threads::{Side, UnknownWord};

/// What somebody wrote.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    /// Its place in the conversation; the database says it.
    pub(crate) seq: i64,
    pub(crate) author_id: Option<UserId>,
    pub(crate) author: Side,
    pub(crate) body: String,
    pub(crate) internal: bool,
    pub(crate) created_at: Timestamp,
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    thread: ThreadId,
    message: &Message,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO messages (id, thread_id, author_id, author, body, internal, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        message.id.uuid(),
        thread.uuid(),
        message.author_id.map(UserId::uuid),
        message.author.as_str(),
        message.body,
        message.internal,
        message.created_at as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn find(conn: &mut PgConnection, id: MessageId) -> sqlx::Result<Option<Message>> {
    let row = sqlx::query!(
        r#"SELECT id AS "id: MessageId", seq, author_id AS "author_id: UserId", author, body, internal, created_at FROM messages WHERE id = $1"#,
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Message {
            id: row.id,
            seq: row.seq,
            author_id: row.author_id,
            author: row.author.parse().map_err(decode)?,
            body: row.body,
            internal: row.internal,
            created_at: row.created_at,
        })
    })
    .transpose()
}

fn decode(error: UnknownWord) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// The newest before the given one; notes between staff only if they are asked for.
pub(crate) async fn list(
    conn: &mut PgConnection,
    thread: ThreadId,
    internal: bool,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<Message>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: MessageId", seq, author_id AS "author_id: UserId", author, body, internal, created_at
             FROM messages WHERE thread_id = $1 AND ($2 OR NOT internal) AND ($3::bigint IS NULL OR seq < $3) ORDER BY seq DESC LIMIT $4"#,
        thread.uuid(),
        internal,
        before,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Message {
                id: row.id,
                seq: row.seq,
                author_id: row.author_id,
                author: row.author.parse().map_err(decode)?,
                body: row.body,
                internal: row.internal,
                created_at: row.created_at,
            })
        })
        .collect()
}

/// How much somebody has written lately: messages within the hour, conversations begun within the day.
pub(crate) async fn written_by(
    conn: &mut PgConnection,
    author: UserId,
    now: Timestamp,
) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM messages WHERE author_id = $1 AND created_at > $2) AS "messages!",
                  (SELECT count(*) FROM threads WHERE user_id = $1 AND created_at > $3) AS "threads!""#,
        author.uuid(),
        (now - Duration::from_secs(3600)) as Timestamp,
        (now - Duration::from_secs(24 * 3600)) as Timestamp
    )
    .fetch_one(conn)
    .await?;
    Ok((row.messages, row.threads))
}
