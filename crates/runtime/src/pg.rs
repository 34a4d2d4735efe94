//! PostgreSQL pools and migrations.

use std::str::FromStr as _;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

/// A pool that connects when it is first used, so that a service starts before its database does. A caller waits at most
/// three seconds for a connection, then the request is answered with "unavailable".
///
/// # Errors
/// The URL is malformed.
pub fn connect(url: &SecretString, max_connections: u32, application: &str) -> anyhow::Result<PgPool> {
    let options = PgConnectOptions::from_str(url.expose_secret())
        .context("the database URL is malformed")?
        .application_name(application)
        .log_slow_statements(log::LevelFilter::Warn, Duration::from_secs(1));
    Ok(PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(3))
        .idle_timeout(Duration::from_secs(600))
        .connect_lazy_with(options))
}

/// Runs the migrations that are missing, as the owner of the database.
///
/// # Errors
/// No connection, or a migration failed; a failed migration leaves nothing behind.
pub async fn migrate(owner_url: &SecretString, migrator: &Migrator) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(owner_url.expose_secret()).await.context("cannot connect as the owner")?;
    migrator.run(&mut connection).await.context("a migration failed")?;
    Ok(())
}

/// Succeeds when the database answers; for readiness.
///
/// # Errors
/// It does not.
pub async fn ping(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::query("SELECT 1").execute(pool).await.map(drop).context("the database does not answer")
}
