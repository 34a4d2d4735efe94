//! The layers around a router.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use http::{HeaderName, HeaderValue, StatusCode, header};
use tracing::{Instrument as _, field};

use crate::error::{Error, ProblemCode};
use crate::leftover::Leftover;
use crate::request::{CLIENT, CURRENT, ClientIp, REQUEST_ID, RequestId};

/// What a router accepts.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The biggest body in bytes. A route may set its own with axum's `DefaultBodyLimit`.
    pub body: usize,
    /// How long a request may take until its answer begins.
    pub timeout: Duration,
    /// Whether answers say how many SQL statements they took (`Server-Timing: sql;desc="4"`). Tests count with it.
    pub server_timing: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            timeout: Duration::from_secs(30),
            server_timing: false,
        }
    }
}

/// Everything that a public router needs: request id, span, one log line and metrics per request, panics and timeouts as
/// problems, body limit, problems for unknown paths and methods, bodies read to their end, security headers.
pub fn public(router: Router, limits: Limits) -> Router {
    wrap(router, limits, true)
}

/// The same for an internal listener, where browsers never are: no security headers.
pub fn internal(router: Router, limits: Limits) -> Router {
    wrap(router, limits, false)
}

#[derive(Clone, Copy)]
struct Around {
    limits: Limits,
    public: bool,
}

fn wrap(router: Router, limits: Limits, public: bool) -> Router {
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(DefaultBodyLimit::max(limits.body))
        .layer(from_fn_with_state(Around { limits, public }, around))
}

async fn unknown_path() -> Error {
    Error::not_found("path")
}

async fn unknown_method() -> Error {
    Error::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This path does not know that method.",
    )
}

/// One middleware instead of seven layers: they all need the same few facts, and the order among them matters.
///
/// It writes one line a request, `answered`, with `method`, `route` (the pattern, never the path), `status`, `code` (of a
/// problem), `milliseconds` until the answer began, `sql_statements` and `request_id`. No body, address or e-mail.
async fn around(State(around): State<Around>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::from_headers(request.headers());
    request.extensions_mut().insert(id.clone());
    let leftover = Leftover::of(&mut request);
    let forwarded = ClientIp::forwarded(request.headers());
    // The peer of an internal listener is a service, not a client.
    let client = forwarded.or_else(|| {
        let peer = around.public.then_some(request.extensions());
        peer.and_then(ClientIp::peer)
    });
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = field::Empty,
        http.request.method = %method,
        http.route = route,
        http.response.status_code = field::Empty,
        request_id = id.as_str(),
    );
    let traceparent = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    runtime::trace::set_parent(&span, traceparent);

    let answering = AssertUnwindSafe(tokio::time::timeout(
        around.limits.timeout,
        next.run(request),
    ))
    .catch_unwind();
    let guarded = async move {
        match answering.await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => Error::unavailable(anyhow::anyhow!(
                "no answer within {:?}",
                around.limits.timeout
            ))
            .into_response(),
            Err(panic) => Error::internal(anyhow::anyhow!("panic: {}", panic_message(&*panic)))
                .into_response(),
        }
    };
    let scoped = CURRENT.scope(
        id.clone(),
        CLIENT.scope(
            client,
            runtime::sql_stats::scope(guarded.instrument(span.clone())),
        ),
    );
    let (mut response, sql) = scoped.await;

    if let Some(leftover) = leftover
        && !leftover.finish().await
    {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    let status = response.status();
    let elapsed = started.elapsed();
    finish(&mut response, &id, around, sql.statements);
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    let code = response
        .extensions()
        .get::<ProblemCode>()
        .map_or("", |code| code.0);
    span.in_scope(|| {
        tracing::info!(
            method = %method,
            route,
            status = status.as_u16(),
            code,
            milliseconds = elapsed.as_secs_f64() * 1000.0,
            sql_statements = sql.statements,
            request_id = id.as_str(),
            "answered"
        );
    });
    metrics::histogram!(
        "http_request_duration_seconds",
        "method" => method.to_string(), "route" => route, "status" => status.as_u16().to_string(),
    )
    .record(elapsed.as_secs_f64());
    response
}

fn finish(response: &mut Response, id: &RequestId, around: Around, statements: u64) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(HeaderName::from_static(REQUEST_ID), value);
    }
    if around.limits.server_timing
        && let Ok(value) = HeaderValue::from_str(&format!("sql;desc=\"{statements}\""))
    {
        headers.insert(HeaderName::from_static("server-timing"), value);
    }
    if around.public {
        let mut set = |name: HeaderName, value: &'static str| {
            headers
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        };
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(header::X_FRAME_OPTIONS, "DENY");
        set(header::REFERRER_POLICY, "no-referrer");
        // An API answer that a browser shows by itself has nothing to load; pages bring their own policy.
        set(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        );
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown")
}
