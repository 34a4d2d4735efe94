//! Who is to be told what.

use primitives::{DeliveryId, EventId, Random, Timestamp, UserId, WebhookId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::webhooks::message::Message;

/// Endpoints that are on and want events of this type.
pub(crate) async fn wanting(conn: &mut PgConnection, kind: &str) -> sqlx::Result<Vec<WebhookId>> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: WebhookId" FROM webhook_endpoints WHERE disabled_at IS NULL AND $1 = ANY (event_types) ORDER BY id"#,
        kind
    )
    .fetch_all(conn)
    .await
}

/// Has a message delivered to each of these; the workers hear of it when the transaction commits.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    message: &Message,
    user: Option<UserId>,
    endpoints: &[WebhookId],
    now: Timestamp,
    random: &Random,
) -> sqlx::Result<Vec<DeliveryId>> {
    sqlx::query!(
        "INSERT INTO webhook_messages (id, type, subject, occurred_at, sequence, data, user_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        message.id.uuid(),
        message.kind,
        message.subject,
        message.occurred_at as Timestamp,
        message.sequence,
        message.data,
        user.map(UserId::uuid),
        now as Timestamp
    )
    .execute(&mut *conn)
    .await?;
    let endpoints: Vec<Uuid> = endpoints.iter().map(|id| id.uuid()).collect();
    let ids: Vec<DeliveryId> = endpoints
        .iter()
        .map(|_| DeliveryId::new(now, random))
        .collect();
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "WITH told AS (SELECT pg_notify('webhook_deliveries', ''))
         INSERT INTO webhook_deliveries (id, endpoint_id, message_id, next_try_at, created_at)
         SELECT d.id, d.endpoint_id, $3, $4, $4 FROM unnest($1::uuid[], $2::uuid[]) AS d (id, endpoint_id), told
         ON CONFLICT ON CONSTRAINT webhook_deliveries_once DO NOTHING",
        &uuids,
        &endpoints,
        message.id.uuid(),
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(ids)
}

/// Begins one anew; whether it is there, of this endpoint, and not under way.
pub(crate) async fn replay(
    conn: &mut PgConnection,
    endpoint: WebhookId,
    id: DeliveryId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "WITH told AS (SELECT pg_notify('webhook_deliveries', ''))
         UPDATE webhook_deliveries SET status = 'waiting', tries = 0, next_try_at = $3, finished_at = NULL
           FROM told WHERE id = $2 AND endpoint_id = $1 AND claimed_until IS NULL",
        endpoint.uuid(),
        id.uuid(),
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Begins all anew that failed since then; how many.
pub(crate) async fn replay_failed(
    conn: &mut PgConnection,
    endpoint: WebhookId,
    since: Timestamp,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "WITH told AS (SELECT pg_notify('webhook_deliveries', ''))
         UPDATE webhook_deliveries SET status = 'waiting', tries = 0, next_try_at = $3, finished_at = NULL
           FROM told WHERE endpoint_id = $1 AND status = 'failed' AND created_at >= $2",
        endpoint.uuid(),
        since as Timestamp,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Takes somebody's name and address out of what is kept of events.
pub(crate) async fn forget(conn: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE webhook_messages SET data = data - 'email' - 'name' WHERE user_id = $1",
        user.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets messages of before then, so many at most, but for those that wait for an endpoint that is on; how many.
pub(crate) async fn prune(
    conn: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM webhook_messages WHERE id IN (
           SELECT id FROM webhook_messages m
            WHERE created_at < $1 AND NOT EXISTS (
                    SELECT FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
                     WHERE d.message_id = m.id AND d.status = 'waiting' AND e.disabled_at IS NULL)
            ORDER BY created_at LIMIT $2)",
        before as Timestamp,
        limit
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// The event's id is the message's.
pub(crate) fn ping(id: WebhookId, now: Timestamp, random: &Random) -> Message {
    Message {
        id: EventId::new(now, random),
        kind: crate::domain::webhooks::message::PING.to_owned(),
        subject: format!("webhook:{id}"),
        occurred_at: now,
        sequence: None,
        data: serde_json::json!({ "endpoint_id": id }),
    }
}
