//! auth, product, order and notification as the panel sees them: they write down each call, and refuse on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use auth_token::{OnBehalfOf, ServiceKeys, TokenError};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use contracts::internal::users::{StaffLoginRequest, UserSnapshot};
use primitives::{Clock, Random, SessionId};
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::Served;

use crate::panel::PASSWORD;

/// A call that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) if_match: Option<String>,
    pub(crate) caller: String,
    pub(crate) on_behalf_of: Option<OnBehalfOf>,
    pub(crate) key: Option<String>,
    pub(crate) body: Value,
    /// Of the body, whatever it is.
    pub(crate) bytes: usize,
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
    /// The fields that a refusal names.
    pub(crate) wrong: Vec<Value>,
    /// By e-mail address.
    pub(crate) accounts: BTreeMap<String, (String, UserSnapshot)>,
    /// Whether everybody has an authenticator app, which always shows [`CODE`].
    pub(crate) second_factor: bool,
    /// Whether the shop wants one.
    pub(crate) factor_required: bool,
    /// Whether all but auth want a fresh proof.
    pub(crate) wants_fresh: bool,
    /// What order would do next with any order.
    pub(crate) next: Value,
    /// Where auth's sessions are.
    pub(crate) auth: Option<Auth>,
    /// What is answered to `GET`, and to what only asks, by path; an empty object otherwise.
    pub(crate) answers: BTreeMap<String, Value>,
    /// Services that say that they cannot work.
    pub(crate) unready: BTreeSet<String>,
    /// What is answered to all else; an empty object otherwise.
    pub(crate) posted: Option<Value>,
}

/// What the stand-in for auth works with.
#[derive(Debug, Clone)]
pub(crate) struct Auth {
    pub(crate) db: PgPool,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
}

/// What every authenticator app shows.
pub(crate) const CODE: &str = "123456";
/// What each of ten is like.
pub(crate) const RECOVERY_CODE: &str = "k7mq-2x9d-4vtn-8rhc-0bzw-6jps";

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
        let mut world = self.world();
        world.refusal = Some(Refusal {
            status,
            code,
            detail,
        });
        world.wrong.clear();
    }

    /// Finds fields wrong in every call from now on.
    pub(crate) fn refuse_fields(&self, fields: &[(&str, &str)]) {
        self.refuse(422, "validation_failed", "Something is wrong.");
        let error = |(field, message): &(&str, &str)| json!({"field": field, "code": "invalid", "message": message});
        self.world().wrong = fields.iter().map(error).collect();
    }

    /// What order would do next with any order, from now on.
    pub(crate) fn allow(&self, steps: &[&str]) {
        self.world().next = json!({ "next_steps": steps });
    }

    /// The calls since the last time this was asked, without sign-ins.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let calls = std::mem::take(&mut self.world().calls);
        calls
            .into_iter()
            .filter(|call| call.service != "auth")
            .collect()
    }

    /// What auth was asked to do with an account since the last time calls were asked for.
    pub(crate) fn account_calls(&self) -> Vec<Call> {
        let calls = std::mem::take(&mut self.world().calls);
        let about_accounts = |call: &Call| {
            call.service == "auth"
                && call.method != "GET"
                && call.path.starts_with("/internal/api/users/")
        };
        calls.into_iter().filter(about_accounts).collect()
    }
}

async fn answer(State(service): State<Service>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // Anybody may ask how it is.
    if parts.uri.path() == "/health/ready" {
        let unready = service.peer.world().unready.contains(service.keys.name());
        let (status, works) = match unready {
            true => (StatusCode::SERVICE_UNAVAILABLE, false),
            false => (StatusCode::OK, true),
        };
        let checks = json!({ "checks": { "database": works, "broker": true } });
        return (status, axum::Json(checks)).into_response();
    }
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let token = header("authorization").unwrap();
    let verified = service.keys.verify(token.strip_prefix("Bearer ").unwrap());
    let caller = verified.map_err(|error| format!("{error:?}")).unwrap();
    let path = parts.uri.path_and_query().unwrap().as_str().to_owned();
    let key = header("idempotency-key");
    // What order would do next is read for each page of an order; it changes nothing.
    let answered = service.peer.world().answers.contains_key(&path);
    if parts.method == Method::GET && path.starts_with("/internal/orders/") && !answered {
        return axum::Json(service.peer.world().next.clone()).into_response();
    }
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let bytes = body.len();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let auth = {
        let mut world = service.peer.world();
        world.calls.push(Call {
            service: service.keys.name().to_owned(),
            method: parts.method.to_string(),
            path: path.clone(),
            if_match: header("if-match"),
            caller: caller.caller,
            on_behalf_of: caller.on_behalf_of.clone(),
            key,
            body: body.clone(),
            bytes,
        });
        if let Some(Refusal {
            status,
            code,
            detail,
        }) = &world.refusal
        {
            return problem_with(*status, code, detail, &world.wrong);
        }
        world.auth.clone().unwrap()
    };
    if path == "/internal/tokens/exchange" {
        return problem(
            422,
            TokenError::Invalid.code(),
            "It knows no foreign tokens.",
        );
    }
    if path.starts_with("/internal/staff/") {
        return staff(&service.peer, &auth, &path, caller.on_behalf_of, body).await;
    }
    let proved = caller.on_behalf_of.and_then(|user| user.auth_time);
    let fresh = proved.is_some_and(|at| auth.clock.now().unix() - at <= 300);
    if service.peer.world().wants_fresh && !fresh {
        return problem(401, "insufficient_user_authentication", "Prove it again.");
    }
    let answer = {
        let world = service.peer.world();
        if parts.method == Method::GET || path.ends_with("/preview") {
            world.answers.get(&path).cloned()
        } else {
            world.posted.clone()
        }
    };
    let kind = [("etag", "\"8-abc\"")];
    (kind, axum::Json(answer.unwrap_or_else(|| json!({})))).into_response()
}

/// What auth answers to the panel.
async fn staff(
    peer: &Peer,
    auth: &Auth,
    path: &str,
    on_behalf_of: Option<OnBehalfOf>,
    body: Value,
) -> Response {
    let wrong = || problem(401, "invalid_credentials", "Wrong.");
    let (second_factor, required) = {
        let world = peer.world();
        (world.second_factor, world.factor_required)
    };
    let change = async |sql: &'static str| {
        let change = sqlx::query(sql)
            .bind(body["session_id"].as_str().unwrap())
            .bind(auth.clock.now());
        change.execute(&auth.db).await.unwrap();
    };
    match path {
        "/internal/staff/login" => {
            let request: StaffLoginRequest = serde_json::from_value(body).unwrap();
            let account = peer.world().accounts.get(&request.email).cloned();
            match account {
                Some((password, _)) if password != request.password => wrong(),
                None => wrong(),
                Some((_, user)) if user.role == "customer" => {
                    problem(403, "not_staff", "This account is not a staff account.")
                }
                Some(_) if second_factor => axum::Json(json!({
                    "outcome": "second_factor", "mfa_token": request.email, "methods": ["totp"]
                }))
                .into_response(),
                Some((_, user)) => {
                    let mut session = begin(auth, user, required, &["pwd"]).await;
                    session["outcome"] = json!("signed_in");
                    axum::Json(session).into_response()
                }
            }
        }
        "/internal/staff/second-factor" => {
            let email = body["mfa_token"].as_str().unwrap();
            let account = peer.world().accounts.get(email).cloned();
            match account {
                Some((_, user)) if body["code"] == CODE => {
                    axum::Json(begin(auth, user, required, &["pwd", "otp"]).await).into_response()
                }
                Some(_) => wrong(),
                None => problem(401, "invalid_mfa_token", "Too late."),
            }
        }
        "/internal/staff/factors" => {
            axum::Json(json!({"totp": second_factor, "passkeys": false, "recovery_codes": 10, "required": required}))
                .into_response()
        }
        "/internal/staff/reauthenticate" => {
            let good = if second_factor { body["code"] == CODE } else { body["password"] == PASSWORD };
            if !good {
                return wrong();
            }
            change("UPDATE sessions SET authenticated_at = $2 WHERE id = $1::uuid").await;
            StatusCode::NO_CONTENT.into_response()
        }
        "/internal/staff/sign-out" => {
            change("UPDATE sessions SET revoked_at = $2, revoked_why = 'logout' WHERE id = $1::uuid").await;
            StatusCode::NO_CONTENT.into_response()
        }
        _ if on_behalf_of.is_none_or(|user| {
            user.auth_time.is_none_or(|at| auth.clock.now().unix() - at > 300)
        }) =>
        {
            problem(401, "insufficient_user_authentication", "Prove it again.")
        }
        "/internal/staff/totp" => axum::Json(json!({
            "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "otpauth_uri": "otpauth://totp/Mercato:a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "qr_svg": r#"<svg viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>"#,
        }))
        .into_response(),
        "/internal/staff/totp/confirm" if body["code"] != CODE => wrong(),
        "/internal/staff/totp/confirm" => {
            change("UPDATE sessions SET authenticated_at = $2, methods = '{pwd,otp}' WHERE id = $1::uuid").await;
            peer.world().second_factor = true;
            axum::Json(json!({"recovery_codes": vec![RECOVERY_CODE; 10]})).into_response()
        }
        "/internal/staff/totp/remove" => {
            peer.world().second_factor = false;
            StatusCode::NO_CONTENT.into_response()
        }
        "/internal/staff/recovery-codes" => {
            axum::Json(json!({"recovery_codes": vec![RECOVERY_CODE; 10]})).into_response()
        }
        _ => problem(404, "not_found", "There is no such path."),
    }
}

async fn begin(auth: &Auth, user: UserSnapshot, required: bool, methods: &[&str]) -> Value {
    let (now, id) = (
        auth.clock.now(),
        SessionId::new(auth.clock.now(), &auth.random),
    );
    sqlx::query(
        "INSERT INTO sessions (id, user_id, created_at, last_used_at, authenticated_at, methods, expires_at)
         VALUES ($1, $2, $3, $3, $3, $4, $3::timestamptz + interval '12 hours')",
    )
    .bind(id.uuid())
    .bind(user.id.uuid())
    .bind(now)
    .bind(methods)
    .execute(&auth.db)
    .await
    .unwrap();
    json!({"user": user, "session_id": id, "factor_required": required})
}

fn problem(status: u16, code: &str, detail: &str) -> Response {
    problem_with(status, code, detail, &[])
}

fn problem_with(status: u16, code: &str, detail: &str, errors: &[Value]) -> Response {
    let body = json!({"errors": errors, "type": "about:blank", "title": "x", "status": status, "detail": detail, "code": code, "request_id": "x"});
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
