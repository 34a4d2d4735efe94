//! What every test needs: a database, a virtual host, a mailbox behind a proxy, and workers.

use std::sync::{Arc, Mutex};

use auth_token::{GeneratedKey, Jwks, OnBehalfOf, Role, ServiceKeys};
use clap::Parser;
use contracts::events::{
    EmailNotification, Envelope, Event, Mail, SettingsChanged, ShopSettings, StaffActed,
};
use contracts::topology;
use mailbox::Store;
use messaging::{Consumers, Handler, HandlerError};
use notification::{App, MIGRATOR, Settings};
use primitives::{Clock, EventId, Random, UserId};
use runtime::{CancellationToken, Runtime, Service as _, Sockets};
use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use testkit::broker::Vhost;
use testkit::http::Client;
use testkit::pg::TestDb;
use testkit::{TcpProxy, eventually};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) struct World {
    pub(crate) pool: PgPool,
    pub(crate) vhost: Vhost,
    pub(crate) mailbox: Store,
    pub(crate) proxy: TcpProxy,
    workers: Vec<Worker>,
    /// Whose name the panel calls in.
    admin: ServiceKeys,
    key: GeneratedKey,
    jwks: String,
    clock: Clock,
    random: Random,
    // Last, so that the pools are closed before the database goes.
    pub(crate) db: TestDb,
}

/// Hears what the audit trail hears.
#[derive(Clone, Default)]
struct Acts(Arc<Mutex<Vec<StaffActed>>>);

impl Handler<StaffActed> for Acts {
    async fn handle(
        &self,
        _: &mut PgConnection,
        event: Envelope<StaffActed>,
    ) -> Result<(), HandlerError> {
        self.0.lock().unwrap().push(event.data);
        Ok(())
    }
}

struct Worker {
    internal: std::net::SocketAddr,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

impl World {
    pub(crate) async fn new() -> Self {
        let db = TestDb::new("notification", &MIGRATOR).await;
        let mailbox = Store::in_memory();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = TcpProxy::start(listener.local_addr().unwrap().to_string()).await;
        tokio::spawn(mailbox::smtp::serve(listener, mailbox.clone()));
        let vhost = Vhost::create().await.unwrap();
        let pool = db.pool().await;
        let clock = Clock::system();
        let (key, admin) = (
            GeneratedKey::generate().unwrap(),
            GeneratedKey::generate().unwrap(),
        );
        let jwks = Jwks {
            keys: vec![
                key.jwk("notification").unwrap(),
                admin.jwk("admin").unwrap(),
            ],
        };
        let jwks = serde_json::to_string(&jwks).unwrap();
        let mut world = Self {
            admin: ServiceKeys::new("admin", &admin.base64(), &jwks, clock.clone()).unwrap(),
            key,
            jwks,
            pool,
            vhost,
            mailbox,
            proxy,
            workers: Vec::new(),
            clock,
            random: Random::system(),
            db,
        };
        world.start_worker().await;
        world
    }

    /// Starts another replica.
    pub(crate) async fn start_worker(&mut self) {
        let smtp = format!("smtp://{}", self.proxy.addr());
        let settings = Arguments::parse_from([
            "notification",
            "--internal-addr",
            "127.0.0.1:0",
            "--lame-duck-milliseconds",
            "0",
            "--database-url",
            &self.db.url(),
            "--amqp-url",
            self.vhost.amqp_url(),
            "--service-key",
            self.key.base64().expose_secret(),
            "--service-jwks",
            &self.jwks,
            // Nobody answers there: the environment's values hold until somebody changes them.
            "--admin-internal-url",
            "http://127.0.0.1:9",
            "--smtp-url",
            &smtp,
            "--mail-from",
            "Mercato <shop@mercato.example>",
            "--mail-max-attempts",
            "5",
            "--mail-retry-milliseconds",
            "50",
        ])
        .settings;
        assert_eq!(App::check(&settings), Vec::<String>::new());
        let mut runtime = Runtime::new(self.clock.clone(), self.random.clone());
        let sockets = Sockets {
            public: None,
            internal: runtime::listen(settings.common.internal_addr, false).unwrap(),
        };
        let (internal, drain) = (
            sockets.internal.local_addr().unwrap(),
            settings.common.drain(),
        );
        let listeners = App::start(settings, &mut runtime).await.unwrap();
        let (stop, hard) = (CancellationToken::new(), CancellationToken::new());
        let running = tokio::spawn(runtime::run(
            runtime,
            listeners,
            sockets,
            drain,
            stop.clone(),
            hard,
        ));
        self.workers.push(Worker {
            internal,
            stop,
            running,
        });
    }

    /// Staff set something, and this worker's stream hears it.
    pub(crate) async fn set(&self, version: i64, settings: ShopSettings) {
        let id = EventId::new(self.clock.now(), &self.random);
        let data = SettingsChanged { version, settings };
        let event = Envelope::new(id, "mercato/admin", self.clock.now(), None, data);
        let body = serde_json::to_string(&event).unwrap();
        eventually("the worker listens", async || {
            let (to, kind) = (topology::EXCHANGE, SettingsChanged::TYPE);
            let routed = self.vhost.publish(to, kind, json!({}), &body).await;
            routed.unwrap_or(false).then_some(())
        })
        .await;
    }

    /// An event that asks for a mail.
    pub(crate) fn event(&self, to: &str, number: &str) -> Envelope<EmailNotification> {
        let id = || EventId::new(self.clock.now(), &self.random);
        let mail = Mail::OrderDelivered {
            number: number.to_owned(),
            url: "https://shop.example/orders/1?token=secret".to_owned(),
        };
        let data = EmailNotification {
            mail_id: id(),
            to: to.parse().unwrap(),
            mail,
        };
        Envelope::new(id(), "mercato/order", self.clock.now(), None, data)
    }

    /// Puts an event on the exchange, as often as asked.
    pub(crate) async fn publish(&self, event: &Envelope<EmailNotification>) {
        let body = serde_json::to_string(event).unwrap();
        eventually("the queue is declared", async || {
            let routed = self
                .vhost
                .publish(
                    topology::EXCHANGE,
                    EmailNotification::TYPE,
                    json!({}),
                    &body,
                )
                .await;
            routed.unwrap_or(false).then_some(())
        })
        .await;
    }

    /// Puts an event through an outbox and a relay, as a service does.
    pub(crate) async fn publish_from_outbox(&self, to: &str) -> EventId {
        let event = self.event(to, "1").data;
        let publisher =
            messaging::Publisher::new("mercato/order", self.clock.clone(), self.random.clone());
        let mut tx = self.pool.begin().await.unwrap();
        let id = publisher.publish(&mut tx, &event).await.unwrap();
        tx.commit().await.unwrap();
        let (pool, url) = (self.pool.clone(), self.vhost.amqp_url().to_owned());
        tokio::spawn(messaging::relay::run(
            pool,
            url.into(),
            CancellationToken::new(),
        ));
        id
    }

    /// What the audit trail is told of staff, oldest first, once there is so much of it.
    pub(crate) async fn acts(&self, count: usize) -> Vec<StaffActed> {
        let acts = Acts::default();
        let (pool, url) = (self.pool.clone(), self.vhost.amqp_url().to_owned());
        let trail = Consumers::new("admin", pool, url.into()).on(acts.clone());
        let stop = CancellationToken::new();
        let running = tokio::spawn(trail.run(stop.clone()));
        let acts = eventually(&format!("{count} acts of staff"), async || {
            let acts = acts.0.lock().unwrap().clone();
            (acts.len() >= count).then_some(acts)
        })
        .await;
        stop.cancel();
        running.await.unwrap();
        acts
    }

    pub(crate) async fn arrived(&self, to: &str, count: usize) {
        eventually(&format!("{count} mails to {to}"), async || {
            (self.mailbox.list(Some(to)).len() >= count).then_some(())
        })
        .await;
    }

    /// Status, attempts and whether the content is still there.
    pub(crate) async fn row(&self, id: EventId) -> Option<(String, i32, bool)> {
        sqlx::query_as("SELECT status, attempts, content IS NOT NULL FROM mails WHERE id = $1")
            .bind(id.uuid())
            .fetch_optional(&self.pool)
            .await
            .unwrap()
    }

    pub(crate) async fn reaches(&self, id: EventId, status: &str) -> (String, i32, bool) {
        eventually(&format!("mail {id} is {status}"), async || {
            self.row(id).await.filter(|row| row.0 == status)
        })
        .await
    }

    /// The panel, in the name of somebody.
    pub(crate) fn panel(&self, role: Role) -> Client {
        let user = OnBehalfOf {
            user_id: UserId::new(self.clock.now(), &self.random),
            role,
            email: None,
            auth_time: None,
        };
        let token = self.admin.token("notification", Some(&user)).unwrap();
        Client::new(self.internal()).with_bearer(&token)
    }

    /// The internal address of the first worker.
    pub(crate) fn internal(&self) -> String {
        format!("http://{}", self.workers[0].internal)
    }

    pub(crate) async fn stop(self) {
        for worker in self.workers {
            worker.stop.cancel();
            worker.running.await.unwrap().unwrap();
        }
    }
}
