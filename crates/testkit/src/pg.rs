//! A database of its own for a test, in a fraction of a second: copied from a template in which the migrations have run.
//!
//! ```text
//! let db = testkit::pg::TestDb::new("order", &order::MIGRATOR).await;
//! let pool = db.pool().await;          // as order_service, with the grants of production
//! ```

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};

use crate::env;

/// Held while a template is made, so that parallel tests make it once.
const TEMPLATE_LOCK: i64 = 0x006d_6572_6361_746f;

/// A database that is dropped with this value.
#[derive(Debug)]
pub struct TestDb {
    service: String,
    name: String,
}

impl TestDb {
    /// Copies the template of a service, making it first if its migrations changed. Migrations run as `<service>_owner`.
    ///
    /// # Panics
    /// If the server is away or a migration fails.
    pub async fn new(service: &str, migrator: &Migrator) -> Self {
        match Self::try_new(service, migrator).await {
            Ok(db) => db,
            Err(error) => panic!("no test database for {service}: {error:#}"),
        }
    }

    async fn try_new(service: &str, migrator: &Migrator) -> anyhow::Result<Self> {
        let mut server = PgConnection::connect(&env::var("DATABASE_URL")).await?;
        let template = format!("template_{service}_{}", fingerprint(migrator));
        server
            .execute(AssertSqlSafe(format!(
                "SELECT pg_advisory_lock({TEMPLATE_LOCK})"
            )))
            .await?;
        let exists: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
                .bind(&template)
                .fetch_one(&mut server)
                .await?;
        if !exists {
            // Under another name until it is whole, so that a crash leaves no half template behind.
            let unfinished = format!("{template}_new");
            server
                .execute(AssertSqlSafe(format!(
                    "DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"
                )))
                .await?;
            server
                .execute(AssertSqlSafe(format!(
                    "CREATE DATABASE {unfinished} TEMPLATE template0"
                )))
                .await?;
            prepare(service, &unfinished, migrator).await?;
            server
                .execute(AssertSqlSafe(format!(
                    "ALTER DATABASE {unfinished} RENAME TO {template}"
                )))
                .await?;
        }
        server
            .execute(AssertSqlSafe(format!(
                "SELECT pg_advisory_unlock({TEMPLATE_LOCK})"
            )))
            .await?;
        let name = format!("test_{service}_{}", uuid::Uuid::new_v4().simple());
        // Hundreds of small files: copied as such they take half the time that they take as pages through the log.
        server
            .execute(AssertSqlSafe(format!(
                "CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"
            )))
            .await?;
        server.close().await?;
        Ok(Self {
            service: service.to_owned(),
            name,
        })
    }

    /// The URL of the database for any role of `db/init`, with that role's rights.
    #[must_use]
    pub fn url_as(&self, role: &str) -> String {
        let mut options = format!("-c role={role}");
        if self.service == "notification" && role.starts_with("notification_") {
            options.push_str(" -c search_path=notification");
        }
        let options = options.replace(' ', "%20").replace('=', "%3D");
        format!("{}?options={options}", self.superuser_url())
    }

    /// The URL for the service: its application role.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_as(&format!("{}_service", self.service))
    }

    /// The URL for its migrations.
    #[must_use]
    pub fn owner_url(&self) -> String {
        self.url_as(&format!("{}_owner", self.service))
    }

    /// The URL for a test that looks everywhere.
    #[must_use]
    pub fn superuser_url(&self) -> String {
        let server = env::var("DATABASE_URL");
        let server = server.split('?').next().unwrap_or(&server);
        let base = server.rsplit_once('/').map_or(server, |(base, _)| base);
        format!("{base}/{}", self.name)
    }

    /// A pool with the rights of the service.
    ///
    /// # Panics
    /// If the database cannot be reached.
    pub async fn pool(&self) -> PgPool {
        self.pool_as(&format!("{}_service", self.service)).await
    }

    /// A pool with the rights of any role of `db/init`.
    ///
    /// # Panics
    /// If the database cannot be reached.
    pub async fn pool_as(&self, role: &str) -> PgPool {
        let options: PgConnectOptions = self.url_as(role).parse().expect("a database URL");
        PgPoolOptions::new()
            .max_connections(10)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await
            .unwrap_or_else(|error| panic!("{} as {role}: {error}", self.name))
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let (url, name) = (env::var("DATABASE_URL"), self.name.clone());
        // The test's own runtime may be ending already.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut server = PgConnection::connect(&url).await?;
                server
                    .execute(AssertSqlSafe(format!(
                        "DROP DATABASE IF EXISTS {name} WITH (FORCE)"
                    )))
                    .await?;
                anyhow::Ok(())
            })
        });
        // A leftover database is untidy, not wrong.
        let _ = dropping.join();
    }
}

/// Changes with the migrations, and with how templates are made.
fn fingerprint(migrator: &Migrator) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let parts = migrator
        .iter()
        .flat_map(|migration| migration.checksum.iter())
        .chain(RIGHTS.as_bytes());
    for byte in parts {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// What `db/init` does inside a service's database; `{s}` is the schema, `{o}` the owner, `{a}` the application role.
const RIGHTS: &str = "
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO {o}', current_database()); END $$;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS {s};
ALTER SCHEMA {s} OWNER TO {o};
GRANT USAGE ON SCHEMA {s} TO {a}, admin_service;
GRANT USAGE ON SCHEMA public TO {o}, {a};
ALTER DEFAULT PRIVILEGES FOR ROLE {o} IN SCHEMA {s} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {a};
ALTER DEFAULT PRIVILEGES FOR ROLE {o} IN SCHEMA {s} GRANT USAGE, SELECT ON SEQUENCES TO {a};
ALTER DEFAULT PRIVILEGES FOR ROLE {o} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {o} IN SCHEMA {s} GRANT EXECUTE ON FUNCTIONS TO {a};
";

async fn prepare(service: &str, database: &str, migrator: &Migrator) -> anyhow::Result<()> {
    let db = TestDb {
        service: service.to_owned(),
        name: database.to_owned(),
    };
    let (superuser, owner) = (db.superuser_url(), db.owner_url());
    // Not a test's database: it must outlive this function.
    std::mem::forget(db);
    let schema = if service == "notification" {
        "notification"
    } else {
        "public"
    };
    let rights = RIGHTS
        .replace("{s}", schema)
        .replace("{o}", &format!("{service}_owner"))
        .replace("{a}", &format!("{service}_service"));
    let mut connection = PgConnection::connect(&superuser).await?;
    sqlx::raw_sql(AssertSqlSafe(rights))
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    let mut connection = PgConnection::connect(&owner).await?;
    migrator.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
