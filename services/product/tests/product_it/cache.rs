//! Kept answers: one load for all, never old, whatever is away.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use auth_token::Role;
use futures::future::join_all;
use product::App;
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::http::Client;
use testkit::{Fault, Served, TcpProxy, eventually, eventually_within};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::world::{Running, World, variant};

/// An answer is never older.
const SECOND: Duration = Duration::from_secs(1);

async fn world() -> World {
    World::with(|settings| {
        settings.cache.cache_megabytes = 8;
        settings.cache.cache_prefix = format!("test:{}", uuid::Uuid::new_v4());
    })
    .await
}

/// A process of the service.
struct Replica {
    app: App,
    served: Served,
    guest: Client,
    stop: CancellationToken,
    _end: DropGuard,
}

impl Replica {
    async fn new(world: &World) -> Self {
        let (app, served) = world.replica().await;
        let stop = CancellationToken::new();
        Self {
            guest: served.client(),
            _end: stop.clone().drop_guard(),
            app,
            served,
            stop,
        }
    }

    /// Hears of changes.
    async fn hearing(self, amqp_url: &str) -> Self {
        let url = SecretString::from(amqp_url.to_owned());
        tokio::spawn(self.app.follow_changes(url, self.stop.clone()));
        self.hears().await;
        self
    }

    /// All that is needed on the broker may have to be declared first.
    async fn hears(&self) {
        let hears = async || self.app.cache_state().0.then_some(());
        eventually_within(60 * SECOND, "it hears", hears).await;
    }

    /// Shares what it keeps.
    async fn sharing(self, redis_url: &str) -> Self {
        let url = SecretString::from(redis_url.to_owned());
        tokio::spawn(self.app.share_answers(url, self.stop.clone()));
        self.shares(true).await;
        self
    }

    async fn shares(&self, wanted: bool) {
        eventually(&format!("it shares: {wanted}"), async || {
            (self.app.cache_state().1 == wanted).then_some(())
        })
        .await;
    }

    fn as_role(&self, world: &World, role: Role) -> Client {
        self.served.client().with_bearer(&world.token(role))
    }

    /// What a guest gets, and how many statements that took.
    async fn read(&self, path: &str) -> (Value, u64) {
        let answer = self.guest.get(path).expect(200).await;
        (answer.value(), answer.statement_count())
    }

    /// Reads until a guest gets what is wanted; says how long that took.
    async fn becomes(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Duration {
        let began = Instant::now();
        eventually(path, async || {
            wanted(&self.read(path).await.0).then_some(())
        })
        .await;
        began.elapsed()
    }
}

fn redis() -> String {
    testkit::env::var("REDIS_URL")
}

/// A proxy before a server, and the server's address by way of it.
async fn proxied(url: &str) -> (TcpProxy, String) {
    let mut parsed: reqwest::Url = url.parse().unwrap();
    let host = parsed.host_str().unwrap_or("127.0.0.1").to_owned();
    let port = parsed.port().unwrap();
    let proxy = TcpProxy::start(format!("{host}:{port}")).await;
    parsed.set_port(Some(proxy.addr().port())).unwrap();
    (proxy, parsed.to_string())
}

fn path(product: &Value) -> String {
    format!("/api/products/{}", product["id"].as_str().unwrap())
}

/// Everything that a change passes through.
async fn started() -> (World, Running) {
    let world = world().await;
    let running = world.with_broker().await;
    (world, running)
}

#[tokio::test]
async fn of_two_hundred_who_ask_at_once_one_loads() {
    let (world, running) = started().await;
    let product = world.product("A", 100, 5).await;
    let replica = Replica::new(&world).await.hearing(running.amqp_url()).await;
    for path in [
        path(&product),
        "/api/products?facets=true&q=thing".to_owned(),
    ] {
        let alone = Replica::new(&world).await.read(&path).await.1;
        assert!(alone > 0);
        let answers = join_all((0..200).map(|_| replica.read(&path))).await;
        let statements: u64 = answers.iter().map(|(_, statements)| statements).sum();
        assert_eq!(statements, alone, "{path}");
        assert!(answers.iter().all(|(answer, _)| *answer == answers[0].0));
    }
    running.stop().await;
}

#[tokio::test]
async fn a_kept_answer_takes_no_statement_and_says_how_long_it_may_be_kept() {
    let (world, running) = started().await;
    let product = world.product("A", 100, 5).await;
    let replica = Replica::new(&world).await.hearing(running.amqp_url()).await;
    let slug = format!("/api/products/{}", product["slug"].as_str().unwrap());
    for path in [
        path(&product),
        slug,
        "/api/products".to_owned(),
        "/api/categories".to_owned(),
    ] {
        let first = replica.guest.get(&path).expect(200).await;
        let second = replica.guest.get(&path).expect(200).await;
        assert_eq!(second.statement_count(), 0, "{path}");
        assert_eq!(first.value(), second.value());
        assert_eq!(
            second.header("cache-control"),
            "public, max-age=1, stale-while-revalidate=5"
        );
        let etag = second.header("etag").to_owned();
        assert_eq!(first.header("etag"), etag);
        let known = replica.guest.get(&path).header("if-none-match", &etag);
        let known = known.expect(304).await;
        assert_eq!((known.statement_count(), known.header("etag")), (0, &*etag));

        let customer = replica.as_role(&world, Role::Customer);
        let theirs = customer.get(&path).expect(200).await;
        assert_eq!(theirs.statement_count(), 0, "{path}");
        assert_eq!(theirs.header("cache-control"), "private, no-cache");
        for role in [Role::Seller, Role::Admin] {
            let own = replica.as_role(&world, role).get(&path).expect(200).await;
            assert!(own.statement_count() > 0, "{path}");
            assert_eq!(own.header("cache-control"), "private, no-cache");
        }
    }
    let missing = "/api/products/not-there-yet";
    replica
        .guest
        .get(missing)
        .send()
        .await
        .problem(404, "not_found");
    let again = replica.guest.get(missing).send().await;
    assert_eq!(again.statement_count(), 0);
    let body = json!({"title": "Not there yet", "description": "", "sku": "N", "stock": 1,
        "price": {"amount": 1, "currency": "EUR"}, "status": "active"});
    world.product_of(&body).await;
    eventually("it is there", async || {
        let answer = replica.guest.get(missing).send().await;
        (answer.status == 200).then_some(())
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn a_change_is_seen_on_every_replica_within_a_second() {
    let (world, running) = started().await;
    let product = world.product("A", 100, 5).await;
    let (path, list) = (path(&product), "/api/products");
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let replica = Replica::new(&world).await.hearing(running.amqp_url()).await;
        replicas.push(replica.sharing(&redis()).await);
    }
    for round in 1..=3 {
        for replica in &replicas {
            let _ = (replica.read(&path).await, replica.read(list).await);
        }
        let admin = replicas[0].as_role(&world, Role::Admin);
        let title = format!("Round {round}");
        let body = json!({"title": title, "description": "", "sku": "A", "price": {"amount": 100, "currency": "EUR"}});
        let version = admin.get(&path).expect(200).await.header("etag").to_owned();
        let changed = admin.put(&path).header("if-match", &version).json(&body);
        let _ = changed.expect(200).await;
        // Who wrote it sees it at once.
        let own = admin.get(&path).expect(200).await.value();
        assert_eq!(own["title"], json!(title));
        let left = 5 - round;
        let _ = world
            .reserve(world.order_id(), &[(variant(&product), 1)])
            .await
            .expect(200);
        for replica in &replicas {
            let took = replica
                .becomes(&path, |shown| shown["title"] == json!(title))
                .await;
            assert!(took < SECOND, "{took:?}");
            let took = replica
                .becomes(list, |shown| shown["data"][0]["title"] == json!(title))
                .await;
            assert!(took < SECOND, "{took:?}");
            let available = |shown: &Value| shown["variants"][0]["available"] == json!(left);
            let took = replica.becomes(&path, available).await;
            assert!(took < SECOND, "{took:?}");
        }
    }
    for replica in &replicas {
        let _ = replica.read("/api/categories").await;
    }
    let admin = replicas[0].as_role(&world, Role::Admin);
    let lamps = json!({"name": "Lamps"});
    let _ = admin.post("/api/categories").json(&lamps).expect(201).await;
    for replica in &replicas {
        let grown = |shown: &Value| shown["data"][0]["name"] == lamps["name"];
        let took = replica.becomes("/api/categories", grown).await;
        assert!(took < SECOND, "{took:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn replicas_share_what_they_loaded() {
    let (world, running) = started().await;
    let product = world.product("A", 100, 5).await;
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let replica = Replica::new(&world).await.hearing(running.amqp_url()).await;
        replicas.push(replica.sharing(&redis()).await);
    }
    for path in [path(&product), "/api/products?sort=price".to_owned()] {
        // The first may load more than once: news of the product's making may still be on its way.
        eventually("the other has it without a statement", async || {
            let (first, _) = replicas[0].read(&path).await;
            let (second, statements) = replicas[1].read(&path).await;
            assert_eq!(first, second);
            (statements == 0).then_some(())
        })
        .await;
    }
    running.stop().await;
}

#[tokio::test]
async fn with_redis_away_everything_works() {
    let (world, running) = started().await;
    let product = world.product("A", 100, 50).await;
    let path = path(&product);
    let (proxy, url) = proxied(&redis()).await;
    let replica = Replica::new(&world).await.hearing(running.amqp_url()).await;
    let replica = replica.sharing(&url).await;
    let admin = replica.as_role(&world, Role::Admin);
    let mut stock = 50;
    for fault in [Fault::Refuse, Fault::Stall] {
        proxy.set(fault);
        for _ in 0..3 {
            stock -= 1;
            let set = admin
                .put(&format!("{path}/stock"))
                .json(&json!({ "set": stock }));
            let _ = set.expect(200).await;
            let now = |shown: &Value| shown["variants"][0]["available"] == json!(stock);
            let took = replica.becomes(&path, now).await;
            assert!(took < SECOND, "{took:?}");
        }
        replica.shares(false).await;
        // Not even asked any more.
        let accepted = proxy.bytes();
        for limit in 1..=20 {
            let _ = replica.read(&format!("/api/products?limit={limit}")).await;
        }
        assert!(proxy.bytes() < accepted + 1000);
        proxy.set(Fault::Pass);
        proxy.cut();
        replica.shares(true).await;
    }
    running.stop().await;
}

#[tokio::test]
async fn with_the_broker_away_nothing_is_older_than_a_second() {
    let (world, running) = started().await;
    let product = world.product("A", 100, 50).await;
    let path = path(&product);
    let (proxy, url) = proxied(running.amqp_url()).await;
    let replica = Replica::new(&world).await.hearing(&url).await;
    let replica = replica.sharing(&redis()).await;
    let admin = replica.as_role(&world, Role::Admin);
    let mut stock = 50;
    for fault in [Fault::Stall, Fault::Refuse] {
        let _ = replica.read(&path).await;
        proxy.set(fault);
        eventually("it hears nothing", async || {
            (!replica.app.cache_state().0).then_some(())
        })
        .await;
        for _ in 0..2 {
            let _ = replica.read(&path).await;
            assert_eq!(
                replica.read(&path).await.0["variants"][0]["available"],
                json!(stock)
            );
            stock -= 1;
            let set = admin
                .put(&format!("{path}/stock"))
                .json(&json!({ "set": stock }));
            let _ = set.expect(200).await;
            let now = |shown: &Value| shown["variants"][0]["available"] == json!(stock);
            let took = replica.becomes(&path, now).await;
            assert!(took < SECOND, "{took:?}");
        }
        proxy.set(Fault::Pass);
        proxy.cut();
        replica.hears().await;
    }
    running.stop().await;
}

/// What a reader got: when it asked, and the number shown.
type Seen = (Instant, i64);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_concurrent_writes_no_answer_is_older_than_a_second() {
    let (world, running) = started().await;
    let product = world.product("A", 100, 1).await;
    let path = path(&product);
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let replica = Replica::new(&world).await.hearing(running.amqp_url()).await;
        replicas.push(replica.sharing(&redis()).await);
    }
    let admin = replicas[0].as_role(&world, Role::Admin);
    let done = CancellationToken::new();
    let kept = [const { AtomicUsize::new(0) }; 2];
    let write = async {
        let mut written: Vec<Seen> = Vec::new();
        let until = Instant::now() + 4 * SECOND;
        let mut stock = 1;
        while Instant::now() < until {
            stock += 1;
            let set = admin
                .put(&format!("{path}/stock"))
                .json(&json!({ "set": stock }));
            let _ = set.expect(200).await;
            written.push((Instant::now(), stock));
            // Bursts, and between them both replicas answer from what they keep.
            if stock % 10 == 0 {
                for kept in &kept {
                    let before = kept.load(Ordering::SeqCst);
                    let more = async || (kept.load(Ordering::SeqCst) > before).then_some(());
                    eventually("an answer that was kept", more).await;
                }
            }
        }
        done.cancel();
        written
    };
    let read = |replica: usize| {
        let (replica, kept, done, path) = (&replicas[replica], &kept[replica], &done, &path);
        async move {
            let mut seen: Vec<Seen> = Vec::new();
            while !done.is_cancelled() {
                let asked = Instant::now();
                let (shown, statements) = replica.read(path).await;
                seen.push((asked, shown["variants"][0]["available"].as_i64().unwrap()));
                kept.fetch_add(usize::from(statements == 0), Ordering::SeqCst);
            }
            seen
        }
    };
    let (written, first, second) = tokio::join!(
        write,
        join_all([read(0), read(0)]),
        join_all([read(1), read(1)])
    );
    assert!(kept.iter().all(|kept| kept.load(Ordering::SeqCst) > 0));
    for (asked, shown) in first.into_iter().chain(second).flatten() {
        let known = written.iter().rev().find(|(at, _)| *at + SECOND < asked);
        let least = known.map_or(1, |(_, stock)| *stock);
        assert!(
            shown >= least,
            "{shown} although {least} was written a second before"
        );
    }
    running.stop().await;
}

#[tokio::test]
async fn without_a_cache_its_tasks_wait_for_the_end() {
    let world = World::new().await;
    let stop = CancellationToken::new();
    let url = SecretString::from("none://");
    let tasks = join_all([
        tokio::spawn(world.app.follow_changes(url.clone(), stop.clone())),
        tokio::spawn(world.app.share_answers(url, stop.clone())),
    ]);
    tokio::pin!(tasks);
    let early = tokio::time::timeout(Duration::from_millis(50), &mut tasks).await;
    assert!(early.is_err(), "a task that ends early stops its service");
    stop.cancel();
    for ended in tasks.await {
        ended.unwrap();
    }
}
