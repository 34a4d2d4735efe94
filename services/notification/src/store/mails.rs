//! The table of mails.

use std::time::Duration;

use anyhow::ensure;
use primitives::{EventId, Timestamp};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

/// The channel on which a new row wakes the sender.
pub(crate) const CHANNEL: &str = "notification_mails";

/// Stands where the address of a deleted account was.
const NOBODY: &str = "deleted@account.invalid";

/// A mail that was just asked for.
pub(crate) struct New<'a> {
    pub(crate) id: EventId,
    pub(crate) recipient: &'a str,
    pub(crate) template: &'static str,
    pub(crate) subject: &'a str,
    pub(crate) content: Value,
    pub(crate) traceparent: Option<&'a str>,
    /// The order that it is about.
    pub(crate) order_number: Option<&'a str>,
}

/// A mail that this process is to send now.
pub(crate) struct Claimed {
    pub(crate) id: EventId,
    pub(crate) recipient: String,
    pub(crate) subject: String,
    pub(crate) content: Value,
    pub(crate) template: String,
    pub(crate) traceparent: Option<String>,
    pub(crate) attempts: i32,
}

/// Writes the row and wakes a sender at commit.
pub(crate) async fn insert(
    tx: &mut PgConnection,
    new: &New<'_>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let inserted = sqlx::query!(
        "INSERT INTO mails (id, recipient, template, subject, content, traceparent, order_number, next_attempt_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        new.id.uuid(),
        new.recipient,
        new.template,
        new.subject,
        new.content,
        new.traceparent,
        new.order_number,
        now as Timestamp,
    )
    .execute(&mut *tx)
    .await?;
    debug_assert_eq!(inserted.rows_affected(), 1);
    wake(tx).await
}

/// At commit.
async fn wake(tx: &mut PgConnection) -> sqlx::Result<()> {
    let notify = sqlx::query!("SELECT pg_notify($1, '')", CHANNEL);
    notify.execute(tx).await.map(drop)
}

/// A mail about an order, as staff look at it.
pub(crate) struct Kept {
    pub(crate) recipient: String,
    pub(crate) template: String,
    pub(crate) subject: String,
    pub(crate) status: String,
    /// Nothing when it was forgotten.
    pub(crate) content: Option<Value>,
    pub(crate) created_at: Timestamp,
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) order_number: String,
}

/// None of any other mail: those are between the shop and their reader.
pub(crate) async fn about_an_order(
    conn: &mut PgConnection,
    id: EventId,
) -> sqlx::Result<Option<Kept>> {
    sqlx::query_as!(
        Kept,
        r#"SELECT recipient, template, subject, status, content, created_at, sent_at AS "sent_at: Timestamp", order_number AS "order_number!"
             FROM mails WHERE id = $1 AND order_number IS NOT NULL"#,
        id.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// A mail that is sent once more.
pub(crate) struct Again<'a> {
    pub(crate) id: EventId,
    pub(crate) of: EventId,
    pub(crate) content: Value,
    pub(crate) key: &'a str,
    pub(crate) traceparent: Option<String>,
}

/// Writes the row beside the one that it repeats, unless there is one by this key; its id, and whether it is new.
pub(crate) async fn insert_again(
    tx: &mut PgConnection,
    again: &Again<'_>,
    now: Timestamp,
) -> sqlx::Result<(EventId, bool)> {
    let inserted = sqlx::query!(
        "INSERT INTO mails (id, recipient, template, subject, content, traceparent, order_number, resend_of, resend_key, next_attempt_at, created_at)
         SELECT $1, recipient, template, subject, $3, $4, order_number, id, $5, $6, $6 FROM mails WHERE id = $2
         ON CONFLICT (resend_key) WHERE resend_key IS NOT NULL DO NOTHING",
        again.id.uuid(),
        again.of.uuid(),
        again.content,
        again.traceparent,
        again.key,
        now as Timestamp,
    )
    .execute(&mut *tx)
    .await?;
    if inserted.rows_affected() == 1 {
        wake(tx).await?;
        return Ok((again.id, true));
    }
    let id = sqlx::query_scalar!(
        r#"SELECT id AS "id: EventId" FROM mails WHERE resend_key = $1"#,
        again.key
    );
    Ok((id.fetch_one(tx).await?, false))
}

/// Whoever this was is gone: what was written to them is forgotten, and who they were. What has yet to be sent goes first, and is
/// forgotten by [`finish`].
pub(crate) async fn forget_reader(tx: &mut PgConnection, recipient: &str) -> sqlx::Result<()> {
    let done = sqlx::query!(
        "UPDATE mails
            SET gone = true,
                recipient = CASE status WHEN 'pending' THEN recipient ELSE $2 END,
                content = CASE status WHEN 'pending' THEN content END,
                last_error = CASE status WHEN 'pending' THEN last_error END
          WHERE recipient = $1",
        recipient,
        NOBODY
    );
    done.execute(tx).await.map(drop)
}

/// Forgets the texts of old mails, some at a time; how many.
pub(crate) async fn forget_before(pool: &PgPool, oldest: Timestamp) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "UPDATE mails SET content = NULL WHERE id IN (
           SELECT id FROM mails WHERE content IS NOT NULL AND status <> 'pending' AND created_at < $1 ORDER BY created_at LIMIT 1000 FOR UPDATE SKIP LOCKED)",
        oldest as Timestamp
    );
    Ok(done.execute(pool).await?.rows_affected())
}

/// Takes up to `limit` mails that are due. Nobody else gets them until `lease` is over, by which time they are sent, put off or
/// their sender is dead.
pub(crate) async fn claim(
    pool: &PgPool,
    limit: i64,
    now: Timestamp,
    lease: Duration,
) -> sqlx::Result<Vec<Claimed>> {
    sqlx::query_as!(
        Claimed,
        r#"UPDATE mails SET attempts = attempts + 1, next_attempt_at = $2
           WHERE id IN (
               SELECT id FROM mails WHERE status = 'pending' AND next_attempt_at <= $1
               ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED
           )
           RETURNING id AS "id: EventId", recipient, subject, content AS "content!", template, traceparent, attempts"#,
        now as Timestamp,
        (now + lease) as Timestamp,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// The server has taken it, or it was tried for the last time. Its content is forgotten, but for what staff may read of a mail about an order: all without the
/// link that lets its reader in. Of a mail to somebody who is gone not even the address is kept, which servers like to quote. An order that was
/// under way then has mails of before: by those its later ones are known. Whoever comes back with the same address has other orders.
pub(crate) async fn finish(
    pool: &PgPool,
    id: EventId,
    error: Option<&str>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let updated = sqlx::query!(
        "UPDATE mails
            SET status = CASE WHEN $2::text IS NULL THEN 'sent' ELSE 'failed' END,
                sent_at = CASE WHEN $2::text IS NULL THEN $3::timestamptz END,
                failed_at = CASE WHEN $2::text IS NOT NULL THEN $3::timestamptz END,
                gone = mails.gone OR before.gone,
                recipient = CASE WHEN mails.gone OR before.gone THEN $4 ELSE recipient END,
                last_error = CASE WHEN mails.gone OR before.gone THEN NULL ELSE $2 END,
                content = CASE WHEN order_number IS NOT NULL AND NOT (mails.gone OR before.gone)
                               THEN jsonb_set(content, '{data,url}', to_jsonb(split_part(content #>> '{data,url}', '?', 1))) END
           FROM (SELECT EXISTS (SELECT FROM mails m WHERE m.gone AND m.order_number = (SELECT order_number FROM mails WHERE id = $1)) AS gone) before
          WHERE id = $1 AND status = 'pending'",
        id.uuid(),
        error,
        now as Timestamp,
        NOBODY,
    )
    .execute(pool)
    .await?;
    ensure!(
        updated.rows_affected() == 1,
        "mail {id} was not pending any more"
    );
    Ok(())
}

/// It will be tried again.
pub(crate) async fn put_off(
    pool: &PgPool,
    id: EventId,
    until: Timestamp,
    error: &str,
) -> anyhow::Result<()> {
    let updated = sqlx::query!(
        "UPDATE mails SET next_attempt_at = $2, last_error = $3 WHERE id = $1 AND status = 'pending'",
        id.uuid(),
        until as Timestamp,
        error,
    )
    .execute(pool)
    .await?;
    ensure!(
        updated.rows_affected() == 1,
        "mail {id} was not pending any more"
    );
    Ok(())
}
