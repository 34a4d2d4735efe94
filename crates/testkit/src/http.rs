//! A client whose failures show what came instead.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Talks to one server.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    inner: reqwest::Client,
    headers: HeaderMap,
}

impl Client {
    /// A client for `base`, such as `http://127.0.0.1:8080`. It follows no redirects and keeps no cookies.
    ///
    /// # Panics
    /// If the HTTP client cannot be made.
    #[must_use]
    pub fn new(base: impl Into<String>) -> Self {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let inner = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("an HTTP client");
        Self {
            base: base.into().trim_end_matches('/').to_owned(),
            inner,
            headers: HeaderMap::new(),
        }
    }

    /// The same client with a header on every request.
    ///
    /// # Panics
    /// If it is no valid header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        self.headers
            .insert(name, HeaderValue::from_str(value).expect("a header value"));
        self
    }

    /// The same client, signed in.
    #[must_use]
    pub fn with_bearer(self, token: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// Begins a GET.
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// Begins a POST.
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// Begins a PUT.
    pub fn put(&self, path: &str) -> Request {
        self.request(Method::PUT, path)
    }

    /// Begins a PATCH.
    pub fn patch(&self, path: &str) -> Request {
        self.request(Method::PATCH, path)
    }

    /// Begins a DELETE.
    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// Begins any request; `path` may also be a whole URL.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let what = format!("{method} {url}");
        Request {
            builder: self
                .inner
                .request(method, url)
                .headers(self.headers.clone()),
            what,
        }
    }
}

/// A request being put together.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    builder: reqwest::RequestBuilder,
    what: String,
}

impl Request {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// Signs it.
    pub fn bearer(mut self, token: &str) -> Self {
        self.builder = self.builder.bearer_auth(token);
        self
    }

    /// Sends JSON.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    /// Sends a form.
    pub fn form(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.builder = self.builder.form(body);
        self
    }

    /// Sends any body.
    pub fn body(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.builder = self.builder.body(body);
        self
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Panics
    /// If no answer comes.
    pub async fn send(self) -> Answer {
        match self.try_send().await {
            Ok(answer) => answer,
            Err(error) => panic!("{error:#}"),
        }
    }

    /// As [`Request::send`], for tests in which the server may be away.
    ///
    /// # Errors
    /// If no answer comes.
    pub async fn try_send(self) -> anyhow::Result<Answer> {
        let failed = |error: reqwest::Error| anyhow::Error::new(error).context(self.what.clone());
        let response = self.builder.send().await.map_err(failed)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map_err(failed)?.to_vec();
        Ok(Answer {
            what: self.what,
            status,
            headers,
            body,
        })
    }

    /// Sends it and checks the status.
    ///
    /// # Panics
    /// With the body, if the status is another.
    pub async fn expect(self, status: u16) -> Answer {
        self.send().await.expect(status)
    }
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    what: String,
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Checks the status.
    ///
    /// # Panics
    /// With the body, if the status is another.
    #[track_caller]
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert!(
            self.status == status,
            "{}: expected {status}, got {}: {}",
            self.what,
            self.status,
            self.text()
        );
        self
    }

    /// Checks that it is a problem with this status and code, and gives its body.
    ///
    /// # Panics
    /// With the body, if it is anything else.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{}: {}",
            answer.what,
            answer.text()
        );
        let body = answer.value();
        assert_eq!(body["code"], code, "{}: {body}", answer.what);
        body
    }

    /// The body as JSON of a type.
    ///
    /// # Panics
    /// With the body, if it is something else.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.what, self.text()))
    }

    /// The body as any JSON.
    ///
    /// # Panics
    /// With the body, if it is none.
    #[track_caller]
    #[must_use]
    pub fn value(&self) -> Value {
        self.json()
    }

    /// A header, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// How many SQL statements it took; the server must run with `SERVER_TIMING=true`.
    ///
    /// # Panics
    /// If the server does not say.
    #[track_caller]
    #[must_use]
    pub fn statement_count(&self) -> u64 {
        statement_count(&self.headers)
            .unwrap_or_else(|| panic!("{}: no Server-Timing header", self.what))
    }
}

/// How many SQL statements an answer took, from `Server-Timing: sql;desc="4"`.
#[must_use]
pub fn statement_count(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get("server-timing")?.to_str().ok()?;
    value.split(',').find_map(|metric| {
        metric
            .trim()
            .strip_prefix("sql;desc=\"")?
            .strip_suffix('"')?
            .parse()
            .ok()
    })
}
