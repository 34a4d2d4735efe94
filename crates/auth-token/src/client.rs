use std::time::Duration;

use anyhow::Context;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH, RETRY_AFTER};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{OnBehalfOf, ServiceKeys};

/// How long an upload or a download may take.
const LONG: Duration = Duration::from_secs(120);

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
        self.call(Method::POST, path, on_behalf_of)?
            .key(idempotency_key)
            .json(request)
            .answer()
            .await
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
        self.call(Method::GET, path, on_behalf_of)?.answer().await
    }

    /// Begins a call of any method.
    pub fn call<'a>(
        &'a self,
        method: Method,
        path: &'a str,
        on_behalf_of: Option<&OnBehalfOf>,
    ) -> Result<Call<'a>, CallError> {
        let token = self
            .keys
            .token(self.target, on_behalf_of)
            .map_err(CallError::Unavailable)?;
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base_url))
            .bearer_auth(token);
        if let Some(traceparent) = runtime::trace::traceparent() {
            request = request.header("traceparent", traceparent);
        }
        if let Some(id) = http_kit::RequestId::current() {
            request = request.header("x-request-id", id.as_str());
        }
        if let Some(http_kit::ClientIp(ip)) = http_kit::ClientIp::current() {
            request = request.header("x-real-ip", ip.to_string());
        }
        Ok(Call {
            target: self.target,
            path,
            request,
        })
    }
}

/// A call that is being put together.
pub struct Call<'a> {
    target: &'static str,
    path: &'a str,
    request: RequestBuilder,
}

impl Call<'_> {
    /// Makes its repetition harmless, wherever the callee takes a key.
    #[must_use]
    pub fn key(self, key: Option<&str>) -> Self {
        match key {
            Some(key) => self.with(|request| request.header("idempotency-key", key)),
            None => self,
        }
    }

    /// The version of the row that was read; refused if it is another one by now.
    #[must_use]
    pub fn version(self, version: Option<i32>) -> Self {
        match version {
            Some(version) => {
                self.with(|request| request.header(IF_MATCH, format!("\"{version}\"")))
            }
            None => self,
        }
    }

    /// With a JSON body.
    #[must_use]
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        self.with(|request| request.json(body))
    }

    /// With any body, whole or as it comes. A big one takes longer than calls may otherwise.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        self.with(|request| {
            request
                .header(CONTENT_TYPE, content_type)
                .timeout(LONG)
                .body(body)
        })
    }

    /// With a form of files and fields.
    #[must_use]
    pub fn multipart(self, form: reqwest::multipart::Form) -> Self {
        self.with(|request| request.timeout(LONG).multipart(form))
    }

    fn with(self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self {
            request: change(self.request),
            ..self
        }
    }

    /// Sends it; answers what the callee says.
    pub async fn answer<Resp: DeserializeOwned>(self) -> Result<Resp, CallError> {
        Ok(self.answer_with_version().await?.0)
    }

    /// The same with the version that the answer's `ETag` begins with.
    pub async fn answer_with_version<Resp: DeserializeOwned>(
        self,
    ) -> Result<(Resp, Option<i32>), CallError> {
        let (target, path) = (self.target, self.path);
        let away = |error: anyhow::Error| {
            CallError::Unavailable(error.context(format!("{target} {path}")))
        };
        let response = self.stream().await?;
        let version = version_of(&response);
        let body = response
            .bytes()
            .await
            .map_err(|error| away(error.without_url().into()))?;
        // `204 No Content` is the JSON null: ask for `()`.
        let body = if body.is_empty() {
            &b"null"[..]
        } else {
            &body[..]
        };
        let answer = serde_json::from_slice(body)
            .map_err(|error| away(anyhow::Error::new(error).context("unexpected answer")))?;
        Ok((answer, version))
    }

    /// Waits as long as an upload or a download may take.
    #[must_use]
    pub fn patiently(self) -> Self {
        self.with(|request| request.timeout(LONG))
    }

    /// Sends it; answers before the body of the answer has come, so that it can be passed on.
    pub async fn stream(self) -> Result<reqwest::Response, CallError> {
        let (target, path) = (self.target, self.path);
        let away = |error: anyhow::Error| {
            CallError::Unavailable(error.context(format!("{target} {path}")))
        };
        // The URL is in the context already, and an id in it need not be logged twice.
        let response = self
            .request
            .send()
            .await
            .map_err(|error| away(error.without_url().into()))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
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

/// `"7"` and `"7-1c9f…"` are both version 7.
fn version_of(response: &reqwest::Response) -> Option<i32> {
    let tag = response.headers().get(ETAG)?.to_str().ok()?;
    let tag = tag.trim_start_matches("W/").trim_matches('"');
    tag.split('-').next()?.parse().ok()
}
