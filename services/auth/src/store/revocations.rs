use auth_token::denylist::Revocation;
use primitives::{SessionId, Timestamp, UserId};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

/// A revocation that is written and has still to be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(crate) id: i64,
    pub(crate) revocation: Revocation,
    pub(crate) until: Timestamp,
}

/// Refuses the access tokens of ended sessions.
pub(crate) async fn of_sessions(
    db: &mut PgConnection,
    sessions: &[SessionId],
    until: Timestamp,
) -> Result<Vec<Pending>> {
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let sessions: Vec<Uuid> = sessions.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"INSERT INTO revocations (session_id, until) SELECT id, $2 FROM unnest($1::uuid[]) AS ended (id)
        RETURNING id, session_id AS "session_id!: SessionId""#,
        &sessions,
        until as Timestamp,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Pending {
            id: row.id,
            revocation: Revocation::Session(row.session_id),
            until,
        })
        .collect())
}

/// Refuses a user's access tokens from before a moment, while the sessions go on.
pub(crate) async fn of_user(
    db: &mut PgConnection,
    user: UserId,
    before: Timestamp,
    until: Timestamp,
) -> Result<Vec<Pending>> {
    let id = sqlx::query_scalar!(
        "INSERT INTO revocations (user_id, issued_before, until) VALUES ($1, $2, $3) RETURNING id",
        user.uuid(),
        before as Timestamp,
        until as Timestamp,
    )
    .fetch_one(db)
    .await?;
    Ok(vec![Pending {
        id,
        revocation: Revocation::User(user, before),
        until,
    }])
}

/// Those that matter still, a page of them in their order: not told yet, or all.
pub(crate) async fn current(
    db: &mut PgConnection,
    only_pending: bool,
    after: i64,
    now: Timestamp,
) -> Result<Vec<Pending>> {
    let rows = sqlx::query!(
        r#"SELECT id, session_id AS "session_id: SessionId", user_id AS "user_id: UserId", issued_before, until
             FROM revocations WHERE (published_at IS NULL OR NOT $1) AND until > $2 AND id > $3 ORDER BY id LIMIT 1000"#,
        only_pending,
        now as Timestamp,
        after,
    )
    .fetch_all(db)
    .await?;
    let pending = rows.into_iter().filter_map(|row| {
        let revocation = match (row.session_id, row.user_id, row.issued_before) {
            (Some(session), ..) => Revocation::Session(session),
            (None, Some(user), Some(before)) => Revocation::User(user, before),
            _ => return None,
        };
        Some(Pending {
            id: row.id,
            revocation,
            until: row.until,
        })
    });
    Ok(pending.collect())
}

pub(crate) async fn mark_published(
    db: &mut PgConnection,
    ids: &[i64],
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "UPDATE revocations SET published_at = $2 WHERE id = ANY($1)",
        ids,
        now as Timestamp
    )
    .execute(db)
    .await?;
    Ok(())
}
