//! The real program: settings from files, traces, and restarts that nobody notices.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use auth_token::{DenyList, JwksSource, Verifier};
use primitives::Clock;
use secrecy::ExposeSecret;
use sqlx::{Connection as _, PgConnection};
use testkit::http::Client;
use testkit::pg::TestDb;
use testkit::{OtlpSink, eventually};

use crate::support::settings;

pub(crate) struct Process(Child);

impl Process {
    /// The most memory that it held so far, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kib: u64 = line
            .unwrap()
            .split_whitespace()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        kib * 1024
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .args(["-s", name, &self.0.id().to_string()])
            .status();
        assert!(done.unwrap().success());
    }

    async fn ended(mut self) -> Option<i32> {
        eventually("the process ends", async || self.0.try_wait().unwrap())
            .await
            .code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

pub(crate) struct World {
    db: TestDb,
    public: SocketAddr,
    internal: SocketAddr,
    settings: auth::Settings,
    key_file: std::path::PathBuf,
}

impl World {
    pub(crate) async fn new() -> Self {
        let db = TestDb::new("auth", &auth::MIGRATOR).await;
        let (settings, _) = settings(&db, &Clock::system());
        std::fs::create_dir_all(&settings.signing_keys_dir).unwrap();
        let key_file = settings.signing_keys_dir.join("service.key");
        std::fs::write(
            &key_file,
            format!("{}\n", settings.service_key.expose_secret()),
        )
        .unwrap();
        Self {
            db,
            public: free_port(),
            internal: free_port(),
            settings,
            key_file,
        }
    }

    pub(crate) fn command(&self, subcommand: &str) -> Command {
        let settings = &self.settings;
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_auth")));
        command
            .arg(subcommand)
            .env_clear()
            .env("PUBLIC_ADDR", self.public.to_string())
            .env("INTERNAL_ADDR", self.internal.to_string())
            .env(
                "AUTH_DATABASE_URL",
                settings.auth_database_url.expose_secret(),
            )
            .env("REDIS_URL", settings.redis_url.expose_secret())
            .env("AMQP_URL", settings.amqp_url.expose_secret())
            .env("PUBLIC_URL", settings.public_url.as_str())
            .env("SERVICE_KEY_FILE", &self.key_file)
            .env("SERVICE_JWKS", &settings.service_jwks)
            .env("SIGNING_KEYS_DIR", &settings.signing_keys_dir)
            .env("LOG", "info,messaging=off")
            .env("REUSE_PORT", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(format!("http://{}", self.public))
    }

    pub(crate) async fn start(&self, command: &mut Command) -> Process {
        let process = Process(command.spawn().unwrap());
        let pid = process.0.id();
        eventually("ready", async || {
            // A new connection each time: a kept one would ask the process before for ever.
            let probe = Client::new(format!("http://{}", self.internal));
            let answer = probe.get("/health/ready").try_send().await.ok()?;
            (answer.status == 200 && answer.value()["pid"] == pid).then_some(())
        })
        .await;
        process
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.settings.signing_keys_dir);
    }
}

#[tokio::test]
async fn settings_come_from_files_and_complaints_come_together() {
    let world = World::new().await;
    assert!(world.command("check-config").status().unwrap().success());
    let bad = world
        .command("check-config")
        .env("PUBLIC_URL", "nowhere")
        .env_remove("REDIS_URL")
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(bad.status.code(), Some(2));
    let complaints = String::from_utf8(bad.stderr).unwrap();
    assert!(
        complaints.contains("auth: PUBLIC_URL: ")
            && complaints.contains("auth: REDIS_URL is not set"),
        "{complaints}"
    );
    let other = world.settings.signing_keys_dir.join("other.key");
    std::fs::write(
        &other,
        auth_token::GeneratedKey::generate()
            .unwrap()
            .base64()
            .expose_secret(),
    )
    .unwrap();
    let bad = world
        .command("serve")
        .env("SERVICE_KEY_FILE", other)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert!(
        String::from_utf8(bad.stderr)
            .unwrap()
            .contains("does not hold the public half")
    );
}

#[tokio::test]
async fn connections_are_open_before_anybody_needs_them() {
    let world = World::new().await;
    let _process = world
        .start(world.command("serve").env("DATABASE_MAX_CONNECTIONS", "7"))
        .await;
    let mut db = PgConnection::connect(&world.db.superuser_url())
        .await
        .unwrap();
    // Besides these, one listens.
    eventually("all connections are open", async || {
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'auth' AND state = 'idle' AND query !~ '^LISTEN'",
        )
        .fetch_one(&mut db)
        .await
        .unwrap();
        (open == 7).then_some(())
    })
    .await;
}

#[tokio::test]
async fn spans_are_exported_with_the_callers_trace() {
    let world = World::new().await;
    let sink = OtlpSink::start().await;
    let process = world
        .start(
            world
                .command("serve")
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", sink.endpoint()),
        )
        .await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let _ = world
        .client()
        .get("/api/auth/.well-known/jwks.json")
        .header("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"))
        .expect(200)
        .await;
    process.signal("TERM");
    assert_eq!(process.ended().await, Some(0));
    let trace: u128 = u128::from_str_radix(trace, 16).unwrap();
    assert!(
        sink.contains(trace.to_be_bytes()),
        "{} exports without the trace",
        sink.count()
    );
    assert!(sink.contains("GET /api/auth/.well-known/jwks.json") && sink.contains("auth"));
}

#[tokio::test]
async fn the_second_signal_does_not_wait() {
    let world = World::new().await;
    let process = world
        .start(
            world
                .command("serve")
                .env("LAME_DUCK_MILLISECONDS", "60000"),
        )
        .await;
    process.signal("TERM");
    let probe = Client::new(format!("http://{}", world.internal));
    eventually("not ready", async || {
        (probe.get("/health/ready").send().await.status == 503).then_some(())
    })
    .await;
    let started = Instant::now();
    process.signal("TERM");
    assert_eq!(process.ended().await, Some(0));
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// A key that was made so long ago.
fn backdate(dir: &Path, name: &str, seconds: u64) {
    let file = std::fs::File::options()
        .write(true)
        .open(dir.join(name))
        .unwrap();
    let made = Clock::system().now() - Duration::from_secs(seconds);
    file.set_modified(made.date_time().into()).unwrap();
}

/// Another service goes on taking tokens of the old key and of the new one, and goes on without auth.
#[tokio::test]
async fn signing_keys_rotate_and_no_good_token_is_refused() {
    let world = World::new().await;
    let keys = world.settings.signing_keys_dir.clone();
    let first = world.start(&mut world.command("serve")).await;
    let register = async |email: &str| {
        let body = serde_json::json!({"email": email, "password": crate::support::PASSWORD, "name": "Anna"});
        let answer = Client::new(format!("http://{}", world.public))
            .post("/api/auth/register")
            .json(&body)
            .expect(201)
            .await
            .value();
        answer["tokens"]["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let kid = |token: &str| token.split('.').next().unwrap().to_owned();
    let old = register("anna@example.com").await;
    let source = JwksSource::url(format!("http://{}/internal/jwks.json", world.internal)).unwrap();
    let verifier = Verifier::new(source, DenyList::default(), Clock::system());
    assert!(verifier.verify(&old).await.is_ok());

    let run = |subcommand: &str| {
        let mut command = world.command(subcommand);
        let done = command.arg("--dir").arg(&keys).status().unwrap();
        assert!(done.success());
    };
    run("rotate-signing-key");
    let same = register("bert@example.com").await;
    assert_eq!(kid(&same), kid(&old), "it is shown first");
    backdate(&keys, "0001.pem", 3600);
    backdate(&keys, "0002.pem", 120);
    let second = world.start(&mut world.command("serve")).await;
    first.signal("TERM");
    assert_eq!(first.ended().await, Some(0));
    let new = register("cleo@example.com").await;
    assert_ne!(kid(&new), kid(&old));
    eventually("the new key is fetched", async || {
        assert!(verifier.verify(&old).await.is_ok());
        verifier.verify(&new).await.ok()
    })
    .await;

    run("retire-signing-keys");
    assert!(keys.join("0001.pem").exists(), "its tokens may live");
    let jwks = world.client().get("/api/auth/.well-known/jwks.json");
    let shown = jwks.expect(200).await;
    assert_eq!(shown.header("cache-control"), "public, max-age=60");
    let again = world.client().get("/api/auth/.well-known/jwks.json");
    let _ = again
        .header("if-none-match", shown.header("etag"))
        .expect(304)
        .await;
    backdate(&keys, "0002.pem", 1800);
    run("retire-signing-keys");
    assert!(!keys.join("0001.pem").exists() && keys.join("0002.pem").exists());

    second.signal("TERM");
    assert_eq!(second.ended().await, Some(0));
    for token in [&old, &new] {
        assert!(verifier.verify(token).await.is_ok(), "without auth");
    }
}

/// The next release starts on the same ports, then the one before is told to stop.
#[tokio::test]
async fn a_restart_under_load_fails_no_request() {
    let world = World::new().await;
    let first = world.start(&mut world.command("serve")).await;
    let (stop, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU32::new(0)),
    );
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (client, stop, answered) = (world.client(), stop.clone(), answered.clone());
        clients.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                // Kept connections, as nginx has them.
                let _ = client
                    .get("/api/auth/.well-known/jwks.json")
                    .expect(200)
                    .await;
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let second = world.start(&mut world.command("serve")).await;
    first.signal("TERM");
    assert_eq!(first.ended().await, Some(0));
    let after = answered.load(Ordering::Relaxed);
    eventually("the next one answers", async || {
        (answered.load(Ordering::Relaxed) > after + 100).then_some(())
    })
    .await;
    stop.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    second.signal("TERM");
    assert_eq!(second.ended().await, Some(0));
}
