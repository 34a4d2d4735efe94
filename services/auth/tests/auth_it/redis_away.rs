//! What goes on while Redis is away, slow or empty, and that no request asks it who somebody is.

use std::time::{Duration, Instant};

use auth_token::{DenyList, Jwks, JwksSource, TokenError, Verifier};
use primitives::{Clock, Random};
use runtime::{Runtime, Service};
use serde_json::{Value, json};
use testkit::pg::TestDb;
use testkit::{Fault, TcpProxy, env, eventually};
use tokio_util::sync::CancellationToken;

use crate::support::{PASSWORD, SignedIn, TestApp, app_with, settings};

async fn redis_proxy() -> (TcpProxy, String) {
    let redis: url::Url = env::var("REDIS_URL").parse().unwrap();
    let target = format!("{}:{}", redis.host_str().unwrap(), redis.port().unwrap());
    let proxy = TcpProxy::start(&target).await;
    let mut through = redis;
    through.set_port(Some(proxy.addr().port())).unwrap();
    (proxy, through.to_string())
}

async fn jwks(app: &TestApp) -> Jwks {
    app.client()
        .get("/api/auth/.well-known/jwks.json")
        .expect(200)
        .await
        .json()
}

/// A verifier as another service has it.
fn elsewhere(jwks: Jwks, clock: &Clock, redis_url: &str) -> (Verifier, CancellationToken) {
    let verifier = Verifier::new(JwksSource::fixed(jwks), DenyList::default(), clock.clone());
    let stop = CancellationToken::new();
    tokio::spawn(verifier.clone().run(redis_url.into(), stop.clone()));
    (verifier, stop)
}

async fn everything_goes_on(app: &TestApp, anna: &SignedIn) {
    let started = Instant::now();
    let wrong = json!({"email": "anna@example.com", "password": "wrong"});
    app.client()
        .post("/api/auth/login")
        .json(&wrong)
        .send()
        .await
        .problem(401, "invalid_credentials");
    let phone = app.login("anna@example.com", PASSWORD).await;
    let refreshed = app
        .client()
        .post("/api/auth/refresh")
        .json(&json!({"refresh_token": phone.refresh}))
        .expect(200)
        .await
        .value();
    let access = refreshed["tokens"]["access_token"].as_str().unwrap();
    let phone = app.client().with_bearer(access);
    let _ = phone.get("/api/users/me").expect(200).await;
    let list = anna
        .client
        .get("/api/auth/sessions")
        .expect(200)
        .await
        .value();
    assert!(list["data"].as_array().unwrap().len() >= 2, "{list}");
    let _ = phone.post("/api/auth/logout").expect(204).await;
    phone
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "token_revoked");
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn without_redis_or_with_a_slow_one_accounts_work() {
    let (proxy, url) = redis_proxy().await;
    let app = app_with(|settings| settings.redis_url = url.clone().into()).await;
    let anna = app.register("anna@example.com").await;
    let (verifier, _stop) = elsewhere(jwks(&app).await, &app.clock, &url);
    for fault in [Fault::Refuse, Fault::Stall] {
        proxy.set(fault);
        everything_goes_on(&app, &anna).await;
        assert!(verifier.verify(&anna.access).await.is_ok(), "{fault:?}");
        proxy.set(Fault::Pass);
        proxy.cut();
    }
    // Back again, the limits count: after some tries, for a connection may have to be made.
    eventually("limited again", async || {
        let wrong = json!({"email": "anna@example.com", "password": "wrong"});
        let answer = app
            .client()
            .post("/api/auth/login")
            .json(&wrong)
            .send()
            .await;
        (answer.status == 429).then_some(())
    })
    .await;
}

#[tokio::test]
async fn no_request_asks_redis_who_somebody_is() {
    let (proxy, url) = redis_proxy().await;
    let app = app_with(|settings| settings.redis_url = url.clone().into()).await;
    let anna = app.register("anna@example.com").await;
    let gone = app.login("anna@example.com", PASSWORD).await;
    let _ = gone.client.post("/api/auth/logout").expect(204).await;
    let before = proxy.bytes();
    assert!(before > 0, "limits and the revocation went through it");
    for _ in 0..100 {
        let _ = anna.client.get("/api/auth/verify").expect(200).await;
        gone.client
            .get("/api/auth/verify")
            .send()
            .await
            .problem(401, "token_revoked");
    }
    assert_eq!(proxy.bytes(), before, "not one byte for 200 requests");

    // The same with the background tasks of a service, which follow the deny-list all the time.
    let (verifier, _stop) = elsewhere(jwks(&app).await, &app.clock, &url);
    eventually("revoked elsewhere", async || {
        (verifier.verify(&gone.access).await == Err(TokenError::Revoked)).then_some(())
    })
    .await;
    let before = proxy.bytes();
    for _ in 0..2000 {
        assert!(verifier.verify(&anna.access).await.is_ok());
        assert_eq!(
            verifier.verify(&gone.access).await,
            Err(TokenError::Revoked)
        );
    }
    let passed = proxy.bytes() - before;
    assert!(passed < 4000, "{passed} bytes for 4000 tokens");
}

/// A database of Redis that only this test uses.
fn own_redis() -> String {
    let mut url: url::Url = env::var("REDIS_URL").parse().unwrap();
    url.set_path("/13");
    url.to_string()
}

#[tokio::test]
async fn a_redis_that_lost_everything_is_told_again() {
    runtime::telemetry::init_for_tests();
    let url = own_redis();
    let client = redis::Client::open(url.as_str()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let empty = async |redis: &mut redis::aio::MultiplexedConnection| {
        redis::cmd("FLUSHDB")
            .query_async::<()>(redis)
            .await
            .unwrap();
    };
    empty(&mut redis).await;

    let db = TestDb::new("auth", &auth::MIGRATOR).await;
    let clock = Clock::system();
    let (mut settings, _) = settings(&db, &clock);
    settings.redis_url = url.clone().into();
    let mut rt = Runtime::new(clock.clone(), Random::system());
    let listeners = auth::App::start(settings.clone(), &mut rt).await.unwrap();
    let public = testkit::serve(listeners.public.unwrap()).await;
    let body = json!({"email": "anna@example.com", "password": PASSWORD, "name": "Anna"});
    let register = public.client().post("/api/auth/register").json(&body);
    let anna: Value = register.expect(201).await.value();
    let access = anna["tokens"]["access_token"].as_str().unwrap().to_owned();
    let jwks: Jwks = public
        .client()
        .get("/api/auth/.well-known/jwks.json")
        .expect(200)
        .await
        .json();
    let logout = public.client().with_bearer(&access);
    let _ = logout.post("/api/auth/logout").expect(204).await;
    let revoked_elsewhere = async |what: &str| {
        // A process that starts only now, and so has heard nothing before.
        let (verifier, stop) = elsewhere(jwks.clone(), &clock, &url);
        eventually(what, async || {
            (verifier.verify(&access).await == Err(TokenError::Revoked)).then_some(())
        })
        .await;
        stop.cancel();
    };
    revoked_elsewhere("told at once").await;

    empty(&mut redis).await;
    revoked_elsewhere("told again after the loss").await;

    // Restarted with what it had saved some time ago: the mark is of a run before, and the end of the stream is missing.
    let run: String = eventually("marked", async || {
        let run: Option<String> = redis::cmd("GET")
            .arg("auth:revocations:told")
            .query_async(&mut redis.clone())
            .await
            .unwrap();
        run
    })
    .await;
    redis::pipe()
        .del(auth_token::denylist::STREAM)
        .set("auth:revocations:told", format!("not {run}"))
        .query_async::<()>(&mut redis)
        .await
        .unwrap();
    revoked_elsewhere("told again after a restart").await;
    drop(rt);
    let _ = std::fs::remove_dir_all(settings.signing_keys_dir);
}
