//! What the scripts do between requests. Needs Redis.

use primitives::Random;

use super::*;

fn limits(clock: &Clock, redis_url: &str) -> Limits {
    runtime::install_tls_provider();
    let settings = LimitSettings {
        limit_free_failures: 3,
        limit_free_failures_per_client: 10,
        limit_mails_per_hour: 5,
        limit_mails_per_hour_and_client: 60,
    };
    let secret = URL_SAFE_NO_PAD.encode(Random::system().bytes::<16>());
    let redis = redis::Client::open(redis_url).unwrap();
    let redis =
        ConnectionManager::new_lazy_with_config(redis, redis::aio::ConnectionManagerConfig::new())
            .unwrap();
    Limits::new(&settings, &secret.into(), redis, clock.clone())
}

fn world() -> (Clock, Limits) {
    let clock = Clock::manual(primitives::Timestamp::from_unix(1_800_000_000));
    let limits = limits(&clock, &testkit::env::var("REDIS_URL"));
    (clock, limits)
}

fn anna() -> EmailAddress {
    "anna@example.com".parse().unwrap()
}

#[tokio::test]
async fn who_hangs_up_before_the_answer_has_failed() {
    let (clock, limits) = world();
    let anna = anna();
    for _ in 0..3 {
        drop(limits.attempt(Account::Typed(&anna), None).await.unwrap());
    }
    // As many as are free are under way: no more, until they are settled or long lost.
    assert!(limits.attempt(Account::Typed(&anna), None).await.is_err());
    clock.advance(UNDER_WAY + Duration::from_secs(1));
    let fourth = limits.attempt(Account::Typed(&anna), None).await.unwrap();
    fourth.finish("failed", "failed").await;
    let refused = limits.attempt(Account::Typed(&anna), None).await;
    assert_eq!(refused.err().unwrap().code(), "rate_limited");
}

#[tokio::test]
async fn a_failure_of_our_own_is_nobodys() {
    let (_, limits) = world();
    let anna = anna();
    for _ in 0..10 {
        let attempt = limits.attempt(Account::Typed(&anna), None).await.unwrap();
        let outcome: Result<()> = Err(Error::unavailable(anyhow::anyhow!("the database is away")));
        attempt.settle(&outcome).await;
    }
}

#[tokio::test]
async fn an_office_may_sign_in_at_once() {
    let (_, limits) = world();
    let office = Some("192.0.2.1".parse().unwrap());
    let mut under_way = Vec::new();
    for _ in 0..160 {
        let user = UserId::new(limits.clock.now(), &Random::system());
        under_way.push(limits.attempt(Account::Known(user), office).await.unwrap());
    }
    let user = UserId::new(limits.clock.now(), &Random::system());
    assert!(limits.attempt(Account::Known(user), office).await.is_err());
    for attempt in under_way {
        attempt.settle(&Ok(())).await;
    }
    limits
        .attempt(Account::Known(user), office)
        .await
        .unwrap()
        .settle(&Ok(()))
        .await;
}

#[tokio::test]
async fn failures_are_forgiven_one_by_one() {
    let (clock, limits) = world();
    let anna = anna();
    let fail = async || {
        let attempt = limits.attempt(Account::Typed(&anna), None).await.unwrap();
        attempt.finish("failed", "failed").await;
    };
    for _ in 0..4 {
        fail().await;
    }
    clock.advance(Duration::from_secs(2 * 3600));
    // Two of four are forgiven: two more are free or nearly so, then delays are back.
    fail().await;
    fail().await;
    assert!(limits.attempt(Account::Typed(&anna), None).await.is_err());
}

#[tokio::test]
async fn without_redis_nobody_is_refused() {
    let clock = Clock::system();
    let limits = limits(&clock, "redis://127.0.0.1:1");
    let started = std::time::Instant::now();
    for _ in 0..10 {
        let attempt = limits.attempt(Account::Typed(&anna()), None).await.unwrap();
        attempt.finish("failed", "failed").await;
        limits.mail(&anna(), None).await.unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn redis_does_not_see_addresses() {
    let (_, limits) = world();
    let key = limits.name("account", "anna@example.com");
    assert!(!key.contains("anna"), "{key}");
    let (_, other_shop) = world();
    assert_ne!(key, other_shop.name("account", "anna@example.com"));
}
