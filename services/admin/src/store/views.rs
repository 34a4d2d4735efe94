use primitives::{Timestamp, UserId};
use sqlx::PgConnection;

/// A name for the state of a list.
pub(crate) struct SavedView {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// The query of the list's address, without its place in the list.
    pub(crate) query: String,
    pub(crate) shared: bool,
    /// Whether it belongs to whoever asks.
    pub(crate) own: bool,
}

/// What a new one is.
pub(crate) struct NewView<'a> {
    pub(crate) page: &'a str,
    pub(crate) name: &'a str,
    pub(crate) query: &'a str,
    pub(crate) shared: bool,
}

/// A page never shows more: a bar of tabs.
const LIMIT: i64 = 30;

/// Somebody's own views of a page, then those that all staff share, the oldest first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    user: UserId,
    page: &str,
) -> sqlx::Result<Vec<SavedView>> {
    sqlx::query_as!(
        SavedView,
        r#"SELECT id, name, query, shared, owner_id = $1 AS "own!" FROM saved_views
            WHERE page = $2 AND (shared OR owner_id = $1) ORDER BY owner_id = $1 DESC, shared DESC, id LIMIT $3"#,
        user.uuid(),
        page,
        LIMIT
    )
    .fetch_all(conn)
    .await
}

/// Saves a view; one with the same name is replaced.
pub(crate) async fn save(
    conn: &mut PgConnection,
    user: UserId,
    at: Timestamp,
    view: &NewView<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO saved_views (owner_id, shared, page, name, query, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (owner_id, page, name) DO UPDATE SET shared = EXCLUDED.shared, query = EXCLUDED.query",
        user.uuid(),
        view.shared,
        view.page,
        view.name,
        view.query,
        at as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes one's own view; its page, if there was one.
pub(crate) async fn remove(
    conn: &mut PgConnection,
    user: UserId,
    id: i64,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "DELETE FROM saved_views WHERE id = $1 AND owner_id = $2 RETURNING page",
        id,
        user.uuid()
    )
    .fetch_optional(conn)
    .await
}
