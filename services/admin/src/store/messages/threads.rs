use primitives::{ThreadId, Timestamp, UserId};
use sqlx::PgConnection;

use super::{Thread, thread_query};
use crate::domain::text::excerpt;
use crate::domain::threads::{Kind, Side, Status};

pub(crate) async fn find(conn: &mut PgConnection, id: ThreadId) -> sqlx::Result<Option<Thread>> {
    let row = thread_query!("WHERE id = $1", id.uuid())
        .fetch_optional(conn)
        .await?;
    row.map(Thread::try_from).transpose()
}

/// Keeps everybody else from changing it until the transaction ends.
pub(crate) async fn lock(conn: &mut PgConnection, id: ThreadId) -> sqlx::Result<Option<Thread>> {
    let row = thread_query!("WHERE id = $1 FOR NO KEY UPDATE", id.uuid())
        .fetch_optional(conn)
        .await?;
    row.map(Thread::try_from).transpose()
}

/// A new one, whose first message is its user's; `threads_once` if there is one about that product already.
pub(crate) async fn insert(conn: &mut PgConnection, thread: &Thread) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO threads (id, kind, user_id, seller_id, order_id, product_id, about, subject, other_unread, last_message_at, last_from, last_text,
           created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, 'user', $10, $9, $9)",
        thread.id.uuid(),
        thread.kind.as_str(),
        thread.user_id.uuid(),
        thread.seller_id.map(UserId::uuid),
        thread.order_id.map(|id| id.uuid()),
        thread.product_id.map(|id| id.uuid()),
        thread.about,
        thread.subject,
        thread.created_at as Timestamp,
        thread.last_text
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Somebody wrote: the other side has one more to read, and their own are read.
pub(crate) async fn grew(
    conn: &mut PgConnection,
    thread: &Thread,
    from: Side,
    text: &str,
    status: Status,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE threads SET status = $2, last_message_at = $3, last_from = $4, last_text = $5, updated_at = $3, version = version + 1,
           user_unread = CASE WHEN $4 = 'user' THEN 0 ELSE user_unread + 1 END,
           other_unread = CASE WHEN $4 = 'user' THEN other_unread + 1 WHEN $4 = 'seller' OR kind = 'support' THEN 0 ELSE other_unread END
          WHERE id = $1",
        thread.id.uuid(),
        status.as_str(),
        now as Timestamp,
        from.as_str(),
        excerpt(text)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A side has read all there is.
pub(crate) async fn read(conn: &mut PgConnection, thread: &Thread, side: Side) -> sqlx::Result<()> {
    match (side, thread.kind) {
        (Side::User, _) => {
            sqlx::query!(
                "UPDATE threads SET user_unread = 0 WHERE id = $1 AND user_unread > 0",
                thread.id.uuid()
            )
            .execute(conn)
            .await?;
        }
        (Side::Seller, _) | (Side::Staff, Kind::Support) => {
            sqlx::query!(
                "UPDATE threads SET other_unread = 0 WHERE id = $1 AND other_unread > 0",
                thread.id.uuid()
            )
            .execute(conn)
            .await?;
        }
        (Side::Staff, Kind::Seller) => {}
    }
    Ok(())
}

pub(crate) async fn turn(
    conn: &mut PgConnection,
    id: ThreadId,
    status: Status,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE threads SET status = $2, updated_at = $3, version = version + 1 WHERE id = $1",
        id.uuid(),
        status.as_str(),
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn assign(
    conn: &mut PgConnection,
    id: ThreadId,
    assignee: Option<UserId>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE threads SET assignee_id = $2, updated_at = $3, version = version + 1 WHERE id = $1",
        id.uuid(),
        assignee.map(UserId::uuid),
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}
