//! An auth service in the test's process, with a database of its own.

use std::path::PathBuf;
use std::time::Duration;

use auth::Settings;
use auth_token::{GeneratedKey, Jwks, ServiceKeys};
use primitives::{Clock, Random};
use runtime::CommonSettings;
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::http::Client;
use testkit::pg::TestDb;
use testkit::{Served, env};

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct TestApp {
    pub(crate) db: TestDb,
    pub(crate) clock: Clock,
    pub(crate) order: ServiceKeys,
    pub(crate) admin: ServiceKeys,
    pub(crate) backstage: auth::Backstage,
    public: Served,
    internal: Served,
    keys_dir: PathBuf,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.keys_dir);
    }
}

/// Settings for a database, with new keys; and the keys of order and admin, which call.
pub(crate) fn settings(db: &TestDb, clock: &Clock) -> (Settings, [ServiceKeys; 2]) {
    let names = ["auth", "order", "admin"];
    let keys = names.map(|name| (name, GeneratedKey::generate().unwrap()));
    let public = keys.iter().map(|(name, key)| key.jwk(name).unwrap());
    let jwks = Jwks {
        keys: public.collect(),
    };
    let jwks = serde_json::to_string(&jwks).unwrap();
    let settings = Settings {
        common: CommonSettings::for_tests(),
        auth_database_url: db.url().into(),
        auth_migration_database_url: Some(db.owner_url().into()),
        database_max_connections: 5,
        redis_url: env::var("REDIS_URL").into(),
        // Nobody listens here: events stay in the outbox, where tests look.
        amqp_url: SecretString::from("amqp://127.0.0.1:1"),
        public_url: "https://shop.example".parse().unwrap(),
        webauthn_rp_id: None,
        webauthn_origins: Vec::new(),
        service_key: keys[0].1.base64(),
        service_jwks: jwks.clone(),
        signing_keys_dir: std::env::temp_dir().join(format!("mercato-auth-{}", uuid_like())),
        staff_second_factor: auth::StaffSecondFactor::Optional,
        // Nobody answers here, unless a test says where.
        order_internal_url: "http://127.0.0.1:1".to_owned(),
        product_internal_url: "http://127.0.0.1:1".to_owned(),
        account_deletion_grace_days: 14,
        admin_email: None,
        admin_password: None,
        oidc_providers: SecretString::from(""),
        oidc_return_origins: String::new(),
        oidc_timeout_milliseconds: 1000,
        limits: limits(),
    };
    let callers = [&keys[1], &keys[2]]
        .map(|(name, key)| ServiceKeys::new(name, &key.base64(), &jwks, clock.clone()).unwrap());
    (settings, callers)
}

/// As strict as in a shop, but that many tests send mails from one address.
fn limits() -> auth::LimitSettings {
    auth::LimitSettings {
        limit_free_failures: 5,
        limit_free_failures_per_client: 50,
        limit_mails_per_hour: 5,
        limit_mails_per_hour_and_client: 60,
    }
}

fn uuid_like() -> String {
    primitives::UserId::new(Clock::system().now(), &Random::system()).to_string()
}

pub(crate) async fn app() -> TestApp {
    app_with(|_| {}).await
}

/// With some settings changed.
pub(crate) async fn app_with(change: impl FnOnce(&mut Settings)) -> TestApp {
    runtime::telemetry::init_for_tests();
    let db = TestDb::new("auth", &auth::MIGRATOR).await;
    let clock = Clock::manual(Clock::system().now());
    let (mut settings, [order, admin]) = settings(&db, &clock);
    change(&mut settings);
    let built = auth::build(settings.clone(), clock.clone(), Random::system()).unwrap();
    let backstage = built.backstage();
    let public = testkit::serve(built.listeners.public.unwrap()).await;
    let internal = testkit::serve(built.listeners.internal).await;
    TestApp {
        db,
        clock,
        keys_dir: settings.signing_keys_dir,
        order,
        admin,
        backstage,
        public,
        internal,
    }
}

/// Somebody signed in.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) id: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) client: Client,
}

impl TestApp {
    pub(crate) fn client(&self) -> Client {
        self.public.client()
    }

    /// A client of the internal listener, as the order service.
    pub(crate) fn service(&self) -> Client {
        self.internal
            .client()
            .with_bearer(&self.order.token("auth", None).unwrap())
    }

    /// A client of the internal listener, as the admin panel.
    pub(crate) fn panel(&self) -> Client {
        self.internal
            .client()
            .with_bearer(&self.admin.token("auth", None).unwrap())
    }

    pub(crate) fn internal_url(&self) -> String {
        self.internal.url()
    }

    pub(crate) fn anonymous_service(&self) -> Client {
        self.internal.client()
    }

    pub(crate) async fn register(&self, email: &str) -> SignedIn {
        let body = json!({"email": email, "password": PASSWORD, "name": "Anna Schmidt"});
        let answer = self
            .client()
            .post("/api/auth/register")
            .json(&body)
            .expect(201)
            .await;
        self.signed_in(&answer.value())
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> SignedIn {
        let answer = self
            .client()
            .post("/api/auth/login")
            .json(&json!({"email": email, "password": password}))
            .expect(200)
            .await;
        self.signed_in(&answer.value())
    }

    pub(crate) fn signed_in(&self, body: &Value) -> SignedIn {
        let text = |value: &Value| {
            value
                .as_str()
                .unwrap_or_else(|| panic!("{body}"))
                .to_owned()
        };
        let access = text(&body["tokens"]["access_token"]);
        SignedIn {
            id: text(&body["user"]["id"]),
            client: self.client().with_bearer(&access),
            access,
            refresh: text(&body["tokens"]["refresh_token"]),
        }
    }

    /// Somebody with a role, which nobody can give themselves.
    pub(crate) async fn with_role(&self, email: &str, role: &str) -> SignedIn {
        self.register(email).await;
        let done = sqlx::query("UPDATE users SET role = $2 WHERE email = $1")
            .bind(email)
            .bind(role)
            .execute(&self.root().await)
            .await;
        assert_eq!(done.unwrap().rows_affected(), 1);
        self.login(email, PASSWORD).await
    }

    /// The database with all rights.
    pub(crate) async fn root(&self) -> PgPool {
        PgPool::connect(&self.db.superuser_url()).await.unwrap()
    }

    /// The data of the events of a type, oldest first.
    pub(crate) async fn events(&self, event_type: &str) -> Vec<Value> {
        // Mails that were asked for are sent by a background task, for which a test need not wait.
        self.backstage.settle().await.unwrap();
        sqlx::query_scalar("SELECT envelope->'data' FROM outbox WHERE event_type = $1 ORDER BY seq")
            .bind(event_type)
            .fetch_all(&self.root().await)
            .await
            .unwrap()
    }

    /// The data of the mails of a template to an address, oldest first.
    pub(crate) async fn mails(&self, to: &str, template: &str) -> Vec<Value> {
        let mails = self.events("email.notification").await.into_iter();
        mails
            .filter(|mail| mail["to"] == to && mail["template"] == template)
            .map(|mail| mail["data"].clone())
            .collect()
    }

    /// The token in the newest mail of a template.
    pub(crate) async fn mailed_token(&self, to: &str, template: &str) -> String {
        let mails = self.mails(to, template).await;
        let url = mails
            .last()
            .unwrap_or_else(|| panic!("no mail {template} to {to}"))["url"]
            .as_str()
            .unwrap()
            .to_owned();
        url.split_once("?token=").unwrap().1.to_owned()
    }

    /// The private key of access tokens, as PKCS#8 DER.
    pub(crate) fn signing_key(&self) -> Vec<u8> {
        let pem = std::fs::read_to_string(self.keys_dir.join("0001.pem")).unwrap();
        let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap()
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

pub(crate) fn fields(problem: &Value) -> Vec<&str> {
    let mut fields: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    fields
}
