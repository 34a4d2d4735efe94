//! What every request to `/v1` passes: the key, the faults, the idempotency key.

use axum::body::{Body, to_bytes};
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use serde_json::Value;

use super::BODY_LIMIT;
use crate::app::{App, Served};
use crate::error::ApiError;
use crate::faults::{Fault, Kind};
use crate::form::Params;
use crate::idempotency::Decision;
use crate::{API_VERSION, clock, token};

/// Who asks: the shop, or a buyer's browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// With the secret key.
    Shop,
    /// With the publishable key, which opens one intent by its client secret.
    Browser,
}

/// The request's id and idempotency key, for the events it causes.
#[derive(Clone, Debug)]
pub(super) struct Cause(pub(super) Option<String>, pub(super) Option<String>);

pub(super) async fn gate(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let id = token::new("req");
    let method = request.method().to_string();
    let path = uri.path().to_owned();
    let key = request
        .headers()
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .map(String::from);
    let key = key.filter(|_| request.method() == Method::POST);
    // On a task of its own: a client that hangs up does not undo what it asked for.
    let work = tokio::spawn(pass(
        app.clone(),
        id.clone(),
        path.clone(),
        key.clone(),
        request,
        next,
    ));
    let (mut response, replayed) = work
        .await
        .unwrap_or_else(|_| (ApiError::internal().into_response(), false));
    let status = response.status();
    tracing::info!(%method, path, status = status.as_u16(), replayed, "request");
    app.note(Served {
        id: id.clone(),
        method,
        path,
        idempotency_key: key.clone(),
        replayed,
        status: status.as_u16(),
    });
    let headers = response.headers_mut();
    insert(headers, "request-id", &id);
    insert(headers, "stripe-version", API_VERSION);
    if let Some(key) = key {
        insert(headers, "idempotency-key", &key);
    }
    response
}

async fn pass(
    app: App,
    id: String,
    path: String,
    key: Option<String>,
    request: Request,
    next: Next,
) -> (Response, bool) {
    let caller = match identify(&app, request.headers()) {
        Ok(caller) => caller,
        Err(error) => return (error.into_response(), false),
    };
    let fault = app.faults().for_request(request.method().as_str(), &path);
    match fault.as_ref().map(|fault| fault.kind) {
        Some(Kind::RateLimited) => return (rate_limited(), false),
        Some(Kind::ErrorBeforeWork) => return (ApiError::internal().into_response(), false),
        _ => {}
    }
    let (response, replayed) = match work(&app, &id, &path, key, caller, request, next).await {
        Ok(done) => done,
        Err(error) => (error.into_response(), false),
    };
    (after(fault, response).await, replayed)
}

/// What a fault does once the work is done.
async fn after(fault: Option<Fault>, response: Response) -> Response {
    let Some(fault) = fault else { return response };
    match fault.kind {
        Kind::SlowAnswer => {
            tokio::time::sleep(fault.delay()).await;
            response
        }
        Kind::ErrorAfterWork => ApiError::internal().into_response(),
        Kind::Disconnect => {
            // A body that breaks off: the server can only close the connection.
            let broken =
                Err::<axum::body::Bytes, _>(std::io::Error::other("disconnected on demand"));
            let (parts, _) = response.into_parts();
            let stream = tokio_stream::once(broken);
            Response::from_parts(parts, Body::from_stream(stream))
        }
        _ => response,
    }
}

async fn work(
    app: &App,
    id: &str,
    path: &str,
    key: Option<String>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Result<(Response, bool), ApiError> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT)
        .await
        .map_err(|error| ApiError::invalid(None, format!("Invalid request body: {error}")))?;
    parts.extensions.insert(caller);
    parts
        .extensions
        .insert(Cause(Some(id.to_owned()), key.clone()));
    let Some(key) = key else {
        return Ok((
            next.run(Request::from_parts(parts, body.into())).await,
            false,
        ));
    };
    let params = Params::parse(std::str::from_utf8(&body).unwrap_or_default())?.canonical();
    match app.change(|world| world.keys.begin(&key, path, &params, clock::now()))? {
        Decision::Replay(saved) => {
            let status = StatusCode::from_u16(saved.status).unwrap_or(StatusCode::OK);
            let mut response = (status, axum::Json(saved.body)).into_response();
            insert(response.headers_mut(), "idempotent-replayed", "true");
            insert(
                response.headers_mut(),
                "original-request",
                &saved.request_id,
            );
            Ok((response, true))
        }
        Decision::Run => {
            let response = next.run(Request::from_parts(parts, body.into())).await;
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let status = parts.status.as_u16();
            app.change(|world| {
                world
                    .keys
                    .finish(&key, path, &params, clock::now(), status, value, id)
            });
            Ok((Response::from_parts(parts, bytes.into()), false))
        }
    }
}

/// Bearer, or the user of basic authentication, as `curl -u sk_test_…:` sends it.
fn identify(app: &App, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let key = match given.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key.trim().to_owned(),
        Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("basic") => {
            base64::engine::general_purpose::STANDARD
                .decode(encoded.trim())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .and_then(|pair| pair.split(':').next().map(String::from))
                .unwrap_or_default()
        }
        _ => String::new(),
    };
    if key.is_empty() {
        return Err(ApiError::unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth.",
        ));
    }
    if key == app.settings().secret_key {
        Ok(Caller::Shop)
    } else if key == app.settings().publishable_key {
        Ok(Caller::Browser)
    } else {
        let shown: String = key.chars().take(8).collect();
        Err(ApiError::unauthorized(&format!(
            "Invalid API Key provided: {shown}***"
        )))
    }
}

fn rate_limited() -> Response {
    let error = ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "invalid_request_error",
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
    )
    .code("rate_limit");
    let mut response = error.into_response();
    insert(
        response.headers_mut(),
        "stripe-rate-limited-reason",
        "global-rate",
    );
    response
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
