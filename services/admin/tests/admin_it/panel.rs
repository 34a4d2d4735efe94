//! A whole admin service, on databases of its own.

use std::path::Path;

use admin::{AppState, MIGRATOR, Settings};
use auth_token::{
    Claims, DenyList, GeneratedKey, Jwks, JwksSource, Role, ServiceKeys, Signer, Verifier,
};
use clap::Parser;
use contracts::internal::users::UserSnapshot;
use primitives::{Clock, Random, SessionId, TokenId, UserId};
use secrecy::ExposeSecret as _;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};
use testkit::Served;
use testkit::http::{Answer, Client, Request};
use testkit::pg::TestDb;

use crate::html;
use crate::peer::{Auth, Peer};

pub(crate) const PASSWORD: &str = "correct horse battery staple";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

pub(crate) struct Panel {
    pub(crate) client: Client,
    pub(crate) url: String,
    /// The other listener.
    pub(crate) internal: Client,
    /// What the other services sign their calls with.
    pub(crate) auth_keys: ServiceKeys,
    pub(crate) signer: Signer,
    pub(crate) denied: DenyList,
    pub(crate) peer: Peer,
    pub(crate) app: AppState,
    /// With which order calls.
    pub(crate) order_keys: ServiceKeys,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    /// Each with its owner's rights.
    pub(crate) auth_db: PgPool,
    pub(crate) product_db: PgPool,
    pub(crate) order_db: PgPool,
    pub(crate) admin_db: PgPool,
    _servers: [Served; 6],
    // Dropped last: the databases go when nobody uses them any more.
    pub(crate) admin: TestDb,
    pub(crate) auth: TestDb,
    pub(crate) product: TestDb,
    pub(crate) order: TestDb,
}

/// Somebody signed in.
pub(crate) struct Staff {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
    client: Client,
}

impl Panel {
    pub(crate) async fn open() -> Self {
        Self::with_broker(&testkit::env::var("AMQP_URL")).await
    }

    pub(crate) async fn with_broker(amqp_url: &str) -> Self {
        Self::with_brokers(amqp_url, &testkit::env::var("RABBITMQ_MANAGEMENT_URL")).await
    }

    pub(crate) async fn with_brokers(amqp_url: &str, management_url: &str) -> Self {
        runtime::install_tls_provider();
        runtime::telemetry::init_for_tests();
        let (clock, random) = (Clock::manual(Clock::system().now()), Random::system());
        let admin = TestDb::new("admin", &MIGRATOR).await;
        let (auth, product, order) = tokio::join!(
            database_of("auth"),
            database_of("product"),
            database_of("order")
        );
        notification_beside(&admin).await;

        let names = ["admin", "auth", "product", "order", "notification"];
        let generated = names.map(|_| GeneratedKey::generate().unwrap());
        let jwks = Jwks {
            keys: std::iter::zip(&generated, names)
                .map(|(key, name)| key.jwk(name).unwrap())
                .collect(),
        };
        let jwks = serde_json::to_string(&jwks).unwrap();
        let keys = |index: usize| {
            ServiceKeys::new(
                names[index],
                &generated[index].base64(),
                &jwks,
                clock.clone(),
            )
            .unwrap()
        };
        let peer = Peer::default();
        let (auth_api, product_api, order_api, notification_api) = (
            peer.serve(keys(1)).await,
            peer.serve(keys(2)).await,
            peer.serve(keys(3)).await,
            peer.serve(keys(4)).await,
        );

        let arguments = [
            ("--internal-addr", "127.0.0.1:0".to_owned()),
            ("--lame-duck-milliseconds", "0".to_owned()),
            ("--server-timing", "true".to_owned()),
            ("--database-url", admin.url()),
            ("--auth-read-url", auth.url_as("admin_service")),
            ("--product-read-url", product.url_as("admin_service")),
            ("--order-read-url", order.url_as("admin_service")),
            ("--redis-url", testkit::env::var("REDIS_URL")),
            ("--amqp-url", amqp_url.to_owned()),
            ("--rabbitmq-management-url", management_url.to_owned()),
            (
                "--service-key",
                generated[0].base64().expose_secret().to_owned(),
            ),
            ("--service-jwks", jwks.clone()),
            ("--auth-internal-url", auth_api.url()),
            ("--product-internal-url", product_api.url()),
            ("--order-internal-url", order_api.url()),
            ("--notification-internal-url", notification_api.url()),
            ("--panel-followers", "4".to_owned()),
            ("--webhook-allow-http", "true".to_owned()),
            ("--webhook-ports", String::new()),
            ("--webhook-allowed-networks", "127.0.0.0/8".to_owned()),
            ("--webhook-timeout-seconds", "5".to_owned()),
        ];
        let flat = arguments
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value]);
        let settings = Cli::parse_from(std::iter::once("admin".to_owned()).chain(flat)).settings;

        let signer = Signer::generate("test").unwrap();
        let source = JwksSource::fixed(Jwks {
            keys: vec![signer.jwk().clone()],
        });
        let denied = DenyList::default();
        let verifier = Verifier::new(source, denied.clone(), clock.clone());
        let app =
            AppState::with_verifier(&settings, clock.clone(), random.clone(), verifier).unwrap();
        let listeners = admin::listeners(app.clone(), &settings);
        let public = testkit::serve(listeners.public.unwrap()).await;
        let internal = testkit::serve(listeners.internal).await;
        let auth_db = auth.pool_as("auth_owner").await;
        peer.world().auth = Some(Auth {
            db: auth_db.clone(),
            clock: clock.clone(),
            random: random.clone(),
        });
        Self {
            client: public.client(),
            url: public.url(),
            internal: internal.client(),
            auth_keys: keys(1),
            signer,
            denied,
            peer,
            app,
            order_keys: keys(3),
            settings,
            clock,
            random,
            auth_db,
            product_db: product.pool_as("product_owner").await,
            order_db: order.pool_as("order_owner").await,
            admin_db: admin.pool_as("admin_owner").await,
            _servers: [
                auth_api,
                product_api,
                order_api,
                notification_api,
                public,
                internal,
            ],
            admin,
            auth,
            product,
            order,
        }
    }

    /// An account that auth knows and whose password is [`PASSWORD`].
    pub(crate) async fn account(&self, role: Role) -> UserSnapshot {
        let id = UserId::new(self.clock.now(), &self.random);
        let user = UserSnapshot {
            id,
            email: format!("{}@mercato.example", id.uuid().simple())
                .parse()
                .unwrap(),
            email_verified: true,
            name: format!("Somebody in {role}"),
            role: role.to_string(),
            closed: false,
        };
        let account = (PASSWORD.to_owned(), user.clone());
        self.peer
            .world()
            .accounts
            .insert(user.email.as_str().to_owned(), account);
        sqlx::query(
            "INSERT INTO users (id, email, email_verified_at, name, role, created_at, updated_at) VALUES ($1, $2, $5, $3, $4, $5, $5)",
        )
        .bind(id.uuid())
        .bind(user.email.as_str())
        .bind(&user.name)
        .bind(role.as_str())
        .bind(self.clock.now())
        .execute(&self.auth_db)
        .await
        .unwrap();
        user
    }

    /// Somebody with an account, and what they send as `Authorization: Bearer`.
    pub(crate) async fn person(&self, role: Role) -> Person {
        let user = self.account(role).await;
        let claims = self.claims(&user, role);
        Person {
            id: user.id,
            token: self.signer.sign(&claims).unwrap(),
            client: self
                .client
                .clone()
                .with_bearer(&self.signer.sign(&claims).unwrap()),
        }
    }

    pub(crate) fn claims(&self, user: &UserSnapshot, role: Role) -> Claims {
        let now = self.clock.now();
        Claims {
            iss: auth_token::ISSUER.to_owned(),
            aud: auth_token::AUDIENCE.to_owned(),
            sub: user.id,
            sid: SessionId::new(now, &self.random),
            jti: TokenId::new(now, &self.random),
            role,
            email: user.email.clone(),
            email_verified: true,
            name: user.name.clone(),
            auth_time: Some(now.unix()),
            amr: vec![],
            factor_missing: false,
            scope: None,
            iat: now.unix(),
            exp: now.unix() + 600,
        }
    }

    /// Opens the sign-in page: its cookie and its form's token.
    pub(crate) async fn sign_in_form(&self, client: &Client, path: &str) -> (String, String) {
        let page = client.get(path).expect(200).await;
        (cookies(&page).remove(0), html::csrf(&page.text()))
    }

    /// Sends the sign-in form.
    pub(crate) async fn send_sign_in(
        &self,
        client: &Client,
        email: &str,
        password: &str,
        next: &str,
    ) -> Answer {
        let (cookie, csrf) = self.sign_in_form(client, "/admin/login").await;
        let form = [
            ("csrf", csrf.as_str()),
            ("next", next),
            ("email", email),
            ("password", password),
        ];
        client
            .post("/admin/login")
            .header("cookie", &cookie)
            .form(&form)
            .send()
            .await
    }

    pub(crate) async fn staff(&self, role: Role) -> Staff {
        let user = self.account(role).await;
        let answer = self
            .send_sign_in(&self.client, user.email.as_str(), PASSWORD, "")
            .await
            .expect(303);
        let cookie = cookies(&answer)
            .into_iter()
            .find(|cookie| cookie.starts_with("mercato_admin="))
            .unwrap();
        self.signed_in(user, cookie).await
    }

    /// With a session's cookie.
    pub(crate) async fn signed_in(&self, user: UserSnapshot, cookie: String) -> Staff {
        let client = self.client.clone().with_header("cookie", &cookie);
        let csrf = html::csrf(&client.get("/admin/security").expect(200).await.text());
        Staff {
            id: user.id,
            email: user.email.as_str().to_owned(),
            cookie,
            csrf,
            client,
        }
    }

    /// What the audit log says: action, target and outcome, oldest first, without sign-ins.
    pub(crate) async fn audit(&self) -> Vec<(String, String, String)> {
        let sql = "SELECT action, target, outcome FROM audit_logs
                    WHERE action NOT LIKE 'sign_in%' ORDER BY at, outcome <> 'asked'";
        sqlx::query_as(sql).fetch_all(&self.admin_db).await.unwrap()
    }
}

/// A user of the REST API.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) token: String,
    pub(crate) client: Client,
}

impl Staff {
    pub(crate) fn get(&self, path: &str) -> Request {
        self.client.get(path)
    }

    /// A page that must be there.
    pub(crate) async fn page(&self, path: &str) -> String {
        self.get(path).expect(200).await.text()
    }

    /// Sends a form of a page, with the session's token.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = vec![("csrf", self.csrf.as_str())];
        form.extend(fields);
        self.client.post(path).form(&form).send().await
    }

    /// Sends a form as it is.
    pub(crate) async fn send_raw(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.client.post(path).form(form).send().await
    }
}

/// A service's database with its schema. The services are not linked: their migrations are read from their folders.
async fn database_of(service: &str) -> TestDb {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(service)
        .join("migrations");
    TestDb::new(service, &Migrator::new(folder).await.unwrap()).await
}

/// The mail worker's tables, in their schema of the panel's database, with the rights that their migrations give.
async fn notification_beside(admin: &TestDb) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notification/migrations");
    let migrations = Migrator::new(folder).await.unwrap();
    let mut script = "CREATE SCHEMA notification AUTHORIZATION notification_owner;
        GRANT USAGE ON SCHEMA notification TO notification_service, admin_service;
        SET ROLE notification_owner; SET search_path TO notification;"
        .to_owned();
    for migration in migrations.iter() {
        script.push_str(migration.sql.as_str());
        script.push_str(";\n");
    }
    let mut db = PgConnection::connect(&admin.superuser_url()).await.unwrap();
    let _ = db.execute(AssertSqlSafe(script)).await.unwrap();
    db.close().await.unwrap();
}

/// `name=value` of each cookie that an answer sets.
pub(crate) fn cookies(answer: &Answer) -> Vec<String> {
    let set = answer.headers.get_all("set-cookie").iter();
    set.map(|cookie| {
        cookie
            .to_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned()
    })
    .collect()
}
