//! A database, a virtual host, two event types and a handler that leaves traces.

use contracts::events::{Envelope, Event};
use messaging::faults::{Hook, Step};
use messaging::relay::Relay;
use messaging::topology::Topology;
use messaging::{Consumers, Handler, HandlerError, Publisher};
use primitives::{Clock, EventId, Random};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool, Row};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::TcpProxy;
use testkit::broker::Vhost;
use testkit::pg::TestDb;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// An event that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(crate) account: String,
    pub(crate) number: i64,
}

impl Event for Counted {
    const TYPE: &'static str = "test.counted";
    fn subject(&self) -> String {
        format!("account:{}", self.account)
    }
}

/// An event that nobody reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ignored {
    pub(crate) account: String,
}

impl Event for Ignored {
    const TYPE: &'static str = "test.ignored";
    fn subject(&self) -> String {
        format!("account:{}", self.account)
    }
}

pub(crate) const QUEUE: &str = "test.counted.ledger";
pub(crate) const DEAD: &str = "test.counted.ledger.dead";
pub(crate) const TRIES: u32 = 4;
/// How long anything may take before a test gives up; two cores may be busy with other things.
const PATIENCE: Duration = Duration::from_secs(40);

/// Everything a test needs. Dropping it removes the database and the virtual host.
pub(crate) struct World {
    pub(crate) pool: PgPool,
    pub(crate) vhost: Vhost,
    pub(crate) publisher: Publisher,
    database: TestDb,
}

/// A background task that ends with its handle.
pub(crate) struct Task {
    shutdown: CancellationToken,
    handle: Option<JoinHandle<()>>,
}

impl Task {
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(
        f: impl FnOnce(CancellationToken) -> F,
    ) -> Self {
        let shutdown = CancellationToken::new();
        Self {
            handle: Some(tokio::spawn(f(shutdown.clone()))),
            shutdown,
        }
    }

    /// As SIGTERM does.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        self.handle.take().unwrap().await.unwrap();
    }

    /// As kill -9 does: whatever it was doing is never finished.
    pub(crate) async fn crash(mut self) {
        let handle = self.handle.take().unwrap();
        handle.abort();
        let _ = handle.await;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.abort();
        }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::on(Vhost::create().await.unwrap()).await
    }

    pub(crate) async fn on(vhost: Vhost) -> Self {
        if std::env::var_os("LOG").is_some() {
            let _ = tracing_subscriber::fmt()
                .with_env_filter(std::env::var("LOG").unwrap())
                .try_init();
        }
        // With the rights of a service: rows only.
        let database = TestDb::new("order", &migrator()).await;
        let pool = PgPoolOptions::new()
            .max_connections(24)
            .acquire_timeout(Duration::from_secs(5))
            .connect(&database.url())
            .await
            .unwrap();
        Self {
            pool,
            vhost,
            publisher: Publisher::new("mercato/test", Clock::system(), Random::system()),
            database,
        }
    }

    pub(crate) fn topology() -> Topology {
        Topology::custom(
            &[(Counted::TYPE, "ledger")],
            &[Duration::from_millis(50), Duration::from_millis(200)],
            TRIES,
        )
    }

    pub(crate) fn url(&self) -> SecretString {
        self.vhost.amqp_url().into()
    }

    pub(crate) fn relay(&self) -> Relay {
        Relay::new(self.pool.clone(), self.url())
            .topology(Self::topology())
            .lease(Duration::from_secs(3))
    }

    /// A proxy in front of the broker, and the URL through it.
    pub(crate) async fn proxied(&self) -> (TcpProxy, SecretString) {
        let url = self.vhost.amqp_url();
        let (credentials, rest) = url.split_once('@').unwrap();
        let (host, vhost) = rest.split_once('/').unwrap();
        let proxy = TcpProxy::start(host).await;
        let url = format!("{credentials}@{}/{vhost}", proxy.addr());
        (proxy, url.into())
    }

    /// A proxy in front of the database, and a pool through it.
    pub(crate) async fn proxied_pool(&self) -> (TcpProxy, PgPool) {
        let options: PgConnectOptions = self.database.url().parse().unwrap();
        let proxy = TcpProxy::start(format!("{}:{}", options.get_host(), options.get_port())).await;
        let options = options.host("127.0.0.1").port(proxy.addr().port());
        let pool = PgPoolOptions::new()
            .acquire_timeout(Duration::from_secs(1))
            .connect_with(options)
            .await
            .unwrap();
        (proxy, pool)
    }

    /// Takes so many messages out of the ledger's queue.
    pub(crate) async fn take(&self, count: usize) -> Vec<lapin::message::Delivery> {
        use futures::StreamExt;
        let connection = lapin::Connection::connect(
            self.vhost.amqp_url(),
            lapin::ConnectionProperties::default(),
        )
        .await
        .unwrap();
        let channel = connection.create_channel().await.unwrap();
        let options = lapin::options::BasicConsumeOptions {
            no_ack: true,
            ..Default::default()
        };
        let consumer = channel
            .basic_consume(QUEUE.into(), "".into(), options, Default::default())
            .await
            .unwrap();
        let messages = consumer
            .take(count)
            .map(|delivery| delivery.unwrap())
            .collect();
        tokio::time::timeout(PATIENCE, messages)
            .await
            .expect("messages in the queue")
    }

    pub(crate) fn start_relay(&self, hook: Hook) -> Task {
        let relay = self.relay().hook(hook);
        Task::spawn(|shutdown| relay.run(shutdown))
    }

    pub(crate) fn start_ledger(&self) -> Task {
        self.start_consumer(Ledger::default(), Hook::default())
    }

    pub(crate) fn start_consumer(&self, handler: impl Handler<Counted>, hook: Hook) -> Task {
        self.start_consumer_through(self.url(), handler, hook)
    }

    pub(crate) fn start_consumer_through(
        &self,
        url: SecretString,
        handler: impl Handler<Counted>,
        hook: Hook,
    ) -> Task {
        let consumers = Consumers::new("ledger", self.pool.clone(), url)
            .topology(Self::topology())
            .on::<Counted>(handler)
            .hook(hook);
        Task::spawn(|shutdown| consumers.run(shutdown))
    }

    /// Publishes in a transaction of its own.
    pub(crate) async fn publish(&self, account: &str, number: i64) -> EventId {
        let mut tx = self.pool.begin().await.unwrap();
        let id = self
            .publisher
            .publish(
                &mut tx,
                &Counted {
                    account: account.to_owned(),
                    number,
                },
            )
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Publishes events up to number `last` to each of so many accounts, which write side by side, and goes on from where the accounts are. Retries while the database is away: an error at commit leaves open what happened, so each
    /// transaction also notes how far it is.
    pub(crate) async fn publish_up_to(&self, accounts: i64, last: i64) {
        let mut writers = tokio::task::JoinSet::new();
        for account in 0..accounts {
            let (pool, publisher) = (self.pool.clone(), self.publisher.clone());
            writers.spawn(async move {
                let account = format!("a{account}");
                let mut number = published(&pool, &account).await + 1;
                while number <= last {
                    if let Err(error) = write(&pool, &publisher, &account, number).await {
                        eprintln!("publishing again: {error}");
                        number = published(&pool, &account).await + 1;
                        continue;
                    }
                    number += 1;
                }
            });
        }
        while let Some(done) = writers.join_next().await {
            done.unwrap();
        }
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match sqlx::query(sql).fetch_one(&self.pool).await {
                Ok(row) => return row.get(0),
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
        }
    }

    /// Waits until so many effects are there and the outbox is empty; fails if one was applied twice.
    pub(crate) async fn applied(&self, expected: i64) {
        eventually(&format!("{expected} events applied"), async || {
            let applied = self.count("SELECT count(*) FROM applied").await;
            assert!(
                applied <= expected,
                "{applied} applied, {expected} published"
            );
            applied == expected && self.count("SELECT count(*) FROM outbox").await == 0
        })
        .await;
        assert_eq!(
            self.count("SELECT count(DISTINCT event_id) FROM applied")
                .await,
            expected
        );
        assert_eq!(self.count("SELECT count(*) FROM inbox").await, expected);
    }

    /// Fails if an event of an account was applied after a later one.
    pub(crate) async fn in_order(&self) {
        let rows = sqlx::query_as::<_, (String, Vec<i64>)>(
            "SELECT account, array_agg(number ORDER BY at) FROM applied GROUP BY account",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        for (account, numbers) in rows {
            assert!(numbers.is_sorted(), "{account}: {numbers:?}");
        }
    }

    pub(crate) async fn dead(&self, expected: usize) -> Vec<testkit::broker::Message> {
        eventually(&format!("{expected} dead letters"), async || {
            self.vhost
                .peek(DEAD)
                .await
                .is_ok_and(|m| m.len() == expected)
        })
        .await;
        self.vhost.peek(DEAD).await.unwrap()
    }

    /// The superuser's connection beside the pool.
    pub(crate) async fn administrator(&self) -> PgConnection {
        PgConnection::connect(&self.database.superuser_url())
            .await
            .unwrap()
    }
}

/// The tables of this crate, and those of the tests.
fn migrator() -> Migrator {
    let migration = |version, sql: &'static str| {
        Migration::new(
            version,
            "test".into(),
            MigrationType::Simple,
            sqlx::SqlStr::from_static(sql),
            false,
        )
    };
    Migrator::with_migrations(vec![
            migration(1, messaging::MIGRATION),
            migration(
                2,
                "CREATE TABLE applied (at bigint GENERATED ALWAYS AS IDENTITY, event_id uuid NOT NULL, account text NOT NULL, number bigint NOT NULL);
                 CREATE TABLE latest (account text PRIMARY KEY, number bigint NOT NULL, sequence bigint NOT NULL);
                 -- How far the writers are, noted in the transaction of their events.
                 CREATE TABLE written (account text PRIMARY KEY, number bigint NOT NULL);",
            ),
    ])
}

async fn write(
    pool: &PgPool,
    publisher: &Publisher,
    account: &str,
    number: i64,
) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query(
        "INSERT INTO written VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET number = $2",
    )
    .bind(account)
    .bind(number)
    .execute(&mut *tx)
    .await?;
    publisher
        .publish(
            &mut tx,
            &Counted {
                account: account.to_owned(),
                number,
            },
        )
        .await?;
    tx.commit().await
}

async fn published(pool: &PgPool, account: &str) -> i64 {
    loop {
        if let Ok(number) = sqlx::query_scalar(
            "SELECT coalesce((SELECT number FROM written WHERE account = $1), 0)",
        )
        .bind(account)
        .fetch_one(pool)
        .await
        {
            return number;
        }
    }
}

/// Waits for a condition; the deadline is for hung tests only.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    testkit::eventually_within(PATIENCE, what, async || condition().await.then_some(())).await;
}

/// Writes each event down, without any guard of its own: what is applied twice stands there twice.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) slow: Option<Duration>,
}

impl Handler<Counted> for Ledger {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<Counted>,
    ) -> Result<(), HandlerError> {
        if let Some(pause) = self.slow {
            tokio::time::sleep(pause).await;
        }
        note(tx, &event).await?;
        Ok(())
    }
}

pub(crate) async fn note(
    tx: &mut PgConnection,
    event: &Envelope<Counted>,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO applied (event_id, account, number) VALUES ($1, $2, $3)")
        .bind(event.id.uuid())
        .bind(&event.data.account)
        .bind(event.data.number)
        .execute(tx)
        .await?;
    Ok(())
}

/// A hook that stops at the first time a step is reached, for ever, and says so.
pub(crate) struct Trap {
    pub(crate) hook: Hook,
    reached: Arc<Notify>,
}

impl Trap {
    pub(crate) fn at(step: Step) -> Self {
        let reached = Arc::new(Notify::new());
        let sprung = Arc::new(AtomicBool::new(false));
        let signal = reached.clone();
        let hook = Hook::new(move |now| {
            let (signal, sprung) = (signal.clone(), sprung.clone());
            Box::pin(async move {
                if now == step && !sprung.swap(true, Ordering::SeqCst) {
                    signal.notify_one();
                    std::future::pending::<()>().await;
                }
            })
        });
        Self { hook, reached }
    }

    pub(crate) async fn sprung(&self) {
        tokio::time::timeout(PATIENCE, self.reached.notified())
            .await
            .expect("the step was never reached");
    }
}
