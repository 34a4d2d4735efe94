//! The test kit does what tests rely on.

use std::borrow::Cow;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection as _, SqlStr};
use testkit::pg::TestDb;
use testkit::{Fault, OtlpSink, TcpProxy, eventually, serve};

fn app() -> Router {
    Router::new().route(
        "/",
        get(async || ([("server-timing", "sql;desc=\"4\"")], "hello")),
    )
}

#[tokio::test]
async fn a_served_router_answers_and_says_its_statements() {
    let served = serve(app()).await;
    let answer = served.client().get("/").expect(200).await;
    assert_eq!(
        (answer.text().as_str(), answer.statement_count()),
        ("hello", 4)
    );
}

#[tokio::test]
async fn the_proxy_passes_refuses_stalls_and_cuts() {
    let served = serve(app()).await;
    let proxy = TcpProxy::start(served.addr.to_string()).await;
    let client = testkit::http::Client::new(format!("http://{}", proxy.addr()));
    client.get("/").expect(200).await;

    proxy.set(Fault::Refuse);
    eventually("connections are cut", async || {
        (proxy.open() == 0).then_some(())
    })
    .await;
    assert!(client.get("/").try_send().await.is_err());

    proxy.set(Fault::Pass);
    client.get("/").expect(200).await;

    proxy.set(Fault::Stall);
    let mut stalled = tokio::spawn(client.get("/").send());
    assert!(
        tokio::time::timeout(Duration::from_millis(150), &mut stalled)
            .await
            .is_err()
    );
    proxy.set(Fault::Pass);
    assert_eq!(stalled.await.unwrap().status, 200);

    proxy.set(Fault::Stall);
    let stalled = tokio::spawn(client.get("/").try_send());
    let before = proxy.accepted();
    proxy.cut();
    // The client may repeat it on a new connection, which is stalled as well.
    proxy.set(Fault::Refuse);
    assert!(stalled.await.unwrap().is_err());
    assert!(proxy.accepted() >= before);
}

#[tokio::test]
async fn the_sink_keeps_what_it_gets() {
    let sink = OtlpSink::start().await;
    testkit::http::Client::new(sink.endpoint())
        .post("/v1/traces")
        .body("…span name…")
        .expect(200)
        .await;
    assert_eq!(sink.count(), 1);
    assert!(sink.contains("span name") && !sink.contains("other"));
}

fn migrator(sql: &'static str) -> Migrator {
    let migration = Migration::new(
        1,
        Cow::Borrowed("one"),
        MigrationType::Simple,
        SqlStr::from_static(sql),
        false,
    );
    Migrator {
        migrations: Cow::Owned(vec![migration]),
        ..Migrator::DEFAULT
    }
}

#[tokio::test]
async fn a_test_database_has_the_grants_of_production() {
    let migrator = migrator(
        "CREATE TABLE things (id int PRIMARY KEY, secret text); GRANT SELECT (id) ON things TO admin_service;",
    );
    let db = TestDb::new("order", &migrator).await;
    let pool = db.pool().await;
    sqlx::query("INSERT INTO things VALUES (1, 'x')")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("DROP TABLE things")
        .execute(&pool)
        .await
        .unwrap_err();
    let admin = db.pool_as("admin_service").await;
    sqlx::query("SELECT id FROM things")
        .execute(&admin)
        .await
        .unwrap();
    sqlx::query("SELECT secret FROM things")
        .execute(&admin)
        .await
        .unwrap_err();

    let other = TestDb::new("order", &migrator).await;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM things")
        .fetch_one(&other.pool().await)
        .await
        .unwrap();
    assert_eq!(count, 0);

    let gone = db.superuser_url();
    drop(db);
    assert!(sqlx::PgConnection::connect(&gone).await.is_err());
}
