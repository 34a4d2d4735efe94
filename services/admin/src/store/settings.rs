use contracts::events::SettingsChanged;
use primitives::Timestamp;
use sqlx::PgConnection;

/// What staff set.
pub(crate) async fn read(conn: &mut PgConnection) -> sqlx::Result<SettingsChanged> {
    let row = sqlx::query!(r#"SELECT version, "values" FROM system_settings"#)
        .fetch_one(conn)
        .await?;
    known(row.version, row.values)
}

/// The same, and nobody changes it before this transaction ends.
pub(crate) async fn lock(conn: &mut PgConnection) -> sqlx::Result<SettingsChanged> {
    let row = sqlx::query!(r#"SELECT version, "values" FROM system_settings FOR UPDATE"#)
        .fetch_one(conn)
        .await?;
    known(row.version, row.values)
}

pub(crate) async fn save(
    conn: &mut PgConnection,
    news: &SettingsChanged,
    at: Timestamp,
) -> sqlx::Result<()> {
    let values =
        serde_json::to_value(&news.settings).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        r#"UPDATE system_settings SET version = $1, "values" = $2, changed_at = $3"#,
        news.version,
        values,
        at as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn known(version: i64, values: serde_json::Value) -> sqlx::Result<SettingsChanged> {
    let settings =
        serde_json::from_value(values).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(SettingsChanged { version, settings })
}
