//! The workers' side: which deliveries are due, and what came of each.

use primitives::{DeliveryId, EventId, Timestamp, WebhookId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::webhooks::message::Message;

/// A delivery that this worker has taken on.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) delivery: DeliveryId,
    pub(crate) endpoint: WebhookId,
    pub(crate) claimed_until: Timestamp,
    /// Failed ones before this.
    pub(crate) tries: i32,
    pub(crate) url: String,
    pub(crate) personal_data: bool,
    pub(crate) secrets: Vec<String>,
    pub(crate) message: Message,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) now: Timestamp,
    /// From when on somebody else may take it.
    pub(crate) until: Timestamp,
    /// Deliveries in all.
    pub(crate) limit: i64,
    /// Deliveries to one endpoint at a time, of all replicas.
    pub(crate) each: i64,
}

/// Takes on what is due. Endpoints are locked for the moment of counting, so that all replicas together keep to the bound; one that another
/// replica is just counting is left to it.
pub(crate) async fn claim(pool: &PgPool, turn: Turn) -> sqlx::Result<Vec<Claimed>> {
    let mut tx = pool.begin().await?;
    let endpoints: Vec<Uuid> = sqlx::query_scalar!(
        "SELECT id FROM webhook_endpoints e
          WHERE disabled_at IS NULL AND EXISTS (
            SELECT FROM webhook_deliveries d
             WHERE d.endpoint_id = e.id AND status = 'waiting' AND next_try_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1))
          ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
        turn.now as Timestamp
    )
    .fetch_all(&mut *tx)
    .await?;
    if endpoints.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"WITH due AS (
             SELECT d.id
               FROM unnest($1::uuid[]) AS e (id)
              CROSS JOIN LATERAL (
                SELECT id, next_try_at FROM webhook_deliveries d
                 WHERE d.endpoint_id = e.id AND status = 'waiting' AND next_try_at <= $2 AND (claimed_until IS NULL OR claimed_until <= $2)
                 ORDER BY next_try_at
                 LIMIT greatest(0, $5 - (SELECT count(*) FROM webhook_deliveries b WHERE b.endpoint_id = e.id AND b.claimed_until > $2))) d
              ORDER BY d.next_try_at LIMIT $4)
           UPDATE webhook_deliveries d SET claimed_until = $3
             FROM due, webhook_endpoints e, webhook_messages m
            WHERE d.id = due.id AND e.id = d.endpoint_id AND m.id = d.message_id
           RETURNING d.id AS "delivery: DeliveryId", e.id AS "endpoint: WebhookId", d.tries, e.url, e.personal_data, e.secret,
             CASE WHEN e.previous_secret_until > $2 THEN e.previous_secret END AS previous_secret,
             m.id AS "message: EventId", m.type AS kind, m.subject, m.occurred_at, m.sequence, m.data"#,
        &endpoints,
        turn.now as Timestamp,
        turn.until as Timestamp,
        turn.limit,
        turn.each
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let claimed = rows.into_iter().map(|row| Claimed {
        delivery: row.delivery,
        endpoint: row.endpoint,
        claimed_until: turn.until,
        tries: row.tries,
        url: row.url,
        personal_data: row.personal_data,
        secrets: std::iter::once(row.secret)
            .chain(row.previous_secret)
            .collect(),
        message: Message {
            id: row.message,
            kind: row.kind,
            subject: row.subject,
            occurred_at: row.occurred_at,
            sequence: row.sequence,
            data: row.data,
        },
    });
    Ok(claimed.collect())
}

/// What came of a try.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) id: Uuid,
    pub(crate) at: Timestamp,
    pub(crate) signature: &'a str,
    pub(crate) status: Option<i32>,
    pub(crate) answer: &'a str,
    pub(crate) error: Option<&'a str>,
    pub(crate) latency_ms: i32,
}

pub(crate) async fn note(
    conn: &mut PgConnection,
    claimed: &Claimed,
    attempt: &Attempt<'_>,
) -> sqlx::Result<()> {
    // Of what staff have removed meanwhile nothing is kept.
    sqlx::query!(
        "INSERT INTO webhook_attempts (id, delivery_id, at, url, signature, status, answer, error, latency_ms)
         SELECT $1, id, $3, $4, $5, $6, $7, $8, $9 FROM webhook_deliveries WHERE id = $2",
        attempt.id,
        claimed.delivery.uuid(),
        attempt.at as Timestamp,
        claimed.url,
        attempt.signature,
        attempt.status,
        attempt.answer,
        attempt.error,
        attempt.latency_ms
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// It got through.
pub(crate) async fn delivered(
    conn: &mut PgConnection,
    claimed: &Claimed,
    status: Option<i32>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE webhook_deliveries SET status = 'delivered', tries = tries + 1, claimed_until = NULL, last_status = $2, finished_at = $3
          WHERE id = $1",
        claimed.delivery.uuid(),
        status,
        now as Timestamp
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE webhook_endpoints SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL",
        claimed.endpoint.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// It did not: it waits until then, or was given up. Since when nothing gets through to the endpoint; nothing if another worker has the delivery
/// by now, because this one took too long.
pub(crate) async fn failed(
    conn: &mut PgConnection,
    claimed: &Claimed,
    status: Option<i32>,
    again: Option<Timestamp>,
    now: Timestamp,
) -> sqlx::Result<Option<Timestamp>> {
    let done = sqlx::query!(
        "UPDATE webhook_deliveries
            SET status = CASE WHEN $4::timestamptz IS NULL THEN 'failed' ELSE 'waiting' END, tries = tries + 1, claimed_until = NULL,
                last_status = $3, next_try_at = coalesce($4, next_try_at), finished_at = CASE WHEN $4::timestamptz IS NULL THEN $5::timestamptz END
          WHERE id = $1 AND claimed_until = $2",
        claimed.delivery.uuid(),
        claimed.claimed_until as Timestamp,
        status,
        again as Option<Timestamp>,
        now as Timestamp
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query_scalar!(
        r#"UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, $2) WHERE id = $1 RETURNING failing_since AS "since!""#,
        claimed.endpoint.uuid(),
        now as Timestamp
    )
    .fetch_optional(conn)
    .await
}
