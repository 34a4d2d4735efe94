use primitives::{NotificationId, Timestamp};
use sqlx::PgConnection;

/// Something that staff should know.
pub(crate) struct Notification {
    pub(crate) at: Timestamp,
    pub(crate) subject: String,
    pub(crate) message: String,
}

impl Notification {
    /// The page about it.
    pub(crate) fn href(&self) -> Option<String> {
        match self.subject.split_once(':')? {
            ("order", id) => Some(format!("/admin/orders/{id}")),
            ("product", _) => Some("/admin/products?status=pending_review".to_owned()),
            _ => None,
        }
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
