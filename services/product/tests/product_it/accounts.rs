//! auth's accounts, as its internal API tells of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use contracts::internal::users::{UserLookupRequest, UserLookupResponse, UserSnapshot};
use primitives::UserId;

/// Knows some accounts. Clones know the same.
#[derive(Clone, Default)]
pub(crate) struct Accounts(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    known: HashMap<UserId, UserSnapshot>,
    away: bool,
    calls: usize,
}

impl Accounts {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on there is this account, whose address is verified and which is open.
    pub(crate) fn knows(&self, id: UserId, name: &str) {
        self.change(UserSnapshot {
            id,
            email: format!("{}@example.com", name.to_lowercase())
                .parse()
                .unwrap(),
            email_verified: true,
            name: name.to_owned(),
            role: "customer".to_owned(),
            closed: false,
        });
    }

    pub(crate) fn change(&self, account: UserSnapshot) {
        self.inner().known.insert(account.id, account);
    }

    pub(crate) fn get(&self, id: UserId) -> UserSnapshot {
        self.inner().known[&id].clone()
    }

    /// Whether it answers at all.
    pub(crate) fn is_away(&self, away: bool) {
        self.inner().away = away;
    }

    /// How often it was asked.
    pub(crate) fn calls(&self) -> usize {
        self.inner().calls
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/internal/users/lookup", post(lookup))
            .with_state(self.clone())
    }
}

async fn lookup(
    State(accounts): State<Accounts>,
    Json(asked): Json<UserLookupRequest>,
) -> Response {
    let mut inner = accounts.inner();
    inner.calls += 1;
    if inner.away || asked.ids.len() > 100 {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let users = asked
        .ids
        .iter()
        .filter_map(|id| inner.known.get(id).cloned());
    let users = users.collect();
    Json(UserLookupResponse { users }).into_response()
}
