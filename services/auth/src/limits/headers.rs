//! Tells clients of their limits: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), on every answer of
//! a limited operation, whatever it is.

use std::cell::RefCell;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

tokio::task_local! {
    static NOTED: RefCell<Vec<State>>;
}

/// How one limit stands.
pub(super) struct State {
    pub(super) name: &'static str,
    pub(super) quota: u32,
    pub(super) window: Duration,
    pub(super) left: u32,
    /// Until the quota is whole again, or until the next attempt may be made.
    pub(super) reset: Duration,
}

/// Remembers how the limits stand for the answer of this request; the last word counts.
pub(super) fn note(states: Vec<State>) {
    // Outside of a request nobody is told.
    let _ = NOTED.try_with(|noted| *noted.borrow_mut() = states);
}

/// The layer that puts what was noted on the answer.
pub(crate) async fn announce(request: Request, next: Next) -> Response {
    let answering = async {
        let response = next.run(request).await;
        (response, NOTED.with(RefCell::take))
    };
    let (mut response, states) = NOTED.scope(RefCell::default(), answering).await;
    if !states.is_empty() {
        let policies = list(&states, |state| {
            format!("q={};w={}", state.quota, seconds(state.window))
        });
        let limits = list(&states, |state| {
            format!("r={};t={}", state.left, seconds(state.reset))
        });
        for (name, value) in [("ratelimit-policy", policies), ("ratelimit", limits)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response
                    .headers_mut()
                    .insert(HeaderName::from_static(name), value);
            }
        }
    }
    response
}

fn list(states: &[State], parameters: impl Fn(&State) -> String) -> String {
    let items = states
        .iter()
        .map(|state| format!("\"{}\";{}", state.name, parameters(state)));
    items.collect::<Vec<_>>().join(", ")
}

fn seconds(duration: Duration) -> u64 {
    duration
        .as_millis()
        .div_ceil(1000)
        .try_into()
        .unwrap_or(u64::MAX)
}
