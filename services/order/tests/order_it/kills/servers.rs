//! PostgreSQL, Redis and RabbitMQ of a test's own, to be killed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use devstack::packages::Tools;
use devstack::postgres::{self, Durability, Postgres};
use devstack::process::Process;
use devstack::rabbitmq::Broker;
use devstack::user::RunAs;
use devstack::{ports, redis};

/// What the programs need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Postgres,
    Redis,
    Broker,
}

impl Server {
    pub(crate) const ALL: [Self; 3] = [Self::Postgres, Self::Redis, Self::Broker];
}

pub(crate) struct Servers {
    broker: Broker,
    redis: Process,
    cache: redis::Settings,
    postgres: Postgres,
    cluster: postgres::Settings,
    tools: Tools,
    user: RunAs,
    folder: PathBuf,
    /// Since when all of them run.
    pub(crate) complete_since: Instant,
}

impl Servers {
    /// Starts them with the databases and roles of the shop; takes some ten seconds.
    pub(crate) fn start(folder: &Path) -> Self {
        let (tools, user) = (Tools::find(None).unwrap(), RunAs::detect().unwrap());
        let mut broker = Broker::start(&folder.join("rabbitmq")).unwrap();
        broker.wait_until_ready().unwrap();
        let cluster = postgres::Settings {
            port: ports::any().unwrap(),
            password: "test".to_owned(),
            durability: Durability::ServerCrash,
        };
        let cache = redis::Settings {
            port: ports::any().unwrap(),
            password: "test".to_owned(),
        };
        let servers = Self {
            broker,
            redis: start_redis(&tools, &user, folder, &cache),
            cache,
            postgres: start_postgres(&tools, &user, folder, &cluster),
            cluster,
            tools,
            user,
            folder: folder.to_owned(),
            complete_since: Instant::now(),
        };
        servers.make_databases();
        servers
    }

    fn make_databases(&self) {
        let roles = ["auth", "product", "order", "admin", "notification"];
        let mut passwords = vec![("ECOMMERCE_ADMIN_PASSWORD".to_owned(), "dev".to_owned())];
        for role in roles.map(str::to_uppercase) {
            passwords.extend(
                [
                    format!("{role}_OWNER_PASSWORD"),
                    format!("{role}_SERVICE_PASSWORD"),
                ]
                .map(|name| (name, "dev".to_owned())),
            );
        }
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../db/init/10-roles-and-databases.sh"
        );
        self.postgres
            .run_script(Path::new(script), &passwords)
            .unwrap();
    }

    /// Where a role of a database signs in.
    pub(crate) fn database_url(&self, role: &str, password: &str, database: &str) -> String {
        format!(
            "postgres://{role}:{password}@127.0.0.1:{}/{database}",
            self.cluster.port
        )
    }

    pub(crate) fn redis_url(&self) -> String {
        format!("redis://:test@127.0.0.1:{}", self.cache.port)
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.broker
    }

    /// kill -9.
    pub(crate) fn kill(&mut self, server: Server) {
        let killed = match server {
            Server::Postgres => self.postgres.process().kill(),
            Server::Redis => self.redis.kill(),
            Server::Broker => self.broker.kill(),
        };
        killed.unwrap();
    }

    /// Starts one that was killed with what it had stored, and waits until it is ready: the broker takes some ten seconds, the others less than one.
    pub(crate) fn start_again(&mut self, server: Server) {
        let (tools, user, folder) = (&self.tools, &self.user, &self.folder);
        match server {
            Server::Postgres => {
                self.postgres = start_postgres(tools, user, folder, &self.cluster);
            }
            Server::Redis => self.redis = start_redis(tools, user, folder, &self.cache),
            Server::Broker => self.broker.start_again().unwrap(),
        }
        self.complete_since = Instant::now();
    }
}

fn start_redis(tools: &Tools, user: &RunAs, folder: &Path, settings: &redis::Settings) -> Process {
    let (data, log) = (folder.join("redis"), folder.join("redis.log"));
    redis::start(tools, user, &data, &log, settings).unwrap()
}

fn start_postgres(
    tools: &Tools,
    user: &RunAs,
    folder: &Path,
    settings: &postgres::Settings,
) -> Postgres {
    let (data, log) = (folder.join("postgres"), folder.join("postgres.log"));
    let began = Instant::now();
    loop {
        match Postgres::start(tools, user, &data, &log, settings) {
            Ok(postgres) => return postgres,
            // The backends of a server that was killed outlive it by moments, and it does not start beside them.
            Err(error) => assert!(began.elapsed() < Duration::from_secs(30), "{error:#}"),
        }
    }
}
