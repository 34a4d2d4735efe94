use primitives::{ThreadId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{Thread, thread_query, threads};
use crate::domain::threads::{Kind, Status};

/// A place in a list: when something was last written, and the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place(pub(crate) Timestamp, pub(crate) ThreadId);

impl Place {
    pub(crate) fn of(thread: &Thread) -> Self {
        Self(thread.last_message_at, thread.id)
    }
}

/// The conversations that somebody began.
pub(crate) async fn of_user(
    conn: &mut PgConnection,
    user: UserId,
    status: Option<Status>,
    after: Option<Place>,
    limit: i64,
) -> sqlx::Result<Vec<Thread>> {
    let rows = thread_query!(
        "WHERE user_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::timestamptz IS NULL OR (last_message_at, id) < ($3, $4))
          ORDER BY last_message_at DESC, id DESC LIMIT $5",
        user.uuid(),
        status.map(Status::as_str),
        after.map(|place| place.0) as Option<Timestamp>,
        after.map(|place| place.1.uuid()),
        limit
    )
    .fetch_all(conn)
    .await?;
    threads(rows)
}

/// The conversations with a seller.
pub(crate) async fn of_seller(
    conn: &mut PgConnection,
    seller: UserId,
    status: Option<Status>,
    after: Option<Place>,
    limit: i64,
) -> sqlx::Result<Vec<Thread>> {
    let rows = thread_query!(
        "WHERE seller_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::timestamptz IS NULL OR (last_message_at, id) < ($3, $4))
          ORDER BY last_message_at DESC, id DESC LIMIT $5",
        seller.uuid(),
        status.map(Status::as_str),
        after.map(|place| place.0) as Option<Timestamp>,
        after.map(|place| place.1.uuid()),
        limit
    )
    .fetch_all(conn)
    .await?;
    threads(rows)
}

/// Which conversations staff look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inbox {
    pub(crate) kind: Kind,
    pub(crate) status: Option<Status>,
    pub(crate) assignee: Option<UserId>,
    pub(crate) unassigned: bool,
    pub(crate) of_user: Option<UserId>,
}

pub(crate) async fn inbox(
    conn: &mut PgConnection,
    inbox: Inbox,
    after: Option<Place>,
    limit: i64,
) -> sqlx::Result<Vec<Thread>> {
    let rows = thread_query!(
        "WHERE kind = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR assignee_id = $3) AND (NOT $4 OR assignee_id IS NULL)
            AND ($5::uuid IS NULL OR user_id = $5) AND ($6::timestamptz IS NULL OR (last_message_at, id) < ($6, $7))
          ORDER BY last_message_at DESC, id DESC LIMIT $8",
        inbox.kind.as_str(),
        inbox.status.map(Status::as_str),
        inbox.assignee.map(UserId::uuid),
        inbox.unassigned,
        inbox.of_user.map(UserId::uuid),
        after.map(|place| place.0) as Option<Timestamp>,
        after.map(|place| place.1.uuid()),
        limit
    )
    .fetch_all(conn)
    .await?;
    threads(rows)
}

/// How many messages somebody has not read, in conversations that they began and in those with them as a seller.
pub(crate) async fn unread(conn: &mut PgConnection, who: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT coalesce((SELECT sum(user_unread) FROM threads WHERE user_id = $1), 0)
                + coalesce((SELECT sum(other_unread) FROM threads WHERE seller_id = $1), 0) AS "unread!""#,
        who.uuid()
    )
    .fetch_one(conn)
    .await
}

/// How many conversations somebody began.
pub(crate) async fn count_of(conn: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM threads WHERE user_id = $1"#,
        user.uuid()
    )
    .fetch_one(conn)
    .await
}
