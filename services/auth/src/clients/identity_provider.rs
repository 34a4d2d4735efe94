use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use auth_token::foreign::{ForeignError, ForeignKeys, Signed};
use primitives::{Clock, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::provider_http::{self, endpoint};
use crate::domain::federation::provider::ProviderConfig;

/// Unknown key names cause a fetch at most this often, so that forged tokens cannot flood a provider.
const FETCH_INTERVAL: Duration = Duration::from_secs(5);
/// As long as nothing is known of a provider, nobody can sign in with it: ask again sooner.
const FIRST_FETCH_INTERVAL: Duration = Duration::from_secs(1);
/// What is known is renewed after this, in the background.
const REFRESH_INTERVAL: Duration = Duration::from_secs(600);

/// How old a proof at a provider may be for an ordinary sign-in: 30 days, as sessions here.
const MAX_AGE_SECONDS: &str = "2592000";

/// Why a provider was of no use.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It cannot be asked now.
    Away(anyhow::Error),
    /// It answered, and the answer is not to be trusted.
    Refused(anyhow::Error),
}

impl Trouble {
    pub(crate) fn refused(error: impl Into<anyhow::Error>) -> Self {
        Self::Refused(error.into())
    }
}

/// The providers that are configured.
#[derive(Clone)]
pub(crate) struct IdentityProviders(Arc<[Arc<IdentityProvider>]>);

impl IdentityProviders {
    pub(crate) fn new(
        configs: Vec<ProviderConfig>,
        public_url: &Url,
        timeout: Duration,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        let http = provider_http::client(timeout)?;
        let base = public_url.as_str().trim_end_matches('/');
        let providers = configs.into_iter().map(|config| {
            Arc::new(IdentityProvider {
                redirect_uri: format!("{base}/api/auth/oidc/{}/callback", config.id),
                config,
                http: http.clone(),
                clock: clock.clone(),
                known: RwLock::new(None),
                tried: Mutex::new(None),
            })
        });
        Ok(Self(providers.collect()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<IdentityProvider>> {
        self.0.iter()
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Arc<IdentityProvider>> {
        self.iter().find(|provider| provider.config.id == id)
    }

    pub(crate) fn by_issuer(&self, issuer: &str) -> Option<&Arc<IdentityProvider>> {
        self.iter()
            .find(|provider| provider.config.issuer == issuer)
    }
}

/// One provider, and what it published of itself. That is kept while it is away, so that those who have its tokens do not notice.
pub(crate) struct IdentityProvider {
    pub(crate) config: ProviderConfig,
    redirect_uri: String,
    http: reqwest::Client,
    clock: Clock,
    known: RwLock<Option<Arc<Known>>>,
    tried: Mutex<Option<Timestamp>>,
}

struct Known {
    metadata: Metadata,
    keys: ForeignKeys,
    at: Timestamp,
}

/// What matters of a discovery document (OpenID Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// Whether it names itself when it sends a browser back (RFC 9207).
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// What a code was good for.
#[derive(Deserialize)]
pub(crate) struct CodeAnswer {
    pub(crate) id_token: SecretString,
    pub(crate) access_token: Option<SecretString>,
}

/// What goes into the URL that begins a sign-in.
#[derive(Clone, Copy)]
pub(crate) struct Begin<'a> {
    pub(crate) state: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) code_challenge: &'a str,
    /// Whether they shall prove who they are anew, even if the provider still knows them.
    pub(crate) fresh: bool,
}

impl IdentityProvider {
    /// Where a browser goes to sign in.
    pub(crate) async fn authorization_url(&self, begin: Begin<'_>) -> Result<Url, Trouble> {
        let known = self.known().await?;
        let mut url = endpoint(&known.metadata.authorization_endpoint).map_err(Trouble::Refused)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.config.scopes.join(" "))
            .append_pair("state", begin.state)
            .append_pair("nonce", begin.nonce)
            .append_pair("code_challenge", begin.code_challenge)
            .append_pair("code_challenge_method", "S256");
        if begin.fresh {
            url.query_pairs_mut()
                .append_pair("prompt", "login")
                .append_pair("max_age", "0");
        } else {
            // A provider that is asked for any age has to say which it is.
            url.query_pairs_mut()
                .append_pair("max_age", MAX_AGE_SECONDS);
        }
        Ok(url)
    }

    /// Whether this provider, and no other, sent the browser back (RFC 9207).
    pub(crate) async fn check_sender(&self, issuer: Option<&str>) -> Result<(), Trouble> {
        match issuer {
            Some(issuer) if issuer == self.config.issuer => Ok(()),
            Some(_) => Err(Trouble::Refused(anyhow!(
                "another issuer sent the browser back"
            ))),
            None if !self
                .known()
                .await?
                .metadata
                .authorization_response_iss_parameter_supported =>
            {
                Ok(())
            }
            None => Err(Trouble::Refused(anyhow!(
                "the browser came back without the issuer's name"
            ))),
        }
    }

    /// Exchanges a code (RFC 6749, section 4.1.3, with RFC 7636).
    pub(crate) async fn redeem(&self, code: &str, verifier: &str) -> Result<CodeAnswer, Trouble> {
        let known = self.known().await?;
        let url = endpoint(&known.metadata.token_endpoint).map_err(Trouble::Refused)?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", verifier),
        ];
        let mut request = self.http.post(url);
        let methods = &known.metadata.token_endpoint_auth_methods_supported;
        let offers = |name: &str| methods.iter().any(|method| method == name);
        let in_body = offers("client_secret_post") && !offers("client_secret_basic");
        match &self.config.client_secret {
            Some(secret) if !in_body => {
                // The standard wants both encoded as in forms (RFC 6749, section 2.3.1).
                let encode = |text: &str| {
                    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                };
                let secret = encode(secret.expose_secret());
                request = request.basic_auth(encode(&self.config.client_id), Some(secret));
            }
            secret => {
                form.push(("client_id", &self.config.client_id));
                form.extend(
                    secret
                        .iter()
                        .map(|secret| ("client_secret", secret.expose_secret())),
                );
            }
        }
        let (status, answer) = provider_http::json(request.form(&form))
            .await
            .map_err(Trouble::Away)?;
        if status.is_server_error() {
            return Err(Trouble::Away(anyhow!(
                "the token endpoint answers {status}"
            )));
        }
        if !status.is_success() {
            let error = answer
                .get("error")
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default();
            let error: String = error
                .chars()
                .filter(char::is_ascii_graphic)
                .take(60)
                .collect();
            return Err(Trouble::Refused(anyhow!("the code is refused: {error}")));
        }
        CodeAnswer::deserialize(answer)
            .map_err(|_| Trouble::Refused(anyhow!("the token endpoint gives no ID token")))
    }

    /// What a token says that this provider signed.
    pub(crate) async fn verify(&self, token: &str) -> Result<Signed, Trouble> {
        let known = self.known().await?;
        let algorithms = &self.config.algorithms;
        match known.keys.verify(token, algorithms) {
            Err(ForeignError::UnknownKey) => {}
            other => return other.map_err(Trouble::refused),
        }
        // A new key, perhaps; or no key of it at all.
        self.refresh(Some(&known)).await;
        let known = self.known().await?;
        known
            .keys
            .verify(token, algorithms)
            .map_err(Trouble::refused)
    }

    fn peek(&self) -> Option<Arc<Known>> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What is known of the provider. Waits only while nothing is.
    async fn known(&self) -> Result<Arc<Known>, Trouble> {
        if let Some(known) = self.peek() {
            return Ok(known);
        }
        self.refresh(None).await;
        self.peek()
            .ok_or_else(|| Trouble::Away(anyhow!("{} cannot be asked what it is", self.config.id)))
    }

    /// Renews what is known if that is old, without anybody waiting for it.
    pub(crate) fn renew_in_background(self: &Arc<Self>) {
        let Some(known) = self
            .peek()
            .filter(|known| self.clock.now().since(known.at) > REFRESH_INTERVAL)
        else {
            return;
        };
        let provider = self.clone();
        tokio::spawn(async move { provider.refresh(Some(&known)).await });
    }

    /// Asks the provider again, unless it was just asked or another has done it since `seen` was read.
    async fn refresh(&self, seen: Option<&Arc<Known>>) {
        let mut tried = self.tried.lock().await;
        if self
            .peek()
            .is_some_and(|known| seen.is_none_or(|seen| !Arc::ptr_eq(seen, &known)))
        {
            return;
        }
        let interval = if seen.is_some() {
            FETCH_INTERVAL
        } else {
            FIRST_FETCH_INTERVAL
        };
        let now = self.clock.now();
        if tried.is_some_and(|at| at <= now && now.since(at) < interval) {
            return;
        }
        match self.fetch().await {
            Ok(known) => {
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(known));
            }
            Err(error) => tracing::warn!(
                provider = self.config.id,
                error = format!("{error:#}"),
                "cannot ask an identity provider for its keys"
            ),
        }
        // From its end: who waited for an attempt that failed does not try again at once.
        *tried = Some(self.clock.now());
    }

    async fn fetch(&self) -> anyhow::Result<Known> {
        let issuer = &self.config.issuer;
        let url = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let metadata: Metadata = self.get(&url).await.context("its discovery document")?;
        if metadata.issuer != *issuer {
            if metadata.issuer.contains("{tenantid}") {
                bail!(
                    "its issuer stands for every tenant: configure the tenant that signs in here"
                );
            }
            bail!("its discovery document is of another issuer");
        }
        for address in [&metadata.authorization_endpoint, &metadata.token_endpoint] {
            endpoint(address)?;
        }
        let jwks = endpoint(&metadata.jwks_uri)?;
        let keys = ForeignKeys::parse(&self.get(jwks.as_str()).await.context("its keys")?);
        ensure!(!keys.is_empty(), "none of its keys can be used");
        Ok(Known {
            metadata,
            keys,
            at: self.clock.now(),
        })
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, url: &str) -> anyhow::Result<T> {
        let (status, answer) = provider_http::json(self.http.get(url)).await?;
        ensure!(status.is_success(), "the answer is {status}");
        serde_json::from_value(answer).context("the answer lacks something")
    }
}
