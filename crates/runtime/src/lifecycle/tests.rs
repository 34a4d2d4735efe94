use std::sync::atomic::AtomicU32;

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::*;

struct App {
    public: SocketAddr,
    internal: SocketAddr,
    soft: CancellationToken,
    hard: CancellationToken,
    ended: tokio::task::JoinHandle<anyhow::Result<()>>,
    /// A request of `/slow` has come …
    asked: Arc<Notify>,
    /// … and is answered.
    answer: Arc<Notify>,
}

async fn app(rt: Runtime, lame_duck: Duration) -> App {
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (asked, answer) = (asked.clone(), answer.clone());
        async move || {
            asked.notify_one();
            answer.notified().await;
            "done"
        }
    };
    let listeners = Listeners {
        public: Some(Router::new().route("/slow", get(slow))),
        internal: Router::new(),
    };
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let sockets = Sockets {
        public: Some(listen(any, false).unwrap()),
        internal: listen(any, false).unwrap(),
    };
    let public = sockets.public.as_ref().unwrap().local_addr().unwrap();
    let internal = sockets.internal.local_addr().unwrap();
    let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
    let drain = Drain {
        lame_duck,
        timeout: Duration::from_secs(5),
    };
    let ended = tokio::spawn(run(
        rt,
        listeners,
        sockets,
        drain,
        soft.clone(),
        hard.clone(),
    ));
    App {
        public,
        internal,
        soft,
        hard,
        ended,
        asked,
        answer,
    }
}

fn runtime() -> Runtime {
    Runtime::new(Clock::system(), Random::system())
}

async fn fetch(addr: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(addr).await?;
    stream
        .write_all(
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes(),
        )
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn requests_under_way_finish_and_tasks_are_awaited() {
    let mut rt = runtime();
    let flushed = Arc::new(AtomicU32::new(0));
    let seen = flushed.clone();
    rt.spawn("flusher", async move |stop: CancellationToken| {
        stop.cancelled().await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        seen.fetch_add(1, Ordering::SeqCst);
    });
    let app = app(rt, Duration::ZERO).await;
    let public = app.public;
    let request = tokio::spawn(async move { fetch(public, "/slow").await });
    app.asked.notified().await;
    app.soft.cancel();
    while fetch(public, "/health").await.is_ok() {}
    app.answer.notify_one();
    assert!(request.await.unwrap().unwrap().ends_with("done"));
    app.ended.await.unwrap().unwrap();
    assert_eq!(flushed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_lame_duck_serves_but_is_not_ready_and_closes_connections() {
    let app = app(runtime(), Duration::from_secs(60)).await;
    assert!(
        fetch(app.internal, "/health/ready")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200")
    );
    assert!(
        fetch(app.internal, "/health/live")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200")
    );
    app.soft.cancel();
    while fetch(app.internal, "/health/ready")
        .await
        .unwrap()
        .starts_with("HTTP/1.1 200")
    {}
    let mut kept = TcpStream::connect(app.public).await.unwrap();
    kept.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    app.answer.notify_one();
    let mut answer = String::new();
    kept.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"),
        "{answer}"
    );
    app.hard.cancel();
    app.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_lame_duck_ends_by_itself_when_its_time_is_over() {
    let lame_duck = Duration::from_millis(200);
    let app = app(runtime(), lame_duck).await;
    let began = Instant::now();
    app.soft.cancel();
    app.ended.await.unwrap().unwrap();
    assert!(began.elapsed() >= lame_duck);
}

#[tokio::test]
async fn the_second_signal_ends_at_once() {
    let app = app(runtime(), Duration::from_secs(60)).await;
    app.soft.cancel();
    app.hard.cancel();
    tokio::time::timeout(Duration::from_secs(1), app.ended)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_task_that_ends_stops_the_service() {
    let mut rt = runtime();
    rt.spawn("relay", async |_stop| {
        anyhow::bail!("no more") as anyhow::Result<()>
    });
    let app = app(rt, Duration::from_secs(60)).await;
    let error = app.ended.await.unwrap().unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "the background task relay failed: no more"
    );
}

#[tokio::test]
async fn a_failed_check_is_told_by_name() {
    let mut rt = runtime();
    rt.ready_check("database", async || anyhow::bail!("secret address"));
    let app = app(rt, Duration::ZERO).await;
    let answer = fetch(app.public, "/health").await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains(r#""database":false"#),
        "{answer}"
    );
    assert!(!answer.contains("secret"));
    let metrics = fetch(app.internal, "/metrics").await.unwrap();
    assert!(metrics.starts_with("HTTP/1.1 200"));
    app.soft.cancel();
    app.ended.await.unwrap().unwrap();
}
