//! HTTP to identity providers: bounded in time and size, and nowhere but where it was sent.

use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::header::ACCEPT;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use url::Url;

use crate::domain::federation::provider::is_protected;

/// Microsoft's keys are 15 kB.
const MAX_BODY: usize = 256 * 1024;

/// A client that follows no redirects: what a provider answers from elsewhere is not its word.
pub(crate) fn client(timeout: Duration) -> anyhow::Result<reqwest::Client> {
    runtime::install_tls_provider();
    reqwest::Client::builder()
        .connect_timeout(timeout.min(Duration::from_secs(2)))
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .context("cannot make an HTTP client")
}

/// An address that a provider names for itself.
pub(crate) fn endpoint(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).context("a provider names an address that is none")?;
    ensure!(
        is_protected(&url),
        "a provider names an address without TLS"
    );
    Ok(url)
}

/// Sends it, and reads a JSON answer of any status.
pub(crate) async fn json(request: RequestBuilder) -> anyhow::Result<(StatusCode, Value)> {
    let request = request.header(ACCEPT, "application/json");
    // Without the URL, which may hold a code.
    let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(reqwest::Error::without_url)?
    {
        body.extend_from_slice(&chunk);
        ensure!(body.len() <= MAX_BODY, "the answer is too long");
    }
    let value = serde_json::from_slice(&body)
        .with_context(|| format!("the answer ({status}) is no JSON"))?;
    Ok((status, value))
}
