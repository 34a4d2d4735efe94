//! The service in this process, on a database of its own, and somebody to ask it.

use std::time::Duration;

use auth_token::{
    AUDIENCE, Claims, DenyList, GeneratedKey, ISSUER, Jwks, JwksSource, OnBehalfOf, Role,
    ServiceKeys, Signer, Verifier,
};
use contracts::events::Event;
use messaging::Publisher;
use primitives::{Clock, OrderId, Random, SessionId, TokenId, UserId};
use product::{App, CacheSettings, MIGRATOR, MediaSettings, Moderation, Settings};
use runtime::CommonSettings;
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::PgPool;
use tempfile::TempDir;
use testkit::Served;
use testkit::broker::Vhost;
use testkit::exchange::Exchange;
use testkit::http::Client;
use testkit::pg::TestDb;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) pool: PgPool,
    pub(crate) media: TempDir,
    pub(crate) db: TestDb,
    /// Tokens that are not ours.
    pub(crate) exchange: Exchange,
    /// Who has an account.
    pub(crate) accounts: Accounts,
    _auth: Served,
    _public: Served,
    internal: Served,
    signer: Signer,
    order: ServiceKeys,
    guest: Client,
    service: Client,
    settings: Settings,
}

/// A signed-in user.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) client: Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings than the usual ones.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        runtime::telemetry::init_for_tests();
        let db = TestDb::new("product", &MIGRATOR).await;
        let (clock, random) = (Clock::manual(Clock::system().now()), Random::system());
        let [product, order] =
            ["product", "order"].map(|name| (name, GeneratedKey::generate().unwrap()));
        let jwks = Jwks {
            keys: vec![
                product.1.jwk(product.0).unwrap(),
                order.1.jwk(order.0).unwrap(),
            ],
        };
        let jwks = serde_json::to_string(&jwks).unwrap();
        let exchange = Exchange::default();
        let accounts = Accounts::default();
        let auth = testkit::serve(exchange.router().merge(accounts.router())).await;
        let media = TempDir::new().unwrap();
        let mut settings = Settings {
            common: CommonSettings::for_tests(),
            product_database_url: SecretString::from(db.url()),
            product_migration_database_url: None,
            database_max_connections: 20,
            redis_url: SecretString::from("redis://unused"),
            amqp_url: SecretString::from("amqp://unused"),
            jwks_url: String::new(),
            auth_internal_url: auth.url(),
            service_key: product.1.base64(),
            service_jwks: jwks.clone(),
            media: MediaSettings {
                media_dir: media.path().to_owned(),
                media_base_url: "/media".to_owned(),
                media_store_url: None,
                media_s3_endpoint: None,
                media_s3_region: "us-east-1".to_owned(),
                media_s3_access_key_id: None,
                media_s3_secret_access_key: None,
            },
            reservations_at_once: 64,
            import_max_bytes: 8 * 1024 * 1024,
            import_max_rows: 20_000,
            import_workers: 2,
            import_retention_days: 30,
            currency: "EUR".to_owned(),
            // What tests write with SQL is told to nobody: only tests of the cache have one.
            cache: CacheSettings {
                cache_megabytes: 0,
                cache_prefix: String::new(),
            },
            reconcile_interval_seconds: 30,
            public_url: "https://shop.example/".to_owned(),
            reviews_moderation: Moderation::After,
            search_language: "english".to_owned(),
            recommendations_interval_seconds: 2,
        };
        change(&mut settings);
        let signer = Signer::generate("test").unwrap();
        let keys = JwksSource::fixed(Jwks {
            keys: vec![signer.jwk().clone()],
        });
        let verifier = Verifier::new(keys, DenyList::default(), clock.clone());
        let app = App::build(&settings, verifier, clock.clone(), random.clone()).unwrap();
        let listeners = app.listeners();
        let public = testkit::serve(listeners.public.unwrap()).await;
        let internal = testkit::serve(listeners.internal).await;
        let order = ServiceKeys::new("order", &order.1.base64(), &jwks, clock.clone()).unwrap();
        let pool = db.pool().await;
        // Making a client takes longer than most requests.
        let (guest, service) = (public.client(), internal.client());
        Self {
            app,
            clock,
            random,
            pool,
            media,
            db,
            exchange,
            accounts,
            _auth: auth,
            _public: public,
            internal,
            signer,
            order,
            guest,
            service,
            settings,
        }
    }

    /// The same service once more, on the same database.
    pub(crate) async fn replica(&self) -> (App, Served) {
        self.replica_with(|_| {}).await
    }

    /// The same, with other settings.
    pub(crate) async fn replica_with(&self, change: impl FnOnce(&mut Settings)) -> (App, Served) {
        let mut settings = self.settings.clone();
        change(&mut settings);
        let jwk = self.signer.jwk().clone();
        let keys = JwksSource::fixed(Jwks { keys: vec![jwk] });
        let verifier = Verifier::new(keys, DenyList::default(), self.clock.clone());
        let (clock, random) = (self.clock.clone(), self.random.clone());
        let app = App::build(&settings, verifier, clock, random).unwrap();
        let public = testkit::serve(app.listeners().public.unwrap()).await;
        (app, public)
    }

    /// The token of somebody with a role.
    pub(crate) fn token(&self, role: Role) -> String {
        self.signer.sign(&self.claims(role)).unwrap()
    }

    pub(crate) fn guest(&self) -> Client {
        self.guest.clone()
    }

    pub(crate) fn person(&self, role: Role) -> Person {
        let claims = self.claims(role);
        Person {
            id: claims.sub,
            client: self
                .guest()
                .with_bearer(&self.signer.sign(&claims).unwrap()),
        }
    }

    /// Somebody with a new token, after time has passed.
    pub(crate) fn again(&self, person: &Person) -> Client {
        let claims = Claims {
            sub: person.id,
            ..self.claims(Role::Customer)
        };
        self.guest()
            .with_bearer(&self.signer.sign(&claims).unwrap())
    }

    /// A program that acts for somebody with a role, by a token that is not ours.
    pub(crate) fn program(&self, role: Role, scopes: &str) -> Client {
        let claims = Claims {
            auth_time: None,
            scope: Some(scopes.into()),
            ..self.claims(role)
        };
        let token = format!("mk_{}", claims.jti);
        self.exchange
            .knows(&token, self.signer.sign(&claims).unwrap());
        self.guest().with_bearer(&token)
    }

    fn claims(&self, role: Role) -> Claims {
        let now = self.clock.now();
        Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: UserId::new(now, &self.random),
            sid: SessionId::new(now, &self.random),
            jti: TokenId::new(now, &self.random),
            role,
            email: format!("{}@example.com", role.as_str()).parse().unwrap(),
            email_verified: true,
            name: format!("{role:?} Example"),
            auth_time: Some(now.unix()),
            amr: vec![],
            factor_missing: false,
            scope: None,
            iat: now.unix(),
            exp: now.unix() + 36_000,
        }
    }

    /// As the order service calls.
    pub(crate) fn order_service(&self) -> Client {
        self.service
            .clone()
            .with_bearer(&self.order.token("product", None).unwrap())
    }

    pub(crate) fn internal_url(&self) -> String {
        self.internal.url()
    }

    pub(crate) fn service_token(&self, audience: &str, role: Option<Role>) -> String {
        let obo = role.map(|role| OnBehalfOf {
            user_id: UserId::new(self.clock.now(), &self.random),
            role,
            email: Some(format!("{role}@example.com").parse().unwrap()),
            auth_time: None,
        });
        self.order.token(audience, obo.as_ref()).unwrap()
    }

    /// As the order service calls in somebody's name.
    pub(crate) fn token_of_order(&self, obo: &OnBehalfOf) -> String {
        self.order.token("product", Some(obo)).unwrap()
    }

    pub(crate) fn order_id(&self) -> OrderId {
        OrderId::new(self.clock.now(), &self.random)
    }

    /// A public product with one variant; answers the product.
    pub(crate) async fn product(&self, sku: &str, price: i64, stock: i64) -> Value {
        self.product_of(
            &json!({"title": format!("Thing {sku}"), "description": "", "sku": sku, "stock": stock,
            "price": {"amount": price, "currency": "EUR"}, "status": "active"}),
        )
        .await
    }

    /// What an admin posts.
    pub(crate) async fn product_of(&self, body: &Value) -> Value {
        // Ids sort by time.
        self.clock.advance(Duration::from_millis(2));
        self.person(Role::Admin)
            .client
            .post("/api/products")
            .json(body)
            .expect(201)
            .await
            .value()
    }

    pub(crate) async fn reserve(
        &self,
        order: OrderId,
        lines: &[(&str, i64)],
    ) -> testkit::http::Answer {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(variant, quantity)| json!({"variant_id": variant, "quantity": quantity}))
            .collect();
        self.order_service()
            .post("/internal/reservations")
            .json(&json!({"order_id": order, "lines": lines}))
            .send()
            .await
    }

    /// What is known of a variant's stock: on hand, reserved.
    pub(crate) async fn level(&self, variant: &str) -> (i32, i32) {
        sqlx::query_as("SELECT on_hand, reserved FROM stock_levels WHERE variant_id = $1::uuid")
            .bind(variant)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// The ledger of a variant, oldest first.
    pub(crate) async fn ledger(&self, variant: &str) -> Vec<String> {
        let rows: Vec<(String, i32, i32)> = sqlx::query_as(
            "SELECT kind, on_hand_delta, reserved_delta FROM stock_movements WHERE variant_id = $1::uuid ORDER BY seq",
        )
        .bind(variant)
        .fetch_all(&self.pool)
        .await
        .unwrap();
        rows.into_iter()
            .map(|(kind, on_hand, reserved)| format!("{kind} {on_hand} {reserved}"))
            .collect()
    }

    pub(crate) async fn hold(&self, order: OrderId) -> Option<String> {
        sqlx::query_scalar("SELECT status FROM reservations WHERE order_id = $1")
            .bind(order.uuid())
            .fetch_optional(&self.pool)
            .await
            .unwrap()
    }

    /// The types of the events written so far, oldest first; without what staff did and what became of counts, which tests ask
    /// for by themselves.
    pub(crate) async fn events(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT event_type FROM outbox WHERE event_type NOT IN ('staff.acted', 'inventory.adjusted') ORDER BY seq",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap()
    }

    /// The payload of the newest event of a type.
    pub(crate) async fn event(&self, event_type: &str) -> Value {
        sqlx::query_scalar(
            "SELECT envelope->'data' FROM outbox WHERE event_type = $1 ORDER BY seq DESC LIMIT 1",
        )
        .bind(event_type)
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    /// The ledger's sums are the levels.
    pub(crate) async fn assert_ledger_adds_up(&self) {
        let differences: i64 = sqlx::query_scalar("SELECT count(*) FROM stock_ledger_differences")
            .fetch_one(&self.pool)
            .await
            .unwrap();
        assert_eq!(differences, 0, "the ledger does not add up");
    }

    /// Publishes as the order service would.
    pub(crate) async fn publish<E: Event + Clone>(&self, event: &E) {
        let publisher = Publisher::new("mercato/order", self.clock.clone(), self.random.clone());
        let mut tx = self.pool.begin().await.unwrap();
        publisher.publish(&mut tx, event).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Runs relay and consumers on a broker of this test's own.
    pub(crate) async fn with_broker(&self) -> Running {
        let vhost = Vhost::create().await.unwrap();
        let stop = CancellationToken::new();
        let url = SecretString::from(vhost.amqp_url().to_owned());
        let relay = tokio::spawn(messaging::relay::run(
            self.pool.clone(),
            url.clone(),
            stop.clone(),
        ));
        let consumers = tokio::spawn(self.app.consumers(url).run(stop.clone()));
        Running {
            stop,
            tasks: [relay, consumers],
            vhost,
        }
    }
}

/// Relay and consumers.
pub(crate) struct Running {
    stop: CancellationToken,
    tasks: [JoinHandle<()>; 2],
    vhost: Vhost,
}

impl Running {
    pub(crate) fn amqp_url(&self) -> &str {
        self.vhost.amqp_url()
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// The id of a product's only variant.
pub(crate) fn variant(product: &Value) -> &str {
    product["variants"][0]["id"].as_str().unwrap()
}

/// The names of an object's members.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}
