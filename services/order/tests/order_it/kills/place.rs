//! Real programs and servers, on ports of their own, that die when they are told to.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use auth_token::{Claims, GeneratedKey, Jwks, Role, Signer};
use axum::Router;
use axum::routing::get;
use devstack::packages::Tools;
use devstack::postgres::{self, Postgres};
use devstack::process::{Process, Spec};
use devstack::rabbitmq::Broker;
use devstack::user::RunAs;
use devstack::{ports, redis};
use primitives::{Clock, Random, SessionId, TokenId, UserId};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use testkit::http::{Answer, Client, Request};
use testkit::{Served, eventually_within};

use super::PATIENCE;
use crate::shop::address;

/// Units on the shelf.
const UNITS: i32 = 1_000;

pub(crate) struct Place {
    pub(crate) order: Program,
    pub(crate) product: Program,
    variant: String,
    stripe: stripe_stand_in::StandIn,
    broker: Broker,
    redis: Process,
    postgres: Postgres,
    cluster: postgres::Settings,
    tools: Tools,
    user: RunAs,
    _keys: Served,
    folder: tempfile::TempDir,
}

/// order or product.
pub(crate) struct Program {
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
        let mut spec = Spec::new(name, program(name), &RunAs::caller(), folder, &log);
        for (name, value) in env {
            spec = spec.env(name, value);
        }
        spec = spec
            .env("PUBLIC_ADDR", format!("127.0.0.1:{public}"))
            .env("INTERNAL_ADDR", format!("127.0.0.1:{internal}"));
        Self {
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
        let (tools, user) = (Tools::find(None).unwrap(), RunAs::detect().unwrap());
        let mut broker = Broker::start(&root.join("rabbitmq")).unwrap();
        broker.wait_until_ready().unwrap();
        // What was committed must outlive the server.
        let cluster = postgres::Settings {
            port: ports::any().unwrap(),
            password: "test".to_owned(),
            durable: true,
        };
        let postgres = start_postgres(&tools, &user, root, &cluster);
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
        postgres.run_script(Path::new(script), &passwords).unwrap();
        let cache = redis::Settings {
            port: ports::any().unwrap(),
            password: "test".to_owned(),
        };
        let redis = redis::start(
            &tools,
            &user,
            &root.join("redis"),
            &root.join("redis.log"),
            &cache,
        )
        .unwrap();

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
                format!(
                    "postgres://{name}_{role}:dev@127.0.0.1:{}/{name}_db",
                    cluster.port
                )
            };
            vec![
                (format!("{upper}_DATABASE_URL"), database("service")),
                (format!("{upper}_MIGRATION_DATABASE_URL"), database("owner")),
                (
                    "REDIS_URL".to_owned(),
                    format!("redis://:test@127.0.0.1:{}", cache.port),
                ),
                ("AMQP_URL".to_owned(), broker.amqp_url.clone()),
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
        Self {
            order,
            product,
            variant,
            stripe,
            broker,
            redis,
            postgres,
            cluster,
            tools,
            user,
            _keys: keys,
            folder,
        }
    }

    /// kill -9 of PostgreSQL, Redis and the broker; each starts again.
    pub(crate) fn kill_servers(&mut self) {
        self.broker.kill().unwrap();
        self.redis.kill().unwrap();
        let spec = self.redis.spec().clone();
        self.postgres.process().kill().unwrap();
        self.redis = Process::start(spec).unwrap();
        self.postgres = start_postgres(&self.tools, &self.user, self.folder.path(), &self.cluster);
        self.broker.start_again().unwrap();
    }

    fn revive(&mut self) {
        self.order.revive();
        self.product.revive();
    }

    async fn database(&self, name: &str) -> Option<PgConnection> {
        let url = format!(
            "postgres://postgres:test@127.0.0.1:{}/{name}",
            self.cluster.port
        );
        PgConnection::connect(&url).await.ok()
    }

    /// The command that proves every invariant of the money finds nothing, and the provider took and gave back as much as we think.
    pub(crate) fn books_are_in_order(&self, purchases: usize) {
        let verdict = self.order.spec.clone().arg("verify-ledger").run().unwrap();
        println!("{purchases} purchases: {verdict}");
    }
}

fn start_postgres(
    tools: &Tools,
    user: &RunAs,
    root: &Path,
    cluster: &postgres::Settings,
) -> Postgres {
    Postgres::start(
        tools,
        user,
        &root.join("postgres"),
        &root.join("postgres.log"),
        cluster,
    )
    .unwrap()
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

/// A guest who buys a tray and then wants the money back, and does not give up.
#[derive(Default)]
pub(crate) struct Purchase {
    cart: String,
    order: String,
    token: String,
    key: String,
}

impl Purchase {
    /// Cart, order, payment, cancellation.
    pub(crate) const STEPS: usize = 4;

    pub(crate) async fn all_the_way(place: &mut Place) -> Self {
        let mut purchase = Self::default();
        for step in 0..Self::STEPS {
            purchase.step(place, step).await;
        }
        purchase
    }

    pub(crate) async fn step(&mut self, place: &mut Place, step: usize) {
        match step {
            0 => {
                self.key = uuid::Uuid::new_v4().to_string();
                let body = json!({"variant_id": place.variant, "quantity": 1});
                let answer = insist(place, |client| client.post("/api/cart").json(&body)).await;
                answer.header("x-cart-token").clone_into(&mut self.cart);
            }
            1 => {
                let body = json!({"shipping_address": address(), "email": "anna@example.com"});
                let order = insist(place, |client| {
                    let request = client
                        .post("/api/orders")
                        .header("x-cart-token", &self.cart);
                    request.header("idempotency-key", &self.key).json(&body)
                })
                .await
                .value();
                order["id"].as_str().unwrap().clone_into(&mut self.order);
                order["guest_token"]
                    .as_str()
                    .unwrap()
                    .clone_into(&mut self.token);
            }
            2 => {
                let path = format!("/api/orders/{}/payment", self.order);
                let body = json!({"method": "card", "test_payment_method": "pm_card_visa"});
                insist(place, |client| {
                    client
                        .post(&path)
                        .header("x-order-token", &self.token)
                        .json(&body)
                })
                .await;
                self.becomes(place, "confirmed", "paid", "committed", "payment")
                    .await;
            }
            _ => {
                let path = format!("/api/orders/{}/cancel", self.order);
                insist(place, |client| {
                    client.put(&path).header("x-order-token", &self.token)
                })
                .await;
            }
        }
    }

    /// Cancelled, its money back, its unit on the shelf, and nothing under way.
    pub(crate) async fn is_in_order(&self, place: &mut Place, what: &str) {
        self.becomes(place, "cancelled", "refunded", "released", what)
            .await;
        let began = Instant::now();
        loop {
            place.revive();
            if quiet(place, &self.order).await == Some(true) {
                break;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{what}: something is still under way"
            );
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    async fn becomes(
        &self,
        place: &mut Place,
        status: &str,
        payment: &str,
        hold: &str,
        what: &str,
    ) {
        let began = Instant::now();
        loop {
            place.revive();
            let path = format!("/api/orders/{}", self.order);
            let answer = place
                .order
                .client()
                .get(&path)
                .header("x-order-token", &self.token)
                .try_send()
                .await;
            let order = answer
                .ok()
                .filter(|answer| answer.status == 200)
                .map(|answer| answer.value())
                .unwrap_or_default();
            let held = hold_of(place, &self.order).await;
            if order["status"] == status
                && order["payment_status"] == payment
                && held.as_deref() == Some(hold)
            {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{what}: not {status}, {payment} and {hold} but {order}, {held:?}"
            );
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

/// Repeats a request, as clients do, until it is answered well.
async fn insist(place: &mut Place, request: impl Fn(Client) -> Request) -> Answer {
    let began = Instant::now();
    loop {
        place.revive();
        let why = match request(place.order.client()).try_send().await {
            Ok(answer) if answer.status < 300 => return answer,
            // Whoever asked before us was told nothing, but it was done.
            Ok(answer)
                if answer.status == 409
                    && ["order_already_paid", "order_not_payable"]
                        .contains(&answer.value()["code"].as_str().unwrap_or_default()) =>
            {
                return answer;
            }
            Ok(answer) => answer.text(),
            Err(error) => error.to_string(),
        };
        assert!(began.elapsed() < PATIENCE, "still not answered well: {why}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// What product holds for an order.
async fn hold_of(place: &Place, order: &str) -> Option<String> {
    let mut db = place.database("product_db").await?;
    sqlx::query_scalar("SELECT status FROM reservations WHERE order_id = $1::text::uuid")
        .bind(order)
        .fetch_optional(&mut db)
        .await
        .ok()?
}

/// Whether nothing is under way: every unit is back on the shelf, every event was sent, every step of the saga but the check of stock is done, and the provider took and gave
/// back once.
async fn quiet(place: &Place, order: &str) -> Option<bool> {
    let mut product = place.database("product_db").await?;
    let shelf: i64 = sqlx::query_scalar("SELECT sum(on_hand - reserved)::bigint FROM stock_levels")
        .fetch_one(&mut product)
        .await
        .ok()?;
    let mut db = place.database("order_db").await?;
    let open: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM saga_steps WHERE status <> 'done' AND step NOT LIKE 'stock.%')
              + (SELECT count(*) FROM webhook_events WHERE processed_at IS NULL)",
    )
    .fetch_one(&mut db)
    .await
    .ok()?;
    let (taken, back): (i64, i64) = sqlx::query_as(
        "SELECT amount_captured, amount_refunded FROM payments WHERE order_id = $1::text::uuid",
    )
    .bind(order)
    .fetch_one(&mut db)
    .await
    .ok()?;
    let stripe = Client::new(place.stripe.url()).with_bearer("sk_test_mercato");
    let intents = stripe
        .get("/v1/payment_intents?limit=100")
        .try_send()
        .await
        .ok()?
        .value();
    let of_order = |intent: &&Value| intent["metadata"]["order_id"] == order;
    let charged = intents["data"].as_array()?.iter().filter(of_order).count();
    Some(shelf == i64::from(UNITS) && open == 0 && taken > 0 && taken == back && charged == 1)
}
