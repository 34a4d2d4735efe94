//! The layers and extractors as a client sees them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use http_kit::{
    ClientIp, Error, IdempotencyKey, IdempotentJson, IfMatch, Json, Limit, Limits, Page, PageQuery,
    Path, Query, RequestId, body_hash, etag,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tower::ServiceExt as _;
use uuid::Uuid;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    count: u8,
}

async fn numbers(Query(page): Query<PageQuery>) -> http_kit::Result<Json<Page<u32>>> {
    let after: u32 = page.after()?.unwrap_or(0);
    let rows = (after + 1..=45)
        .take(usize::try_from(page.limit().fetch()).unwrap())
        .collect();
    Page::cut(rows, page.limit(), |last| *last).map(Json)
}

fn app() -> Router {
    let routes =
        Router::new()
            .route(
                "/things",
                post(|Json(new): Json<New>| async { (StatusCode::CREATED, Json(new)) })
                    .get(numbers),
            )
            .route(
                "/maybe",
                post(|body: Option<Json<New>>| async move { body.is_some().to_string() }),
            )
            .route(
                "/things/{id}",
                get(|Path(id): Path<Uuid>| async move { id.to_string() }),
            )
            .route(
                "/tagged",
                get(|headers: HeaderMap| async move {
                    etag::respond(&headers, "\"7\"", json!({"version": 7}))
                }),
            )
            .route(
                "/guarded",
                post(|version: IfMatch| async move { version.check(7).map(|()| "done") }),
            )
            .route(
                "/keyed",
                post(|key: IdempotencyKey| async move { key.as_str().to_owned() }),
            )
            .route(
                "/hashed",
                post(|request: IdempotentJson<New>| async move {
                    Json(json!({"key": request.key.is_some(), "first": request.hash[0]}))
                }),
            )
            .route(
                "/who",
                get(|ClientIp(ip): ClientIp, id: RequestId| async move {
                    format!("{ip} {}", id.as_str())
                }),
            )
            .route("/panic", get(async || -> &'static str { panic!("secret") }))
            .route(
                "/broken",
                get(async || -> http_kit::Result<()> { Err(anyhow::anyhow!("secret").into()) }),
            )
            .route(
                "/away",
                get(async || -> http_kit::Result<()> { Err(sqlx::Error::PoolTimedOut.into()) }),
            )
            .route(
                "/short",
                get(async || {
                    Error::conflict("insufficient_stock", "Not enough.")
                        .with("lines", json!([1]))
                        .into_response()
                }),
            )
            .route(
                "/limited",
                get(async || Error::rate_limited(Duration::from_millis(1500)).into_response()),
            )
            .route("/slow", get(async || std::future::pending::<()>().await));
    http_kit::public(
        routes,
        Limits {
            body: 200,
            timeout: Duration::from_secs(2),
            server_timing: true,
        },
    )
}

async fn send(request: Request<Body>) -> (Response<()>, Value) {
    let (parts, body) = app().oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    (Response::from_parts(parts, ()), json)
}

fn get_request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn json_request(path: &str, body: &str) -> Request<Body> {
    Request::post(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

fn assert_problem(answer: &(Response<()>, Value), status: u16, code: &str) {
    assert_eq!(answer.0.status().as_u16(), status, "{}", answer.1);
    assert_eq!(
        answer.0.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(answer.1["status"], status);
    assert_eq!(answer.1["code"], code);
    assert_eq!(answer.1["type"], "about:blank");
    assert!(answer.1["title"].is_string() && answer.1["detail"].is_string());
    assert_eq!(
        answer.1["request_id"],
        answer.0.headers()["x-request-id"].to_str().unwrap()
    );
    assert!(!answer.1.to_string().contains("secret"), "{}", answer.1);
}

#[tokio::test]
async fn bodies_are_json_and_strict() {
    let (response, body) = send(json_request("/things", r#"{"name": "a", "count": 3}"#)).await;
    assert_eq!(
        (response.status(), body),
        (StatusCode::CREATED, json!({"name": "a", "count": 3}))
    );

    let answer = send(json_request("/things", r#"{"count": 300, "colour": 1}"#)).await;
    assert_problem(&answer, 422, "validation_failed");
    let mut errors: Vec<_> = answer.1["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| format!("{} {}", e["field"], e["code"]))
        .collect();
    errors.sort();
    assert_eq!(
        errors,
        [
            r#""colour" "unknown_field""#,
            r#""count" "invalid""#,
            r#""name" "required""#
        ]
    );

    assert_problem(
        &send(json_request("/things", "{")).await,
        400,
        "malformed_json",
    );
    assert_problem(
        &send(json_request("/things", "")).await,
        400,
        "malformed_json",
    );
    assert_problem(
        &send(json_request("/things", &" ".repeat(300))).await,
        413,
        "payload_too_large",
    );
    assert_problem(
        &send(Request::post("/things").body(Body::from("{}")).unwrap()).await,
        415,
        "unsupported_media_type",
    );
    let typed = json_request("/maybe", "");
    assert_eq!(send(typed).await.1, json!(false));
    assert_eq!(
        send(Request::post("/maybe").body(Body::empty()).unwrap())
            .await
            .1,
        json!(false)
    );
    assert_problem(
        &send(json_request("/maybe", "{}")).await,
        422,
        "validation_failed",
    );
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let (mut seen, mut path) = (Vec::new(), "/things?limit=20".to_owned());
    for _ in 0..5 {
        let (_, page) = send(get_request(&path)).await;
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|n| n.as_u64().unwrap()),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/things?limit=20&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, (1..=45).collect::<Vec<_>>());
    let answer = send(get_request("/things?limit=101&offset=3")).await;
    assert_problem(&answer, 422, "validation_failed");
    assert_eq!(
        answer.1["errors"].as_array().unwrap().len(),
        2,
        "{}",
        answer.1
    );
    assert_problem(
        &send(get_request("/things?cursor=nonsense")).await,
        422,
        "validation_failed",
    );
    assert_eq!(Limit::default().get(), 20);
}

#[tokio::test]
async fn unknown_paths_methods_and_ids_are_problems() {
    assert_problem(&send(get_request("/nowhere")).await, 404, "not_found");
    assert_problem(&send(get_request("/things/17")).await, 404, "not_found");
    let answer = send(Request::delete("/things").body(Body::empty()).unwrap()).await;
    assert_problem(&answer, 405, "method_not_allowed");
    assert!(
        answer.0.headers()["allow"]
            .to_str()
            .unwrap()
            .contains("POST")
    );
}

#[tokio::test]
async fn our_faults_are_problems_that_tell_nothing() {
    assert_problem(&send(get_request("/panic")).await, 500, "internal");
    assert_problem(&send(get_request("/broken")).await, 500, "internal");
    let away = send(get_request("/away")).await;
    assert_problem(&away, 503, "unavailable");
    assert!(away.0.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_slow_handler_is_cut_off() {
    assert_problem(&send(get_request("/slow")).await, 503, "unavailable");
}

#[tokio::test]
async fn problems_carry_members_and_headers_of_their_own() {
    let short = send(get_request("/short")).await;
    assert_problem(&short, 409, "insufficient_stock");
    assert_eq!(short.1["lines"], json!([1]));
    let limited = send(get_request("/limited")).await;
    assert_problem(&limited, 429, "rate_limited");
    assert_eq!(limited.0.headers()["retry-after"], "2");
}

#[tokio::test]
async fn etags_save_bodies_and_guard_updates() {
    let (response, _) = send(get_request("/tagged")).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["etag"]),
        (200, &"\"7\"".parse().unwrap())
    );
    let (response, body) = send(
        Request::get("/tagged")
            .header("if-none-match", "\"6\", W/\"7\"")
            .body(Body::empty())
            .unwrap(),
    )
    .await;
    assert_eq!((response.status().as_u16(), body), (304, json!("")));
    let guarded = |tag: &str| {
        send(
            Request::post("/guarded")
                .header("if-match", tag)
                .body(Body::empty())
                .unwrap(),
        )
    };
    assert_eq!(guarded("\"7\"").await.0.status(), 200);
    assert_eq!(guarded("*").await.0.status(), 200);
    assert_problem(&guarded("\"6\"").await, 412, "stale_version");
    assert_problem(&guarded("W/\"7\"").await, 412, "stale_version");
}

#[tokio::test]
async fn idempotency_keys_are_checked() {
    let keyed = |key: &str| {
        send(
            Request::post("/keyed")
                .header("idempotency-key", key)
                .body(Body::empty())
                .unwrap(),
        )
    };
    assert_eq!(keyed("a-1").await.1, json!("a-1"));
    assert_problem(&keyed("a b").await, 400, "invalid_idempotency_key");
    assert_problem(
        &keyed(&"x".repeat(256)).await,
        400,
        "invalid_idempotency_key",
    );
    assert_problem(
        &send(Request::post("/keyed").body(Body::empty()).unwrap()).await,
        400,
        "idempotency_key_required",
    );
    let body = r#"{"name": "a", "count": 3}"#;
    let first = body_hash(&http::Method::POST, "/hashed", body.as_bytes())[0];
    assert_eq!(
        send(json_request("/hashed", body)).await.1,
        json!({"key": false, "first": first})
    );
}

#[tokio::test]
async fn requests_have_a_number_and_an_address() {
    let request = Request::get("/who")
        .header("x-request-id", "0123456789abcdef")
        .header("x-real-ip", "192.0.2.7")
        .body(Body::empty())
        .unwrap();
    let (response, body) = send(request).await;
    assert_eq!(body, json!("192.0.2.7 0123456789abcdef"));
    assert_eq!(response.headers()["x-request-id"], "0123456789abcdef");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()["server-timing"], "sql;desc=\"0\"");
    let (response, _) = send(
        Request::get("/who")
            .header("x-request-id", "<script>alert(1)</script>")
            .body(Body::empty())
            .unwrap(),
    )
    .await;
    assert_eq!(response.headers()["x-request-id"].len(), 32);
}

/// A server that refuses everything without a look at the body, and says so when it has.
async fn refusing() -> (TcpStream, mpsc::Receiver<()>) {
    let (tell, told) = mpsc::channel(2);
    let refuse = async move || {
        tell.send(()).await.unwrap();
        Error::not_found("thing")
    };
    let app = http_kit::public(Router::new().route("/", post(refuse)), Limits::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(tokio::spawn(async { axum::serve(listener, app).await }));
    (TcpStream::connect(address).await.unwrap(), told)
}

async fn head(stream: &mut BufReader<TcpStream>) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).await.unwrap() > 0, "{head}");
    }
    head.to_lowercase()
}

#[tokio::test]
async fn a_refused_body_does_not_end_the_connection() {
    let (stream, mut refused) = refusing().await;
    let mut stream = BufReader::new(stream);
    for _ in 0..2 {
        let request = "POST / HTTP/1.1\r\nhost: shop\r\ncontent-length: 5000\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        // The body comes when the handler has long answered.
        refused.recv().await.unwrap();
        stream.write_all(&[b'x'; 5000]).await.unwrap();
        let head = head(&mut stream).await;
        assert!(head.starts_with("http/1.1 404"), "{head}");
        assert!(!head.contains("connection: close"), "{head}");
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length = length.split("\r\n").next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        let _ = stream.read_exact(&mut body).await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_with_too_much_left_says_that_it_ends() {
    let (stream, _refused) = refusing().await;
    let mut stream = BufReader::new(stream);
    let request = "POST / HTTP/1.1\r\nhost: shop\r\ncontent-length: 1000000\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = head(&mut stream).await;
    assert!(head.contains("connection: close"), "{head}");
}
