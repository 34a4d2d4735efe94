use std::time::Duration;

use anyhow::Context;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{OnBehalfOf, ServiceKeys};

/// Why a call to another service did not give an answer of the expected kind.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The other service refused, and says why.
    #[error("refused with {status} {code}")]
    Problem {
        /// The HTTP status, 4xx.
        status: StatusCode,
        /// The problem's stable code.
        code: String,
        /// The whole problem.
        body: serde_json::Value,
    },
    /// 429: too many were made, or failed. Nothing was done.
    #[error("limited for {} s", retry_after.as_secs())]
    Limited {
        /// When to try again.
        retry_after: Duration,
    },
    /// No answer, or a failure over there. Whether the call had an effect is not known.
    #[error("not available")]
    Unavailable(#[source] anyhow::Error),
}

impl CallError {
    /// The problem's code, if there is one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem { code, .. } => Some(code),
            Self::Limited { .. } => Some("rate_limited"),
            Self::Unavailable(_) => None,
        }
    }
}

/// A refusal that the caller did not expect is our fault: 500. Being away is 503.
impl From<CallError> for http_kit::Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Problem { .. } => Self::internal(error),
            CallError::Limited { .. } | CallError::Unavailable(_) => Self::unavailable(error),
        }
    }
}

/// Calls one other service's internal API.
#[derive(Clone)]
pub struct InternalClient {
    target: &'static str,
    base_url: String,
    keys: ServiceKeys,
    http: reqwest::Client,
}

impl InternalClient {
    /// A client of service `name` for service `target` at `base_url`, such as `http://127.0.0.1:9003`.
    pub fn new(
        name: &str,
        target: &'static str,
        base_url: impl AsRef<str>,
        keys: ServiceKeys,
    ) -> anyhow::Result<Self> {
        anyhow::ensure!(
            keys.name() == name,
            "the keys are those of {}, not of {name}",
            keys.name()
        );
        runtime::install_tls_provider();
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(5))
            .pool_idle_timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("cannot make an HTTP client")?;
        let base_url = base_url.as_ref().trim_end_matches('/').to_owned();
        Ok(Self {
            target,
            base_url,
            keys,
            http,
        })
    }

    /// `POST path`. Give an idempotency key wherever the callee takes one, so that the call can be repeated.
    pub async fn post<Req, Resp>(
        &self,
        path: &str,
        on_behalf_of: Option<&OnBehalfOf>,
        idempotency_key: Option<&str>,
        request: &Req,
    ) -> Result<Resp, CallError>
    where
        Req: Serialize + ?Sized + Sync,
        Resp: DeserializeOwned,
    {
        let mut call = self.call(Method::POST, path, on_behalf_of)?.json(request);
        if let Some(key) = idempotency_key {
            call = call.header("idempotency-key", key);
        }
        self.answer(path, call).await
    }

    /// `GET path`.
    pub async fn get<Resp>(
        &self,
        path: &str,
        on_behalf_of: Option<&OnBehalfOf>,
    ) -> Result<Resp, CallError>
    where
        Resp: DeserializeOwned,
    {
        self.answer(path, self.call(Method::GET, path, on_behalf_of)?)
            .await
    }

    fn call(
        &self,
        method: Method,
        path: &str,
        on_behalf_of: Option<&OnBehalfOf>,
    ) -> Result<RequestBuilder, CallError> {
        let token = self
            .keys
            .token(self.target, on_behalf_of)
            .map_err(CallError::Unavailable)?;
        let mut call = self
            .http
            .request(method, format!("{}{path}", self.base_url))
            .bearer_auth(token);
        if let Some(traceparent) = runtime::trace::traceparent() {
            call = call.header("traceparent", traceparent);
        }
        if let Some(id) = http_kit::RequestId::current() {
            call = call.header("x-request-id", id.as_str());
        }
        if let Some(http_kit::ClientIp(ip)) = http_kit::ClientIp::current() {
            call = call.header("x-real-ip", ip.to_string());
        }
        Ok(call)
    }

    async fn answer<Resp: DeserializeOwned>(
        &self,
        path: &str,
        call: RequestBuilder,
    ) -> Result<Resp, CallError> {
        let away = |error: anyhow::Error| {
            CallError::Unavailable(error.context(format!("{} {path}", self.target)))
        };
        // The URL is in the context already, and an id in it need not be logged twice.
        let response = call
            .send()
            .await
            .map_err(|error| away(error.without_url().into()))?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = response.headers().get(RETRY_AFTER);
            let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
            return Err(CallError::Limited {
                retry_after: Duration::from_secs(seconds.unwrap_or(1)),
            });
        }
        let body = response
            .bytes()
            .await
            .map_err(|error| away(error.without_url().into()))?;
        if status.is_success() {
            // `204 No Content` is the JSON null: ask for `()`.
            let body = if body.is_empty() {
                &b"null"[..]
            } else {
                &body[..]
            };
            return serde_json::from_slice(body)
                .map_err(|error| away(anyhow::Error::new(error).context("unexpected answer")));
        }
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let code = problem
            .get("code")
            .and_then(serde_json::Value::as_str)
            .unwrap_or("unknown")
            .to_owned();
        // The callee refusing our own token is a mistake of configuration, not the user's.
        let our_token = matches!(
            code.as_str(),
            "unauthenticated" | "token_expired" | "token_revoked"
        );
        if status.is_client_error() && !our_token {
            Err(CallError::Problem {
                status,
                code,
                body: problem,
            })
        } else {
            Err(away(anyhow::anyhow!("answered {status} {code}")))
        }
    }
}
