//! Real programs and servers, on ports of their own, that die when they are told to.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use auth_token::{Claims, GeneratedKey, Jwks, Role, Signer};
use axum::Router;
use axum::routing::get;
use devstack::ports;
use devstack::process::{Process, Spec};
use devstack::user::RunAs;
use messaging::topology::Topology;
use primitives::{Clock, Random, SessionId, TokenId, UserId};
use secrecy::ExposeSecret as _;
use serde_json::json;
use testkit::http::Client;
use testkit::{Served, eventually_within};
use tokio::task::JoinHandle;

use super::gate::Gate;
use super::servers::{Server, Servers};
use super::told::{self, Told};
use super::{Back, Case, PATIENCE, Who};

/// Units on the shelf.
pub(crate) const UNITS: i32 = 1_000;

pub(crate) struct Place {
    pub(crate) order: Program,
    pub(crate) product: Program,
    pub(crate) variant: String,
    pub(crate) stripe: stripe_stand_in::StandIn,
    pub(crate) told: Told,
    /// In use for as long as a server takes to start.
    pub(crate) servers: Arc<Mutex<Servers>>,
    admin_url: String,
    _keys: Served,
    _folder: tempfile::TempDir,
}

/// order or product.
pub(crate) struct Program {
    pub(crate) gate: Gate,
    spec: Spec,
    public: u16,
    internal: u16,
    process: Option<Process>,
    deaths: usize,
}

impl Program {
    fn new(name: &str, folder: &Path, env: &[(&str, String)]) -> Self {
        let (public, internal) = (ports::any().unwrap(), ports::any().unwrap());
        let log = folder.join(format!("{name}.log"));
        let gate = Gate::open(folder.join(format!("{name}.sock")));
        let mut spec = Spec::new(name, program(name), &RunAs::caller(), folder, &log);
        for (name, value) in env {
            spec = spec.env(name, value);
        }
        spec = spec
            .env("PUBLIC_ADDR", format!("127.0.0.1:{public}"))
            .env("INTERNAL_ADDR", format!("127.0.0.1:{internal}"))
            .env(runtime::fault::SOCKET, gate.path());
        Self {
            gate,
            spec,
            public,
            internal,
            process: None,
            deaths: 0,
        }
    }

    fn migrate(&self) {
        self.spec.clone().arg("migrate").run().unwrap();
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(format!("http://127.0.0.1:{}", self.public))
    }

    /// Starts it anew, to die at a fault point.
    pub(crate) async fn start_to_die_at(&mut self, point: Option<&str>) {
        self.process = None;
        self.deaths = 0;
        self.start(point);
        let health = format!("http://127.0.0.1:{}", self.internal);
        eventually_within(PATIENCE, "the program is ready", async || {
            let answer = Client::new(health.clone())
                .get("/health/ready")
                .try_send()
                .await
                .ok()?;
            // Or it has died already, which is what it is for.
            let dead = self.process.as_mut().unwrap().exited().unwrap().is_some();
            (dead || answer.status == 200).then_some(())
        })
        .await;
    }

    /// What it measures says that all events were sent.
    pub(crate) async fn says_that_all_is_sent(&self) {
        let internal = Client::new(format!("http://127.0.0.1:{}", self.internal));
        eventually_within(PATIENCE, "the outbox is measured, and empty", async || {
            let metrics = internal.get("/metrics").send().await.text();
            let all = metrics
                .lines()
                .any(|line| line == "messaging_outbox_pending 0");
            all.then_some(())
        })
        .await;
    }

    fn start(&mut self, point: Option<&str>) {
        let spec = self.spec.clone().arg("serve");
        let spec = match point {
            Some(point) => spec.env(runtime::fault::VARIABLE, point),
            None => spec,
        };
        self.process = Some(Process::start(spec).unwrap());
    }

    /// Starts it again if it has died, this time to stay.
    fn revive(&mut self) {
        if let Some(process) = &mut self.process
            && process.exited().unwrap().is_some()
        {
            self.deaths += 1;
            self.start(None);
        }
    }

    pub(crate) fn died(&self) -> bool {
        self.deaths > 0
    }
}

/// The debug build of a program of ours, made if it is not there.
fn program(name: &str) -> PathBuf {
    let order = PathBuf::from(env!("CARGO_BIN_EXE_order"));
    let program = order.with_file_name(name);
    if !program.exists() {
        let made = Command::new(env!("CARGO"))
            .args(["build", "--bin", name])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .status();
        assert!(made.unwrap().success(), "{name} cannot be built");
    }
    program
}

impl Place {
    pub(crate) async fn open() -> Self {
        runtime::install_tls_provider();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let servers = Servers::start(root);

        let signer = Signer::generate("test").unwrap();
        let jwks = serde_json::to_value(Jwks {
            keys: vec![signer.jwk().clone()],
        })
        .unwrap();
        let keys =
            testkit::serve(Router::new().route("/jwks.json", get(async move || axum::Json(jwks))))
                .await;
        let (order_key, product_key) = (
            GeneratedKey::generate().unwrap(),
            GeneratedKey::generate().unwrap(),
        );
        let services = Jwks {
            keys: vec![
                order_key.jwk("order").unwrap(),
                product_key.jwk("product").unwrap(),
            ],
        };
        let common = |name: &str, key: &GeneratedKey| {
            let upper = name.to_uppercase();
            let database = |role: &str| {
                servers.database_url(&format!("{name}_{role}"), "dev", &format!("{name}_db"))
            };
            vec![
                (format!("{upper}_DATABASE_URL"), database("service")),
                (format!("{upper}_MIGRATION_DATABASE_URL"), database("owner")),
                ("REDIS_URL".to_owned(), servers.redis_url()),
                ("AMQP_URL".to_owned(), servers.broker().amqp_url.clone()),
                ("JWKS_URL".to_owned(), format!("{}/jwks.json", keys.url())),
                (
                    "SERVICE_KEY".to_owned(),
                    key.base64().expose_secret().to_owned(),
                ),
                (
                    "SERVICE_JWKS".to_owned(),
                    serde_json::to_string(&services).unwrap(),
                ),
                ("RECONCILE_INTERVAL_SECONDS".to_owned(), "1".to_owned()),
                ("LOG".to_owned(), "info,lapin=off".to_owned()),
            ]
        };
        let start = |name: &str, env: Vec<(String, String)>| {
            let env: Vec<(&str, String)> = env
                .iter()
                .map(|(name, value)| (name.as_str(), value.clone()))
                .collect();
            let program = Program::new(name, root, &env);
            program.migrate();
            program
        };
        let mut env = common("product", &product_key);
        env.push((
            "MEDIA_DIR".to_owned(),
            root.join("media").display().to_string(),
        ));
        let mut product = start("product", env);

        let mut env = common("order", &order_key);
        let settings = stripe_stand_in::Settings::for_tests();
        env.extend([
            (
                "PRODUCT_INTERNAL_URL".to_owned(),
                format!("http://127.0.0.1:{}", product.internal),
            ),
            ("STRIPE_SECRET_KEY".to_owned(), settings.secret_key.clone()),
            (
                "STRIPE_PUBLISHABLE_KEY".to_owned(),
                settings.publishable_key.clone(),
            ),
            (
                "STRIPE_WEBHOOK_SECRET".to_owned(),
                settings.webhook_secret.clone(),
            ),
        ]);
        // The provider has to know where order is, and order where the provider is.
        let stripe_port = ports::any().unwrap();
        env.push((
            "STRIPE_API_URL".to_owned(),
            format!("http://127.0.0.1:{stripe_port}/"),
        ));
        let mut order = start("order", env);
        let stripe = stripe_stand_in::start(stripe_stand_in::Settings {
            addr: ([127, 0, 0, 1], stripe_port).into(),
            webhook_url: Some(format!(
                "http://127.0.0.1:{}/api/webhooks/stripe",
                order.public
            )),
            webhook_retries: vec![200, 500, 1_000, 2_000, 2_000, 5_000, 5_000, 10_000],
            ..settings
        })
        .await
        .unwrap();
        product.start_to_die_at(None).await;
        order.start_to_die_at(None).await;
        let variant = put_on_sale(&product, &signer).await;
        let told = Told::listen(servers.broker()).await;
        let definitions = Topology::standard().definitions("/");
        let queues = definitions["queues"].as_array().unwrap();
        eventually_within(PATIENCE, "the broker has its queues on disk", async || {
            let all = queues.iter().all(|queue| {
                let name = queue["name"].as_str().unwrap();
                servers.broker().has_on_disk("/", name)
            });
            (all && servers.broker().has_on_disk("/", told::QUEUE)).then_some(())
        })
        .await;
        Self {
            order,
            product,
            variant,
            stripe,
            told,
            admin_url: servers.database_url("postgres", "test", ""),
            servers: Arc::new(Mutex::new(servers)),
            _keys: keys,
            _folder: folder,
        }
    }

    /// Whether everything has been there for so long since then that all should be in order.
    fn patience_is_over(&self, began: Instant) -> bool {
        match self.servers.try_lock() {
            Ok(servers) => began.max(servers.complete_since).elapsed() > PATIENCE,
            // A server is starting.
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Poisoned(_)) => panic!("a server did not start again"),
        }
    }

    /// Tries until it is so, and starts again what has died meanwhile.
    ///
    /// # Panics
    /// With what the last try said, when patience is over.
    pub(crate) async fn until<T>(
        &mut self,
        case: &str,
        mut attempt: impl AsyncFnMut(&Self) -> Result<T, String>,
    ) -> T {
        let began = Instant::now();
        eventually_within(Duration::MAX, case, async || {
            self.revive();
            let tried = attempt(self).await;
            if let Err(why) = &tried {
                assert!(!self.patience_is_over(began), "{case}: {why}");
            }
            tried.ok()
        })
        .await
    }

    /// Starts again what has died.
    pub(crate) fn revive(&mut self) {
        self.order.revive();
        self.product.revive();
    }

    /// A database for who may see everything.
    pub(crate) fn database_url(&self, name: &str) -> String {
        format!("{}{name}", self.admin_url)
    }

    /// kill -9 of one server while order or product stands at a fault point. Says when it is done.
    pub(crate) fn will_kill(&self, case: &Case) -> JoinHandle<()> {
        let program = match case.program {
            Who::Order => &self.order,
            Who::Product => &self.product,
        };
        let (held, servers) = (program.gate.hold_at(case.point), Arc::clone(&self.servers));
        let Case { server, back, .. } = *case;
        tokio::spawn(async move {
            let Ok(held) = held.await else { return };
            let kill = move || {
                let mut servers = servers.lock().unwrap();
                servers.kill(server);
                // Otherwise it ends here, and the program goes on.
                let _held = (back == Back::Before).then_some(held);
                servers.start_again(server);
            };
            tokio::task::spawn_blocking(kill).await.unwrap();
        })
    }

    /// kill -9 of all servers; each starts again.
    pub(crate) fn kill_servers(&mut self) {
        let mut servers = self.servers.lock().unwrap();
        for server in Server::ALL {
            servers.kill(server);
        }
        for server in Server::ALL {
            servers.start_again(server);
        }
    }

    /// The command that proves every invariant of the money finds nothing, and the provider took and gave back as much as we think.
    pub(crate) fn books_are_in_order(&self, purchases: usize) {
        let verdict = self.order.spec.clone().arg("verify-ledger").run().unwrap();
        println!("{purchases} purchases: {verdict}");
    }
}

async fn put_on_sale(product: &Program, signer: &Signer) -> String {
    let (clock, random) = (Clock::system(), Random::system());
    let now = clock.now();
    let admin = Claims {
        iss: auth_token::ISSUER.to_owned(),
        aud: auth_token::AUDIENCE.to_owned(),
        sub: UserId::new(now, &random),
        sid: SessionId::new(now, &random),
        jti: TokenId::new(now, &random),
        role: Role::Admin,
        email: "admin@example.com".parse().unwrap(),
        email_verified: true,
        name: "Admin".to_owned(),
        auth_time: Some(now.unix()),
        amr: vec![],
        factor_missing: false,
        scope: None,
        iat: now.unix(),
        exp: now.unix() + 600,
    };
    let body = json!({
        "title": "Walnut Tray", "description": "A tray that carries breakfast for two.", "sku": "TRAY-1", "status": "active",
        "price": {"amount": 1999, "currency": "EUR"}, "stock": UNITS,
    });
    let token = signer.sign(&admin).unwrap();
    let made = product
        .client()
        .post("/api/products")
        .bearer(&token)
        .json(&body)
        .expect(201)
        .await
        .value();
    made["variants"][0]["id"].as_str().unwrap().to_owned()
}
