use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::{Deserialize, Serialize};

/// A public key (RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    #[serde(default)]
    pub crv: String,
    /// The key's name, as in a token's header.
    #[serde(default)]
    pub kid: String,
    /// `sig`.
    #[serde(rename = "use", default)]
    pub usage: String,
    /// `EdDSA`.
    #[serde(default)]
    pub alg: String,
    /// The key, base64url.
    #[serde(default)]
    pub x: String,
}

impl Jwk {
    pub(crate) fn ed25519(kid: &str, x: String) -> Self {
        Self {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            kid: kid.into(),
            usage: "sig".into(),
            alg: "EdDSA".into(),
            x,
        }
    }
}

/// A set of public keys (RFC 7517).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// Keys by name, ready to verify with. Keys of other kinds than Ed25519 are left out.
#[derive(Clone, Default)]
pub(crate) struct KeyMap(HashMap<String, DecodingKey>);

impl KeyMap {
    pub(crate) fn get(&self, kid: &str) -> Option<&DecodingKey> {
        self.0.get(kid)
    }
}

impl From<&Jwks> for KeyMap {
    fn from(jwks: &Jwks) -> Self {
        let usable = jwks
            .keys
            .iter()
            .filter(|jwk| jwk.kty == "OKP" && jwk.crv == "Ed25519" && !jwk.kid.is_empty());
        let keys = usable.filter_map(|jwk| {
            let x = URL_SAFE_NO_PAD
                .decode(&jwk.x)
                .ok()
                .filter(|x| x.len() == 32)?;
            Some((jwk.kid.clone(), DecodingKey::from_ed_der(&x)))
        });
        Self(keys.collect())
    }
}

/// Where a [`crate::Verifier`] gets its keys.
#[derive(Clone)]
pub struct JwksSource(Source);

#[derive(Clone)]
enum Source {
    Url {
        client: reqwest::Client,
        url: Arc<str>,
    },
    Local(Arc<dyn Fn() -> Jwks + Send + Sync>),
}

impl JwksSource {
    /// Over HTTP, from auth's internal listener.
    pub fn url(url: impl AsRef<str>) -> anyhow::Result<Self> {
        runtime::install_tls_provider();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(5))
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self(Source::Url {
            client,
            url: url.as_ref().into(),
        }))
    }

    /// Always these keys.
    pub fn fixed(jwks: Jwks) -> Self {
        Self::local(move || jwks.clone())
    }

    /// From this process: auth's own keys, which rotate.
    pub fn local(keys: impl Fn() -> Jwks + Send + Sync + 'static) -> Self {
        Self(Source::Local(Arc::new(keys)))
    }

    pub(crate) async fn fetch(&self) -> anyhow::Result<Jwks> {
        match &self.0 {
            Source::Url { client, url } => Ok(client
                .get(&**url)
                .send()
                .await?
                .error_for_status()?
                .json()
                .await?),
            Source::Local(keys) => Ok(keys()),
        }
    }
}
