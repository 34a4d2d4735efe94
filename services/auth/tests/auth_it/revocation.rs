//! Revocations reach other processes, also when Redis was away; and the whole service starts and stops.

use std::time::Duration;

use auth_token::{DenyList, Jwks, JwksSource, TokenError, Verifier};
use primitives::{Clock, Random};
use runtime::{Drain, Runtime, Service, Sockets};
use serde_json::json;
use testkit::pg::TestDb;
use testkit::{Fault, TcpProxy, env, eventually};
use tokio_util::sync::CancellationToken;

use crate::support::{PASSWORD, app, settings};

/// A verifier as another service has it.
pub(crate) fn elsewhere(jwks: Jwks, clock: &Clock) -> (Verifier, CancellationToken) {
    let verifier = Verifier::new(JwksSource::fixed(jwks), DenyList::default(), clock.clone());
    let stop = CancellationToken::new();
    tokio::spawn(
        verifier
            .clone()
            .run(env::var("REDIS_URL").into(), stop.clone()),
    );
    (verifier, stop)
}

#[tokio::test]
async fn a_logout_is_known_elsewhere_within_a_second() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let jwks = app
        .client()
        .get("/api/auth/.well-known/jwks.json")
        .expect(200)
        .await
        .json();
    let (verifier, _stop) = elsewhere(jwks, &app.clock);
    assert!(verifier.verify(&anna.access).await.is_ok());
    let _ = anna.client.post("/api/auth/logout").expect(204).await;
    testkit::eventually_within(Duration::from_secs(1), "revoked elsewhere", async || {
        (verifier.verify(&anna.access).await == Err(TokenError::Revoked)).then_some(())
    })
    .await;
    let untold: i64 =
        sqlx::query_scalar("SELECT count(*) FROM revocations WHERE published_at IS NULL")
            .fetch_one(&app.root().await)
            .await
            .unwrap();
    assert_eq!(untold, 0);
}

#[tokio::test]
async fn the_service_starts_heals_and_stops() {
    runtime::telemetry::init_for_tests();
    let db = TestDb::new("auth", &auth::MIGRATOR).await;
    let clock = Clock::system();
    let (mut settings, _) = settings(&db, &clock);
    let redis: url::Url = env::var("REDIS_URL").parse().unwrap();
    let proxy = TcpProxy::start(&format!(
        "{}:{}",
        redis.host_str().unwrap(),
        redis.port().unwrap()
    ))
    .await;
    let mut through = redis.clone();
    through.set_port(Some(proxy.addr().port())).unwrap();
    settings.redis_url = through.to_string().into();
    settings.admin_email = Some("boss@example.com".parse().unwrap());
    settings.admin_password = Some(PASSWORD.to_owned().into());

    let mut rt = Runtime::new(clock.clone(), Random::system());
    let listeners = auth::App::start(settings.clone(), &mut rt).await.unwrap();
    let any = "127.0.0.1:0".parse().unwrap();
    let sockets = Sockets {
        public: Some(runtime::listen(any, false).unwrap()),
        internal: runtime::listen(any, false).unwrap(),
    };
    let url = format!(
        "http://{}",
        sockets.public.as_ref().unwrap().local_addr().unwrap()
    );
    let soft = CancellationToken::new();
    let drain = Drain {
        lame_duck: Duration::ZERO,
        timeout: Duration::from_secs(5),
    };
    let running = tokio::spawn(runtime::run(
        rt,
        listeners,
        sockets,
        drain,
        soft.clone(),
        CancellationToken::new(),
    ));
    let client = testkit::http::Client::new(url);
    eventually("ready", async || {
        (client.get("/health").send().await.status == 200).then_some(())
    })
    .await;

    // The first admin was made, once.
    let login = json!({"email": "boss@example.com", "password": PASSWORD});
    let boss = client
        .post("/api/auth/login")
        .json(&login)
        .expect(200)
        .await
        .value();
    assert_eq!(boss["user"]["role"], "admin");
    let mut again = Runtime::new(clock.clone(), Random::system());
    let _ = auth::App::start(settings.clone(), &mut again)
        .await
        .unwrap();
    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&db.pool().await)
        .await
        .unwrap();
    assert_eq!(users, 1);
    drop(again);

    // Redis is away: the logout is done all the same, and told later.
    let jwks = client
        .get("/api/auth/.well-known/jwks.json")
        .expect(200)
        .await
        .json();
    let (verifier, _stop) = elsewhere(jwks, &clock);
    let access = boss["tokens"]["access_token"].as_str().unwrap();
    proxy.set(Fault::Refuse);
    let _ = client
        .clone()
        .with_bearer(access)
        .post("/api/auth/logout")
        .expect(204)
        .await;
    client
        .clone()
        .with_bearer(access)
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    assert!(verifier.verify(access).await.is_ok(), "nobody could tell");
    proxy.set(Fault::Pass);
    eventually("told by the reconciler", async || {
        (verifier.verify(access).await == Err(TokenError::Revoked)).then_some(())
    })
    .await;

    soft.cancel();
    running.await.unwrap().unwrap();
    let _ = std::fs::remove_dir_all(settings.signing_keys_dir);
}
