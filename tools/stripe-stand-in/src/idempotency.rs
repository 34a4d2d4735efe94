//! Answers kept by `Idempotency-Key`.

use std::collections::{HashMap, HashSet};

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::ApiError;

/// How long Stripe keeps an answer, in seconds.
const KEPT: i64 = 24 * 60 * 60;

/// A finished request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved {
    path: String,
    params: String,
    at: i64,
    /// The status it was answered with.
    pub status: u16,
    /// The body it was answered with.
    pub body: Value,
    /// The id of the first request.
    pub request_id: String,
}

/// All keys in use.
#[derive(Debug, Default)]
pub struct Keys {
    saved: HashMap<String, Saved>,
    running: HashSet<String>,
    changed: Vec<String>,
}

/// What to do with a request that has a key.
#[derive(Debug)]
pub enum Decision {
    /// It is the first: run it, then call [`Keys::finish`].
    Run,
    /// It ran before: give this answer again.
    Replay(Saved),
}

impl Keys {
    /// Looks a key up before the request runs.
    ///
    /// # Errors
    /// When the key belongs to another request, or that one is still running.
    pub fn begin(
        &mut self,
        key: &str,
        path: &str,
        params: &str,
        now: i64,
    ) -> Result<Decision, ApiError> {
        if self.running.contains(key) {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                "idempotency_error",
                format!("There is currently another in-progress request using this Idempotent Key: {key}."),
            )
            .code("idempotency_key_in_use"));
        }
        match self.saved.get(key).filter(|saved| now - saved.at < KEPT) {
            None => {
                self.running.insert(key.to_owned());
                Ok(Decision::Run)
            }
            Some(saved) if saved.path != path => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "idempotency_error",
                format!(
                    "Keys for idempotent requests can only be used for the same endpoint they were first used for ('{path}' vs '{}'). \
                     Try using a key other than '{key}' if you meant to execute a different request.",
                    saved.path
                ),
            )),
            Some(saved) if saved.params != params => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "idempotency_error",
                format!(
                    "Keys for idempotent requests can only be used with the same parameters they were first used with. \
                     Try using a key other than '{key}' if you meant to execute a different request."
                ),
            )),
            Some(saved) => Ok(Decision::Replay(saved.clone())),
        }
    }

    /// Keeps the answer, if Stripe would: not when the request was refused before it ran.
    #[expect(clippy::too_many_arguments, reason = "the row's columns")]
    pub fn finish(
        &mut self,
        key: &str,
        path: &str,
        params: &str,
        now: i64,
        status: u16,
        body: Value,
        request_id: &str,
    ) {
        self.running.remove(key);
        if matches!(status, 400 | 401 | 403 | 404 | 409 | 429) {
            return;
        }
        if self.saved.len() % 1024 == 1023 {
            self.saved.retain(|_, saved| now - saved.at < KEPT);
        }
        self.changed.push(key.to_owned());
        self.saved.insert(
            key.to_owned(),
            Saved {
                path: path.to_owned(),
                params: params.to_owned(),
                at: now,
                status,
                body,
                request_id: request_id.to_owned(),
            },
        );
    }

    /// Takes back a kept answer that was written down.
    pub fn restore(&mut self, key: String, saved: Saved) {
        self.saved.insert(key, saved);
    }

    /// The answers kept since the last call.
    pub fn take_changed(&mut self) -> impl Iterator<Item = (&str, &Saved)> {
        std::mem::take(&mut self.changed)
            .into_iter()
            .filter_map(|key| self.saved.get_key_value(&key))
            .map(|(key, saved)| (key.as_str(), saved))
    }

    /// Counts every kept answer as changed.
    pub fn touch_all(&mut self) {
        self.changed = self.saved.keys().cloned().collect();
    }
}
