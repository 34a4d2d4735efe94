//! What people are told. Each has a place in the order in which their transactions commit: whoever follows goes on after what they have.

use primitives::{NotificationId, OrderId, Timestamp, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// The first half of the lock that orders a user's notifications.
const LOCK: i32 = 0x6e6f_7469;

/// What somebody is told.
#[derive(Debug, Clone)]
pub(crate) struct UserNotification {
    pub(crate) id: NotificationId,
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) message: String,
    pub(crate) read_at: Option<Timestamp>,
}

/// Something to tell.
#[derive(Debug)]
pub(crate) struct News<'a> {
    pub(crate) id: NotificationId,
    pub(crate) at: Timestamp,
    pub(crate) kind: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) message: &'a str,
}

/// Tells somebody, unless they do not want to know; who follows hears of it when the transaction commits. Whoever tells several people in one
/// transaction takes them in the order of their ids, as with row locks.
pub(crate) async fn tell(
    conn: &mut PgConnection,
    user: UserId,
    news: &News<'_>,
) -> sqlx::Result<()> {
    // The lock comes first, then the number, then the row: each step reads the one before.
    sqlx::query!(
        r#"WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock($1, hashtext($2::uuid::text))),
                wanted AS MATERIALIZED (
                  SELECT FROM locked
                   WHERE NOT EXISTS (SELECT FROM notification_preferences p WHERE p.user_id = $2 AND $5 = ANY (p.muted))),
                numbered AS MATERIALIZED (SELECT nextval('user_notifications_seq') AS seq FROM wanted),
                written AS (
                  INSERT INTO user_notifications (id, seq, user_id, at, kind, subject, message)
                  SELECT $3, seq, $2, $4, $5, $6, $7 FROM numbered ON CONFLICT (id) DO NOTHING)
           SELECT pg_notify('user_notifications', $2::uuid::text)::text AS told FROM numbered"#,
        LOCK,
        user.uuid(),
        news.id.uuid(),
        news.at as Timestamp,
        news.kind,
        news.subject,
        news.message
    )
    .fetch_optional(conn)
    .await?;
    Ok(())
}

/// Newest first, before the given place.
pub(crate) async fn list(
    conn: &mut PgConnection,
    user: UserId,
    unread: bool,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<UserNotification>> {
    sqlx::query_as!(
        UserNotification,
        r#"SELECT id AS "id: NotificationId", seq, at, kind, subject, message, read_at FROM user_notifications
            WHERE user_id = $1 AND (NOT $2 OR read_at IS NULL) AND ($3::bigint IS NULL OR seq < $3) ORDER BY seq DESC LIMIT $4"#,
        user.uuid(),
        unread,
        before,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Oldest first, after the given place.
pub(crate) async fn after(
    conn: &mut PgConnection,
    user: UserId,
    seen: i64,
    limit: i64,
) -> sqlx::Result<Vec<UserNotification>> {
    sqlx::query_as!(
        UserNotification,
        r#"SELECT id AS "id: NotificationId", seq, at, kind, subject, message, read_at FROM user_notifications
            WHERE user_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"#,
        user.uuid(),
        seen,
        limit
    )
    .fetch_all(conn)
    .await
}

/// The place of a notification; nothing if it is not theirs.
pub(crate) async fn place(
    conn: &mut PgConnection,
    user: UserId,
    id: NotificationId,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "SELECT seq FROM user_notifications WHERE id = $1 AND user_id = $2",
        id.uuid(),
        user.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// The newest place.
pub(crate) async fn newest(conn: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    let newest = sqlx::query_scalar!(
        "SELECT max(seq) FROM user_notifications WHERE user_id = $1",
        user.uuid()
    )
    .fetch_one(conn)
    .await?;
    Ok(newest.unwrap_or(0))
}

/// How many are unread; counted to a hundred.
pub(crate) async fn unread(conn: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM user_notifications WHERE user_id = $1 AND read_at IS NULL LIMIT 100) n"#,
        user.uuid()
    )
    .fetch_one(conn)
    .await
}

/// Marks one as read or unread; nothing if it is not theirs.
pub(crate) async fn mark(
    conn: &mut PgConnection,
    user: UserId,
    id: NotificationId,
    read: bool,
    now: Timestamp,
) -> sqlx::Result<Option<UserNotification>> {
    sqlx::query_as!(
        UserNotification,
        r#"UPDATE user_notifications SET read_at = CASE WHEN $3 THEN coalesce(read_at, $4) END WHERE id = $1 AND user_id = $2
           RETURNING id AS "id: NotificationId", seq, at, kind, subject, message, read_at"#,
        id.uuid(),
        user.uuid(),
        read,
        now as Timestamp
    )
    .fetch_optional(conn)
    .await
}

/// Marks all as read up to a place, or all there are; how many.
pub(crate) async fn mark_all(
    conn: &mut PgConnection,
    user: UserId,
    up_to: Option<i64>,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "UPDATE user_notifications SET read_at = $3 WHERE user_id = $1 AND read_at IS NULL AND ($2::bigint IS NULL OR seq <= $2)",
        user.uuid(),
        up_to,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

pub(crate) async fn muted(conn: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<String>> {
    let muted = sqlx::query_scalar!(
        "SELECT muted FROM notification_preferences WHERE user_id = $1",
        user.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(muted.unwrap_or_default())
}

pub(crate) async fn mute(
    conn: &mut PgConnection,
    user: UserId,
    muted: &[String],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO notification_preferences (user_id, muted, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET muted = excluded.muted, updated_at = excluded.updated_at",
        user.uuid(),
        muted,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets what was told before then, so many at most; how many.
pub(crate) async fn prune(
    conn: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM user_notifications WHERE id IN (SELECT id FROM user_notifications WHERE at < $1 ORDER BY at LIMIT $2)",
        before as Timestamp,
        limit
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// News of an order, of which it is not known yet whom they concern.
#[derive(Debug)]
pub(crate) struct OrderNews {
    pub(crate) id: NotificationId,
    pub(crate) order_id: OrderId,
    pub(crate) at: Timestamp,
    pub(crate) kind: String,
    pub(crate) message: String,
}

/// Keeps them until somebody has looked up whose order it is.
pub(crate) async fn keep(conn: &mut PgConnection, news: &OrderNews) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH told AS (SELECT pg_notify('order_news', ''))
         INSERT INTO order_news (id, order_id, at, kind, message) SELECT $1, $2, $3, $4, $5 FROM told ON CONFLICT (id) DO NOTHING",
        news.id.uuid(),
        news.order_id.uuid(),
        news.at as Timestamp,
        news.kind,
        news.message
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn kept(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<OrderNews>> {
    sqlx::query_as!(
        OrderNews,
        r#"SELECT id AS "id: NotificationId", order_id AS "order_id: OrderId", at, kind, message FROM order_news ORDER BY id LIMIT $1"#,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Takes these away; those that nobody else has taken.
pub(crate) async fn take(
    conn: &mut PgConnection,
    ids: &[Uuid],
) -> sqlx::Result<Vec<NotificationId>> {
    sqlx::query_scalar!(
        r#"DELETE FROM order_news WHERE id = ANY ($1) RETURNING id AS "id: NotificationId""#,
        ids
    )
    .fetch_all(conn)
    .await
}
