//! Who may look at a wish list, and who wants mails about theirs.

use primitives::{Clock, Timestamp, UserId};
use sqlx::PgConnection;

use crate::domain::wish::Wanted;

/// A list that is shown to whoever has the link.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    pub(crate) name: Option<String>,
    pub(crate) created_at: Timestamp,
}

/// Shares a user's list by this token from now on, and by no other.
pub(crate) async fn share(
    db: &mut PgConnection,
    user: UserId,
    token_hash: &[u8],
    name: Option<&str>,
    clock: &Clock,
) -> sqlx::Result<Share> {
    sqlx::query_as!(
        Share,
        r#"INSERT INTO wishlist_shares (user_id, token_hash, name, created_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (user_id) DO UPDATE SET token_hash = $2, name = $3, created_at = $4
           RETURNING name, created_at AS "created_at: Timestamp""#,
        user.uuid(),
        token_hash,
        name,
        clock.now() as _,
    )
    .fetch_one(db)
    .await
}

/// How a user's list is shared.
pub(crate) async fn share_of(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<Share>> {
    sqlx::query_as!(
        Share,
        r#"SELECT name, created_at AS "created_at: Timestamp" FROM wishlist_shares WHERE user_id = $1"#,
        user.uuid()
    )
    .fetch_optional(db)
    .await
}

/// Whose list a token opens, and the name to show.
pub(crate) async fn shared_by(
    db: &mut PgConnection,
    token_hash: &[u8],
) -> sqlx::Result<Option<(UserId, Option<String>)>> {
    let row = sqlx::query!(
        r#"SELECT user_id AS "user_id: UserId", name FROM wishlist_shares WHERE token_hash = $1"#,
        token_hash
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.user_id, row.name)))
}

/// Shares a user's list no more.
pub(crate) async fn unshare(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM wishlist_shares WHERE user_id = $1",
        user.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Which mails a user wants: all, unless they said otherwise.
pub(crate) async fn wanted(db: &mut PgConnection, user: UserId) -> sqlx::Result<Wanted> {
    let found = sqlx::query_as!(
        Wanted,
        "SELECT price_drop, back_in_stock FROM wishlist_settings WHERE user_id = $1",
        user.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(found.unwrap_or(Wanted {
        price_drop: true,
        back_in_stock: true,
    }))
}

/// Notes which mails a user wants.
pub(crate) async fn want(
    db: &mut PgConnection,
    user: UserId,
    wanted: Wanted,
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO wishlist_settings (user_id, price_drop, back_in_stock, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id) DO UPDATE SET price_drop = $2, back_in_stock = $3, updated_at = $4",
        user.uuid(),
        wanted.price_drop,
        wanted.back_in_stock,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes a token good for ending a user's mails.
pub(crate) async fn add_unsubscribe(
    db: &mut PgConnection,
    user: UserId,
    token_hash: &[u8],
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO wishlist_unsubscribes (token_hash, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        token_hash,
        user.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whose mails a token ends.
pub(crate) async fn unsubscribes(
    db: &mut PgConnection,
    token_hash: &[u8],
) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId" FROM wishlist_unsubscribes WHERE token_hash = $1"#,
        token_hash
    )
    .fetch_optional(db)
    .await
}
