//! PostgreSQL: a service's pool, and its migrations.

use std::time::Duration;

use anyhow::Context;
use futures::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use tracing::log::LevelFilter;

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// A pool that connects when it is first used, and keeps what it has opened. Statements are traced (target `sqlx::query`,
/// without their values), and counted by [`crate::sql_stats`].
pub fn connect(url: &SecretString, max_connections: u32, name: &str) -> anyhow::Result<PgPool> {
    let options = options(url, name)?
        // A statement that takes longer is a mistake or an attack; the request has long timed out.
        .options([
            ("statement_timeout", "20s"),
            ("idle_in_transaction_session_timeout", "20s"),
            // Compiling a plan takes a second where all partitions of a table are in it, and the statement then a millisecond.
            ("jit", "off"),
            // Starting workers takes longer than they save in what a request asks.
            ("max_parallel_workers_per_gather", "0"),
        ]);
    Ok(PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // Opening another is slow when it is needed most: see `fill`.
        .idle_timeout(None)
        .max_lifetime(None)
        // Asking before each use would cost a round trip: ask only a connection that has been idle for long.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > Duration::from_secs(2) {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options))
}

/// Opens all connections that a pool may have, so that no request has to. Proving the password takes sqlx 4096 rounds of a hash
/// with a pause for other work after each fifth, so that in a busy process it takes seconds: a request that needs a new
/// connection waits until it is refused, while those that come after it are served by the others.
pub(crate) async fn fill(pool: PgPool) {
    let most = pool.options().get_max_connections();
    // All are held until all are open.
    let opened = join_all((0..most).map(|_| pool.acquire())).await;
    if let Some(error) = opened.into_iter().find_map(Result::err) {
        tracing::warn!(%error, "connections to the database will be opened when they are needed");
    }
}

/// Hears what is told on a channel (`NOTIFY`), by a connection of its own, beside the pool's: those are for what is asked.
///
/// # Errors
/// The database is away.
pub async fn listen(pool: &PgPool, channel: &str) -> sqlx::Result<PgListener> {
    let own = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(pool.connect_options().as_ref().clone());
    let mut listener = PgListener::connect_with(&own).await?;
    listener.listen(channel).await?;
    Ok(listener)
}

/// Whether the database answers.
///
/// # Errors
/// It does not.
pub(crate) async fn answers(pool: PgPool) -> anyhow::Result<()> {
    sqlx::query("SELECT 1").execute(&pool).await?;
    Ok(())
}

/// Runs the migrations that are missing, as the owner role.
pub async fn migrate(url: &SecretString, migrator: &Migrator) -> anyhow::Result<()> {
    // A pool of one, because the future of `run` on a bare connection is not `Send` for the compiler.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options(url, "migrate")?)
        .await
        .context("cannot connect to the database")?;
    migrator.run(&pool).await.context("a migration failed")?;
    sqlx::query(KEEP_HISTORY)
        .execute(&pool)
        .await
        .context("cannot protect the list of migrations")?;
    pool.close().await;
    Ok(())
}

/// Roles that may write to every table of the owner, as application roles do by default, must not rewrite which migrations ran.
const KEEP_HISTORY: &str = "DO $$
DECLARE reader text;
BEGIN
  FOR reader IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
                 WHERE table_name = '_sqlx_migrations' AND grantee <> current_user LOOP
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations FROM %I', reader);
  END LOOP;
END $$";

fn options(url: &SecretString, name: &str) -> anyhow::Result<PgConnectOptions> {
    let options: PgConnectOptions = url
        .expose_secret()
        .parse()
        .context("not a PostgreSQL URL")?;
    Ok(options
        .application_name(name)
        .log_statements(LevelFilter::Debug)
        .log_slow_statements(LevelFilter::Warn, Duration::from_millis(500)))
}
