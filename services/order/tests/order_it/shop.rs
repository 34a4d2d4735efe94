//! A whole order service on a database of its own.

use auth_token::{
    Claims, DenyList, GeneratedKey, Jwks, JwksSource, Role, ServiceKeys, Signer, Verifier,
};
use clap::Parser;
use order::{AppState, Settings};
use primitives::{Clock, OrderId, Random, SessionId, TokenId, UserId, VariantId};
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::Served;
use testkit::http::{Answer, Client, Request};
use testkit::pg::TestDb;
use uuid::Uuid;

use crate::peer::Peer;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

pub(crate) struct Shop {
    pub(crate) client: Client,
    pub(crate) internal: Client,
    /// Where the public API is, for what the client cannot do.
    pub(crate) url: String,
    pub(crate) peer: Peer,
    pub(crate) app: AppState,
    /// The payment provider.
    pub(crate) stripe: stripe_stand_in::StandIn,
    pub(crate) webhook_secret: String,
    /// What the keys of its guests' carts begin with.
    pub(crate) guest_prefix: String,
    /// With the application role's rights.
    pub(crate) pool: PgPool,
    /// admin's keys, which call the internal API.
    pub(crate) admin: ServiceKeys,
    signer: Signer,
    /// The service's settings, as its program takes them.
    environment: Vec<(String, String)>,
    _servers: [Served; 3],
    // Dropped last: the database goes when nobody uses it any more.
    db: TestDb,
}

/// Somebody signed in.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) token: String,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// A shop whose Redis is reached by this address.
    pub(crate) async fn with_redis(redis_url: &str) -> Self {
        Self::open_on(redis_url, &[]).await
    }

    /// A shop with other settings than usual.
    pub(crate) async fn open_with(more: &[(&str, &str)]) -> Self {
        Self::open_on(&testkit::env::var("REDIS_URL"), more).await
    }

    async fn open_on(redis_url: &str, more: &[(&str, &str)]) -> Self {
        runtime::install_tls_provider();
        runtime::telemetry::init_for_tests();
        let (clock, random) = (Clock::system(), Random::system());
        let db = TestDb::new("order", &order::MIGRATOR).await;
        let peer = Peer::default();
        let peer_server = peer.serve().await;

        let own = GeneratedKey::generate().unwrap();
        let admin = GeneratedKey::generate().unwrap();
        let jwks = Jwks {
            keys: vec![own.jwk("order").unwrap(), admin.jwk("admin").unwrap()],
        };
        let jwks = serde_json::to_string(&jwks).unwrap();
        let signer = Signer::generate("test").unwrap();
        let source = JwksSource::fixed(Jwks {
            keys: vec![signer.jwk().clone()],
        });
        let verifier = Verifier::new(source, DenyList::default(), clock.clone());

        // Tests deliver its webhooks themselves, when and as often as they like.
        let stand_in = stripe_stand_in::Settings {
            addr: ([127, 0, 0, 1], 0).into(),
            ..Parser::parse_from(["stripe-stand-in"])
        };
        let stripe = stripe_stand_in::start(stand_in.clone()).await.unwrap();

        let guest_prefix = format!("test:{}", TokenId::new(clock.now(), &random));
        let key = own.base64();
        let arguments = [
            ("--internal-addr", "127.0.0.1:0".to_owned()),
            ("--database-url", db.url()),
            ("--redis-url", redis_url.to_owned()),
            ("--guest-cart-prefix", guest_prefix.clone()),
            ("--amqp-url", testkit::env::var("AMQP_URL")),
            ("--public-url", "https://shop.test".to_owned()),
            ("--timeline-heartbeat-seconds", "1".to_owned()),
            (
                "--service-key",
                secrecy::ExposeSecret::expose_secret(&key).to_owned(),
            ),
            ("--service-jwks", jwks.clone()),
            ("--product-internal-url", peer_server.url()),
            ("--auth-internal-url", peer_server.url()),
            ("--stripe-secret-key", stand_in.secret_key.clone()),
            ("--stripe-publishable-key", stand_in.publishable_key.clone()),
            ("--stripe-webhook-secret", stand_in.webhook_secret.clone()),
            ("--stripe-api-url", stripe.url()),
            ("--bank-transfer-holder", "Mercato Ltd".to_owned()),
            ("--bank-transfer-iban", "DE02120300000000202051".to_owned()),
        ];
        let environment = arguments
            .iter()
            .map(|(name, value)| {
                let name = match *name {
                    "--database-url" => "ORDER_DATABASE_URL".to_owned(),
                    name => name[2..].replace('-', "_").to_uppercase(),
                };
                (name, value.clone())
            })
            .collect();
        let arguments = arguments
            .into_iter()
            .filter(|(name, _)| more.iter().all(|(other, _)| other != name));
        let more = more
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let flat = arguments
            .chain(more)
            .flat_map(|(name, value)| [name.to_owned(), value]);
        let mut settings =
            Cli::parse_from(std::iter::once("order".to_owned()).chain(flat)).settings;
        settings.common.server_timing = true;

        let app = AppState::with_verifier(&settings, clock.clone(), random, verifier).unwrap();
        let listeners = order::listeners(app.clone(), &settings);
        let public = testkit::serve(listeners.public.unwrap()).await;
        let internal = testkit::serve(listeners.internal).await;
        Self {
            client: public.client(),
            url: public.url(),
            internal: internal.client(),
            peer,
            app,
            stripe,
            guest_prefix,
            webhook_secret: stand_in.webhook_secret,
            pool: db.pool().await,
            admin: ServiceKeys::new("admin", &admin.base64(), &jwks, clock).unwrap(),
            signer,
            environment,
            _servers: [peer_server, public, internal],
            db,
        }
    }

    pub(crate) fn person(&self, role: Role) -> Person {
        let claims = claims(role);
        Person {
            id: claims.sub,
            token: self.signer.sign(&claims).unwrap(),
        }
    }

    /// A token of the same person that is good for no more than a second.
    pub(crate) fn short_lived(&self, person: &Person) -> String {
        let claims = claims(Role::Support);
        // Clocks may differ by five seconds.
        let exp = claims.iat - 4;
        self.signer
            .sign(&Claims {
                sub: person.id,
                exp,
                ..claims
            })
            .unwrap()
    }

    /// The token, not one of ours, of a program that acts for somebody with a role.
    pub(crate) fn program(&self, role: Role, scopes: &str) -> String {
        let claims = Claims {
            auth_time: None,
            scope: Some(scopes.into()),
            ..claims(role)
        };
        let token = format!("mk_{}", claims.jti);
        let exchanged = self.signer.sign(&claims).unwrap();
        self.peer.exchange.knows(&token, exchanged);
        token
    }

    /// Puts units into a guest's new cart and answers its token.
    pub(crate) async fn guest_cart(&self, variant: VariantId, quantity: i32) -> String {
        let answer = self
            .client
            .post("/api/cart")
            .json(&json!({"variant_id": variant, "quantity": quantity}))
            .expect(200)
            .await;
        let token = answer.header("x-cart-token").to_owned();
        assert_eq!(token.len(), 43, "a guest gets a token");
        token
    }

    pub(crate) async fn add(&self, person: &Person, variant: VariantId, quantity: i32) -> Answer {
        self.client
            .post("/api/cart")
            .bearer(&person.token)
            .json(&json!({"variant_id": variant, "quantity": quantity}))
            .expect(200)
            .await
    }

    /// A guest's order request, to be sent.
    pub(crate) fn order_as_guest(&self, cart: &str) -> Request {
        self.client
            .post("/api/orders")
            .header("x-cart-token", cart)
            .json(&json!({"email": "guest@example.com", "shipping_address": address()}))
    }

    pub(crate) fn order_as(&self, person: &Person) -> Request {
        self.client
            .post("/api/orders")
            .bearer(&person.token)
            .json(&json!({"shipping_address": address()}))
    }

    /// A placed order of the person.
    pub(crate) async fn placed(&self, person: &Person, variant: VariantId, quantity: i32) -> Value {
        let _ = self.add(person, variant, quantity).await;
        self.order_as(person).expect(201).await.value()
    }

    /// Makes an order as if its payment had arrived.
    pub(crate) async fn pretend_paid(&self, order: &Value) {
        let id: Uuid = order["id"].as_str().unwrap().parse().unwrap();
        sqlx::query("UPDATE orders SET status = 'confirmed', payment_status = 'paid', confirmed_at = now() WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await
            .unwrap();
        sqlx::query("UPDATE payments SET status = 'succeeded', amount_authorized = amount, amount_captured = amount, provider_ref = 'pi_' || id WHERE order_id = $1").bind(id).execute(&self.pool).await.unwrap();
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// Event types in the outbox, in their order.
    pub(crate) async fn outbox(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT event_type FROM outbox ORDER BY seq")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }

    /// With the rights of who owns the tables.
    pub(crate) async fn owner(&self) -> PgPool {
        self.db.pool_as("order_owner").await
    }

    /// With all rights, for what no role of ours may do.
    pub(crate) async fn superuser(&self) -> PgPool {
        PgPool::connect(&self.db.superuser_url()).await.unwrap()
    }

    /// Runs the service's own program to its end, with the settings of this shop.
    pub(crate) async fn run(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_order"));
        command.args(arguments).envs(self.environment.clone());
        tokio::task::spawn_blocking(move || command.output())
            .await
            .unwrap()
            .unwrap()
    }

    /// The payloads of one event type.
    pub(crate) async fn events(&self, kind: &str) -> Vec<Value> {
        sqlx::query_scalar("SELECT envelope->'data' FROM outbox WHERE event_type = $1 ORDER BY seq")
            .bind(kind)
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }
}

pub(crate) fn id(value: &Value) -> OrderId {
    value["id"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn address() -> Value {
    json!({"name": "Anna Example", "line1": "Street 1", "city": "Berlin", "postal_code": "10115", "country": "DE"})
}

fn claims(role: Role) -> Claims {
    let (clock, random) = (Clock::system(), Random::system());
    let now = clock.now();
    let id = UserId::new(now, &random);
    Claims {
        iss: auth_token::ISSUER.to_owned(),
        aud: auth_token::AUDIENCE.to_owned(),
        sub: id,
        sid: SessionId::new(now, &random),
        jti: TokenId::new(now, &random),
        role,
        email: format!("{}@example.com", id.uuid().simple())
            .parse()
            .unwrap(),
        email_verified: true,
        name: "Somebody".to_owned(),
        auth_time: Some(now.unix()),
        amr: vec![],
        factor_missing: false,
        scope: None,
        iat: now.unix(),
        exp: now.unix() + 600,
    }
}
