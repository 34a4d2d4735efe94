//! Events that wait to be published.

use sqlx::PgConnection;

/// Whether some event has waited for long: then who listens for events does not hear of every change in time.
pub(crate) async fn lags(db: &mut PgConnection) -> sqlx::Result<bool> {
    let lags = sqlx::query_scalar!(
        r#"SELECT now() - created_at > interval '300 milliseconds' AS "lags!" FROM outbox ORDER BY seq LIMIT 1"#
    )
    .fetch_optional(db)
    .await?;
    Ok(lags.unwrap_or(false))
}
