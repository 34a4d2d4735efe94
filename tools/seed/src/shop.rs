//! A client of the shop's API: patient with rate limits, renewing its tokens, and precise about refusals.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// How long to insist when the shop is away or busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// The shop behind its base URL.
#[derive(Debug)]
pub(crate) struct Shop {
    base: String,
    http: reqwest::Client,
}

/// Somebody with an account.
#[derive(Debug)]
pub(crate) struct Account {
    /// Their name.
    pub(crate) name: String,
    /// How they sign in.
    pub(crate) email: String,
    password: String,
    token: Mutex<String>,
}

/// The shop said no.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The problem's stable code.
    pub(crate) code: String,
    what: String,
    body: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} was answered {}: {}",
            self.what, self.status, self.body
        )
    }
}

impl std::error::Error for Refusal {}

/// What a call carries.
enum Content<'a> {
    Nothing,
    Json(Value),
    Picture { png: &'a [u8], alt: &'a str },
}

/// One call being put together.
pub(crate) struct Call<'a> {
    shop: &'a Shop,
    method: Method,
    path: String,
    account: Option<&'a Account>,
    headers: Vec<(&'static str, String)>,
    content: Content<'a>,
}

impl Shop {
    /// The shop at `base`.
    pub(crate) fn new(base: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .build()?;
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            http,
        })
    }

    fn call(&self, method: Method, path: impl Into<String>) -> Call<'_> {
        Call {
            shop: self,
            method,
            path: path.into(),
            account: None,
            headers: Vec::new(),
            content: Content::Nothing,
        }
    }

    pub(crate) fn get(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::PUT, path)
    }

    pub(crate) fn patch(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::PATCH, path)
    }

    /// Whether no product is on sale.
    pub(crate) async fn is_empty(&self) -> anyhow::Result<bool> {
        let page = self.get("/api/products?limit=1").send().await?;
        Ok(page["data"].as_array().is_none_or(Vec::is_empty))
    }

    /// Signs in.
    pub(crate) async fn sign_in(
        &self,
        name: &str,
        email: &str,
        password: &str,
    ) -> anyhow::Result<(Account, Value)> {
        let answer = self
            .post("/api/auth/login")
            .json(json!({ "email": email, "password": password }))
            .send()
            .await?;
        Account::new(name, email, password, &answer)
    }

    /// Signs in, or registers who is not registered yet: registering again would open a second account.
    pub(crate) async fn sign_up(
        &self,
        name: &str,
        email: &str,
        password: &str,
    ) -> anyhow::Result<(Account, Value)> {
        match self.sign_in(name, email, password).await {
            Err(error) if refused(&error, StatusCode::UNAUTHORIZED) => {
                let body = json!({ "email": email, "password": password, "name": name });
                let answer = self.post("/api/auth/register").json(body).send().await?;
                Account::new(name, email, password, &answer)
            }
            signed_in => signed_in,
        }
    }

    /// Gets a fresh access token, after it expired or a role changed.
    pub(crate) async fn renew(&self, account: &Account) -> anyhow::Result<()> {
        // Boxed because a call may itself need this.
        let (renewed, _) =
            Box::pin(self.sign_in(&account.name, &account.email, &account.password)).await?;
        let token = renewed.token();
        *account.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
        Ok(())
    }
}

/// Whether `error` is the shop's refusal with that status.
pub(crate) fn refused(error: &anyhow::Error, status: StatusCode) -> bool {
    error
        .downcast_ref::<Refusal>()
        .is_some_and(|refusal| refusal.status == status)
}

impl Account {
    fn new(
        name: &str,
        email: &str,
        password: &str,
        answer: &Value,
    ) -> anyhow::Result<(Self, Value)> {
        let Some(token) = answer["tokens"]["access_token"].as_str() else {
            bail!("{email} got no access token: is a second factor on?");
        };
        let account = Self {
            name: name.to_owned(),
            email: email.to_owned(),
            password: password.to_owned(),
            token: Mutex::new(token.to_owned()),
        };
        Ok((account, answer["user"].clone()))
    }

    fn token(&self) -> String {
        self.token
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl<'a> Call<'a> {
    /// In whose name.
    pub(crate) fn by(mut self, account: &'a Account) -> Self {
        self.account = Some(account);
        self
    }

    /// With a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a JSON body.
    pub(crate) fn json(mut self, body: Value) -> Self {
        self.content = Content::Json(body);
        self
    }

    /// With a picture, as a form.
    pub(crate) fn picture(mut self, png: &'a [u8], alt: &'a str) -> Self {
        self.content = Content::Picture { png, alt };
        self
    }

    /// Sends it; the answer's body.
    pub(crate) async fn send(self) -> anyhow::Result<Value> {
        self.send_with_headers().await.map(|(body, _)| body)
    }

    /// Sends it; the answer's body and headers.
    pub(crate) async fn send_with_headers(self) -> anyhow::Result<(Value, HeaderMap)> {
        let what = format!("{} {}", self.method, self.path);
        let mut waited = Duration::ZERO;
        let mut renewed = false;
        loop {
            let pause = match self.attempt().await {
                Ok(answer) => {
                    let (status, headers) = (answer.status(), answer.headers().clone());
                    let body = answer
                        .text()
                        .await
                        .with_context(|| format!("reading the answer to {what}"))?;
                    if status.is_success() {
                        let body = if body.is_empty() {
                            Value::Null
                        } else {
                            serde_json::from_str(&body)?
                        };
                        return Ok((body, headers));
                    }
                    let problem: Value = serde_json::from_str(&body).unwrap_or_default();
                    let code = problem["code"].as_str().unwrap_or_default().to_owned();
                    if let (StatusCode::UNAUTHORIZED, "token_expired", Some(account), false) =
                        (status, code.as_str(), self.account, renewed)
                    {
                        renewed = true;
                        self.shop.renew(account).await?;
                        continue;
                    }
                    let refusal = Refusal {
                        status,
                        code,
                        what: what.clone(),
                        body,
                    };
                    match pause_for(&refusal, &headers) {
                        Some(pause) if waited < PATIENCE => pause,
                        _ => return Err(refusal.into()),
                    }
                }
                // Nothing was sent, so nothing was done: trying again cannot do it twice.
                Err(error) if error.is_connect() && waited < PATIENCE => Duration::from_millis(500),
                Err(error) => return Err(error).with_context(|| what.clone()),
            };
            waited += pause;
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self) -> reqwest::Result<reqwest::Response> {
        let mut request = self.shop.http.request(
            self.method.clone(),
            format!("{}{}", self.shop.base, self.path),
        );
        if let Some(account) = self.account {
            request = request.bearer_auth(account.token());
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request = match &self.content {
            Content::Nothing => request,
            Content::Json(body) => request.json(body),
            Content::Picture { png, alt } => {
                let part = Part::bytes(png.to_vec())
                    .file_name("picture.png")
                    .mime_str("image/png")?;
                request.multipart(
                    Form::new()
                        .text("alt", (*alt).to_owned())
                        .part("file", part),
                )
            }
        };
        request.send().await
    }
}

/// How long to wait before trying again, if that may help.
fn pause_for(refusal: &Refusal, headers: &HeaderMap) -> Option<Duration> {
    match refusal.status {
        StatusCode::TOO_MANY_REQUESTS => {
            let seconds = headers
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok()?.parse().ok())
                .unwrap_or(1);
            Some(Duration::from_secs(seconds).max(Duration::from_millis(100)))
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY => {
            Some(Duration::from_millis(500))
        }
        _ => None,
    }
}
