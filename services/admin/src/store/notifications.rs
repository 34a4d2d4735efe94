use std::borrow::Borrow;

use primitives::{NotificationId, Timestamp, UserId};
use sqlx::PgConnection;

/// Something that staff should know.
pub(crate) struct Notification {
    pub(crate) at: Timestamp,
    pub(crate) subject: String,
    pub(crate) message: String,
}

impl Notification {
    pub(crate) fn href(&self, manages_settings: impl Borrow<bool>) -> Option<String> {
        href(&self.subject, *manages_settings.borrow())
    }
}

/// The page about it, unless it is not for them.
fn href(subject: &str, manages_settings: bool) -> Option<String> {
    match subject.split_once(':')? {
        ("order", id) => Some(format!("/admin/orders/{id}")),
        ("thread", id) => Some(format!("/admin/messages/{id}")),
        ("webhook", id) if manages_settings => Some(format!("/admin/webhooks/{id}")),
        ("product", _) => Some("/admin/products?status=pending_review".to_owned()),
        _ => None,
    }
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    id: NotificationId,
    at: Timestamp,
    kind: &str,
    subject: &str,
    message: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO notifications (id, at, kind, subject, message) VALUES ($1, $2, $3, $4, $5)",
        id.uuid(),
        at as Timestamp,
        kind,
        subject,
        message
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn latest(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Notification>> {
    sqlx::query_as!(
        Notification,
        "SELECT at, subject, message FROM notifications ORDER BY at DESC, id DESC LIMIT $1",
        limit
    )
    .fetch_all(conn)
    .await
}

/// One in a list.
pub(crate) struct StaffNews {
    pub(crate) id: NotificationId,
    pub(crate) at: Timestamp,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) message: String,
}

impl StaffNews {
    pub(crate) fn href(&self, manages_settings: impl Borrow<bool>) -> Option<String> {
        href(&self.subject, *manages_settings.borrow())
    }
}

/// Newest first, after the given place.
pub(crate) async fn list(
    conn: &mut PgConnection,
    after: Option<(Timestamp, NotificationId)>,
    limit: i64,
) -> sqlx::Result<Vec<StaffNews>> {
    sqlx::query_as!(
        StaffNews,
        r#"SELECT id AS "id: NotificationId", at, kind, subject, message FROM notifications
            WHERE $1::timestamptz IS NULL OR (at, id) < ($1, $2) ORDER BY at DESC, id DESC LIMIT $3"#,
        after.map(|(at, _)| at) as Option<Timestamp>,
        after.map(|(_, id)| id.uuid()),
        limit
    )
    .fetch_all(conn)
    .await
}

/// How far a member of staff has read.
pub(crate) async fn read_to(
    conn: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Option<Timestamp>> {
    sqlx::query_scalar!(
        "SELECT read_to FROM notification_marks WHERE user_id = $1",
        user.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// They have read as far as that; never less than before.
pub(crate) async fn mark(
    conn: &mut PgConnection,
    user: UserId,
    up_to: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO notification_marks (user_id, read_to) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET read_to = greatest(notification_marks.read_to, excluded.read_to)",
        user.uuid(),
        up_to as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many they have not read; counted to a hundred.
pub(crate) async fn unread(conn: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
             SELECT FROM notifications
              WHERE at > coalesce((SELECT read_to FROM notification_marks WHERE user_id = $1), '-infinity') LIMIT 100) n"#,
        user.uuid()
    )
    .fetch_one(conn)
    .await
}
