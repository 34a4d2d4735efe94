//! auth, product and order as the panel sees them: they write down each call, and refuse on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use auth_token::{OnBehalfOf, ServiceKeys};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contracts::internal::users::{StaffLoginRequest, UserSnapshot};
use serde_json::{Value, json};
use testkit::Served;

/// A call that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) path: String,
    pub(crate) caller: String,
    pub(crate) on_behalf_of: Option<OnBehalfOf>,
    pub(crate) key: Option<String>,
    pub(crate) body: Value,
}

/// How a call is refused.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) detail: &'static str,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) calls: Vec<Call>,
    pub(crate) refusal: Option<Refusal>,
    /// By e-mail address.
    pub(crate) accounts: BTreeMap<String, (String, UserSnapshot)>,
}

#[derive(Clone, Default)]
pub(crate) struct Peer(Arc<Mutex<World>>);

#[derive(Clone)]
struct Service {
    peer: Peer,
    keys: ServiceKeys,
}

impl Peer {
    /// Serves one of the services.
    pub(crate) async fn serve(&self, keys: ServiceKeys) -> Served {
        let service = Service {
            peer: self.clone(),
            keys,
        };
        testkit::serve(Router::new().fallback(answer).with_state(service)).await
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Refuses every call from now on.
    pub(crate) fn refuse(&self, status: u16, code: &'static str, detail: &'static str) {
        self.world().refusal = Some(Refusal {
            status,
            code,
            detail,
        });
    }

    /// The calls since the last time this was asked, without sign-ins.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let calls = std::mem::take(&mut self.world().calls);
        calls
            .into_iter()
            .filter(|call| call.service != "auth")
            .collect()
    }
}

async fn answer(State(service): State<Service>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let token = header("authorization").unwrap();
    let verified = service.keys.verify(token.strip_prefix("Bearer ").unwrap());
    let caller = verified.map_err(|error| format!("{error:?}")).unwrap();
    let (path, key) = (parts.uri.path().to_owned(), header("idempotency-key"));
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let mut world = service.peer.world();
    world.calls.push(Call {
        service: service.keys.name().to_owned(),
        path: path.clone(),
        caller: caller.caller,
        on_behalf_of: caller.on_behalf_of,
        key,
        body: body.clone(),
    });
    if let Some(Refusal {
        status,
        code,
        detail,
    }) = &world.refusal
    {
        return problem(*status, code, detail);
    }
    if path == "/internal/staff/login" {
        return staff_login(&world, &serde_json::from_value(body).unwrap());
    }
    axum::Json(json!({})).into_response()
}

fn staff_login(world: &World, request: &StaffLoginRequest) -> Response {
    match world.accounts.get(&request.email) {
        Some((password, _)) if *password != request.password => {
            problem(401, "invalid_credentials", "Wrong.")
        }
        None => problem(401, "invalid_credentials", "Wrong."),
        Some((_, user)) if user.role == "customer" => {
            problem(403, "not_staff", "This account is not a staff account.")
        }
        Some((_, user)) => axum::Json(json!({ "user": user })).into_response(),
    }
}

fn problem(status: u16, code: &str, detail: &str) -> Response {
    let body = json!({"type": "about:blank", "title": "x", "status": status, "detail": detail, "code": code, "request_id": "x"});
    let kind = [
        ("content-type", "application/problem+json"),
        ("retry-after", "64"),
    ];
    (
        StatusCode::from_u16(status).unwrap(),
        kind,
        body.to_string(),
    )
        .into_response()
}
