use primitives::{Timestamp, WebhookId};
use sqlx::PgConnection;

/// A third party's address.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) id: WebhookId,
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) event_types: Vec<String>,
    pub(crate) personal_data: bool,
    pub(crate) previous_secret_until: Option<Timestamp>,
    pub(crate) disabled_at: Option<Timestamp>,
    /// `staff`, `failing` or `gone`.
    pub(crate) disabled_because: Option<String>,
    pub(crate) failing_since: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) version: i32,
    pub(crate) waiting: i64,
    pub(crate) failed: i64,
}

/// What staff say of one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Wanted {
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) event_types: Vec<String>,
    pub(crate) personal_data: bool,
}

/// All of them; there are few. Deliveries are counted to a hundred.
pub(crate) async fn list(conn: &mut PgConnection) -> sqlx::Result<Vec<Endpoint>> {
    sqlx::query_as!(
        Endpoint,
        r#"SELECT id AS "id: WebhookId", url, description, event_types, personal_data, previous_secret_until, disabled_at, disabled_because,
             failing_since, created_at, version,
             (SELECT count(*) FROM (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND status = 'waiting' LIMIT 100) x) AS "waiting!",
             (SELECT count(*) FROM (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND status = 'failed' LIMIT 100) x) AS "failed!"
             FROM webhook_endpoints e ORDER BY id"#
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn find(conn: &mut PgConnection, id: WebhookId) -> sqlx::Result<Option<Endpoint>> {
    sqlx::query_as!(
        Endpoint,
        r#"SELECT id AS "id: WebhookId", url, description, event_types, personal_data, previous_secret_until, disabled_at, disabled_because,
             failing_since, created_at, version,
             (SELECT count(*) FROM (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND status = 'waiting' LIMIT 100) x) AS "waiting!",
             (SELECT count(*) FROM (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND status = 'failed' LIMIT 100) x) AS "failed!"
             FROM webhook_endpoints e WHERE id = $1"#,
        id.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// Keeps everybody else from changing it until the transaction ends; what staff last said of it.
pub(crate) async fn lock(
    conn: &mut PgConnection,
    id: WebhookId,
) -> sqlx::Result<Option<(Wanted, i32)>> {
    let row = sqlx::query!(
        "SELECT url, description, event_types, personal_data, version FROM webhook_endpoints WHERE id = $1 FOR NO KEY UPDATE",
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let wanted = Wanted {
            url: row.url,
            description: row.description,
            event_types: row.event_types,
            personal_data: row.personal_data,
        };
        (wanted, row.version)
    }))
}

/// The secret that it was made with, unless something was changed since.
pub(crate) async fn first_secret(
    conn: &mut PgConnection,
    id: WebhookId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "SELECT secret FROM webhook_endpoints WHERE id = $1 AND version = 1",
        id.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// How many there are. Takes turns with others who are about to add one.
pub(crate) async fn count(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('webhook_endpoints'))")
        .execute(&mut *conn)
        .await?;
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM webhook_endpoints"#)
        .fetch_one(conn)
        .await
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    id: WebhookId,
    wanted: &Wanted,
    secret: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO webhook_endpoints (id, url, description, event_types, personal_data, secret, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        id.uuid(),
        wanted.url,
        wanted.description,
        &wanted.event_types,
        wanted.personal_data,
        secret,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn update(
    conn: &mut PgConnection,
    id: WebhookId,
    wanted: &Wanted,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET url = $2, description = $3, event_types = $4, personal_data = $5, updated_at = $6, version = version + 1
          WHERE id = $1",
        id.uuid(),
        wanted.url,
        wanted.description,
        &wanted.event_types,
        wanted.personal_data,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A new secret; the one before is good until then.
pub(crate) async fn rotate(
    conn: &mut PgConnection,
    id: WebhookId,
    secret: &str,
    until: Timestamp,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET previous_secret = secret, previous_secret_until = $3, secret = $2, updated_at = $4, version = version + 1
          WHERE id = $1",
        id.uuid(),
        secret,
        until as Timestamp,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Switches it off; whether it was on.
pub(crate) async fn disable(
    conn: &mut PgConnection,
    id: WebhookId,
    because: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE webhook_endpoints SET disabled_at = $3, disabled_because = $2, updated_at = $3, version = version + 1
          WHERE id = $1 AND disabled_at IS NULL",
        id.uuid(),
        because,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Switches it on; whether it was off. What waits for it is tried at its time.
pub(crate) async fn enable(
    conn: &mut PgConnection,
    id: WebhookId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "WITH told AS (SELECT pg_notify('webhook_deliveries', ''))
         UPDATE webhook_endpoints SET disabled_at = NULL, disabled_because = NULL, failing_since = NULL, updated_at = $2, version = version + 1
           FROM told WHERE id = $1 AND disabled_at IS NOT NULL",
        id.uuid(),
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes it with all that is kept of it; whether it was there.
pub(crate) async fn delete(conn: &mut PgConnection, id: WebhookId) -> sqlx::Result<bool> {
    let done = sqlx::query!("DELETE FROM webhook_endpoints WHERE id = $1", id.uuid())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}
