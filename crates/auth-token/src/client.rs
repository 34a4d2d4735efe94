use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Actor, ServiceKeys};

/// Why a call to another service has no answer of the wanted type.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The callee refused, with a problem.
    #[error("{callee} refused: {status} {code}")]
    Problem {
        /// Who refused.
        callee: &'static str,
        /// The status.
        status: StatusCode,
        /// The problem's code.
        code: String,
        /// The whole problem.
        problem: Value,
    },
    /// Nothing useful came back: whether the call took effect is not known.
    #[error("{callee} is not available: {cause}")]
    Unavailable {
        /// Who did not answer.
        callee: &'static str,
        /// What happened, for the log.
        cause: String,
    },
}

impl CallError {
    /// The problem's code, if the callee refused.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem { code, .. } => Some(code),
            Self::Unavailable { .. } => None,
        }
    }
}

impl From<CallError> for http_kit::Error {
    /// For calls whose refusals the caller does not expect: the client hears that the shop is not available.
    fn from(error: CallError) -> Self {
        Self::unavailable(error)
    }
}

/// Calls the internal API of one other service.
#[derive(Clone)]
pub struct InternalClient {
    callee: &'static str,
    base_url: String,
    keys: ServiceKeys,
    http: reqwest::Client,
}

impl InternalClient {
    /// `callee` is the other service's name, `base_url` its internal listener.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(callee: &'static str, base_url: &str, keys: ServiceKeys) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(5))
            .pool_idle_timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { callee, base_url: base_url.trim_end_matches('/').to_owned(), keys, http })
    }

    /// `GET path`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get<Resp: DeserializeOwned>(&self, path: &str, on_behalf_of: Option<&Actor>) -> Result<Resp, CallError> {
        self.call(Method::GET, path, on_behalf_of, None, None::<&()>).await
    }

    /// `POST path` with a JSON body. An answer without a body is read as JSON `null`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn post<Req: Serialize + Sync, Resp: DeserializeOwned>(
        &self,
        path: &str,
        on_behalf_of: Option<&Actor>,
        idempotency_key: Option<&str>,
        body: &Req,
    ) -> Result<Resp, CallError> {
        self.call(Method::POST, path, on_behalf_of, idempotency_key, Some(body)).await
    }

    async fn call<Req: Serialize + Sync, Resp: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        on_behalf_of: Option<&Actor>,
        idempotency_key: Option<&str>,
        body: Option<&Req>,
    ) -> Result<Resp, CallError> {
        let unavailable = |cause: String| CallError::Unavailable { callee: self.callee, cause };
        let token = self.keys.token(self.callee, on_behalf_of).map_err(|error| unavailable(error.to_string()))?;
        let mut request = self.http.request(method, format!("{}{path}", self.base_url)).bearer_auth(token);
        if let Some(traceparent) = runtime::trace::traceparent() {
            request = request.header("traceparent", traceparent);
        }
        if let Some(id) = http_kit::RequestId::current() {
            request = request.header("x-request-id", id.as_str());
        }
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| unavailable(chain(&error)))?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| unavailable(chain(&error)))?;
        if status.is_success() {
            let json: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
            return serde_json::from_slice(json).map_err(|error| unavailable(format!("unreadable answer: {error}")));
        }
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(problem) if status.is_client_error() && problem["code"].is_string() => {
                let code = problem["code"].as_str().unwrap_or_default().to_owned();
                Err(CallError::Problem { callee: self.callee, status, code, problem })
            }
            _ => Err(unavailable(format!("status {status}"))),
        }
    }
}

/// reqwest's own message hides the reason.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
