//! An identity provider that does what a test tells it to, also what no honest one would do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use primitives::Clock;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::Served;

pub(crate) const CLIENT: &str = "shop client";
pub(crate) const SECRET: &str = "s3cret: with %";
pub(crate) const TENANT: &str = "8a1ce3f3-5a34-4d2c-a5b2-7cf4a1d1a0ab";

/// A way to sign.
pub(crate) enum Key {
    Rsa(&'static str, Box<RsaKeyPair>),
    Ec(&'static str, Box<EcdsaKeyPair>),
}

impl Key {
    pub(crate) fn rsa(kid: &'static str) -> Self {
        let der = include_bytes!("../../../../crates/auth-token/src/foreign/test-rsa.pk8");
        Self::Rsa(kid, Box::new(RsaKeyPair::from_pkcs8(der).unwrap()))
    }

    pub(crate) fn ec(kid: &'static str) -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Self::Ec(kid, Box::new(pair))
    }

    pub(crate) fn header(&self) -> Value {
        match self {
            Self::Rsa(kid, _) => json!({"typ": "JWT", "alg": "RS256", "kid": kid}),
            Self::Ec(kid, _) => json!({"typ": "JWT", "alg": "ES256", "kid": kid}),
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        match self {
            Self::Rsa(kid, pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "use": "sig", "kid": kid, "n": text(public.n), "e": text(public.e)})
            }
            Self::Ec(kid, pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": text(&point[1..33]), "y": text(&point[33..])})
            }
        }
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Rsa(_, pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &random,
                    message.as_bytes(),
                    &mut signature,
                )
                .unwrap();
                signature
            }
            Self::Ec(_, pair) => pair
                .sign(&random, message.as_bytes())
                .unwrap()
                .as_ref()
                .to_vec(),
        };
        format!("{message}.{}", text(signature))
    }
}

pub(crate) fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What the provider says next.
pub(crate) struct Script {
    /// Changes to the claims of ID tokens; null removes one.
    pub(crate) claims: Value,
    /// Signs the tokens.
    pub(crate) key: Key,
    /// Makes a token in another way.
    pub(crate) forge: Option<fn(&Script, &Value) -> String>,
    /// The keys that are published; the signing key if there are none.
    pub(crate) published: Option<Vec<Value>>,
    /// The issuer that discovery names.
    pub(crate) issuer: Option<String>,
    /// The issuer that a browser brings back.
    pub(crate) sender: Option<&'static str>,
    /// The code it brings back is an error.
    pub(crate) error: Option<&'static str>,
    pub(crate) down: bool,
    pub(crate) hangs: bool,
    /// How often the keys were fetched.
    pub(crate) fetches: usize,
    codes: HashMap<String, HashMap<String, String>>,
}

#[derive(Clone)]
struct Shared {
    script: Arc<Mutex<Script>>,
    url: Arc<Mutex<String>>,
    clock: Arc<Mutex<Clock>>,
}

pub(crate) struct Issuer {
    shared: Shared,
    _served: Served,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let script = Script {
            claims: json!({}),
            key: Key::rsa("one"),
            forge: None,
            published: None,
            issuer: None,
            sender: None,
            error: None,
            down: false,
            hangs: false,
            fetches: 0,
            codes: HashMap::new(),
        };
        let shared = Shared {
            script: Arc::new(Mutex::new(script)),
            url: Arc::default(),
            clock: Arc::new(Mutex::new(Clock::system())),
        };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(shared.clone());
        let served = testkit::serve(Router::new().nest(&format!("/{TENANT}/v2.0"), routes)).await;
        *shared.url.lock().unwrap() = format!("{}/{TENANT}/v2.0", served.url());
        Self {
            shared,
            _served: served,
        }
    }

    /// Its issuer.
    pub(crate) fn url(&self) -> String {
        self.shared.url.lock().unwrap().clone()
    }

    /// One element of `OIDC_PROVIDERS` for it.
    pub(crate) fn config(&self, changes: &Value) -> Value {
        let mut config = json!({"id": "corp", "name": "Corp", "issuer": self.url(), "client_id": CLIENT, "client_secret": SECRET,
            "audiences": ["api://shop"]});
        for (name, value) in changes.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    }

    /// Lets it tell the time as the app does.
    pub(crate) fn follow(&self, clock: &Clock) {
        *self.shared.clock.lock().unwrap() = clock.clone();
    }

    pub(crate) fn now(&self) -> i64 {
        self.shared.clock.lock().unwrap().now().unix()
    }

    pub(crate) fn script<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.shared.script.lock().unwrap())
    }

    /// Who signs in from now on.
    pub(crate) fn is(&self, claims: Value) {
        self.script(|script| script.claims = claims);
    }

    /// An access token of its own.
    pub(crate) fn access_token(&self, changes: &Value) -> String {
        let now = self.now();
        let mut claims = json!({"iss": self.url(), "aud": "api://shop", "sub": "anna", "exp": now + 3600, "iat": now, "scp": "shop",
            "email": "anna@example.com", "email_verified": true, "name": "Anna Schmidt"});
        merge(&mut claims, changes);
        self.script(|script| script.key.sign(&script.key.header(), &claims))
    }
}

pub(crate) fn merge(claims: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
}

impl Shared {
    /// Nothing, or what a provider in trouble does instead.
    async fn trouble(&self) -> Option<Response> {
        let (down, hangs) = {
            let script = self.script.lock().unwrap();
            (script.down, script.hangs)
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        down.then(|| StatusCode::BAD_GATEWAY.into_response())
    }
}

async fn discovery(State(shared): State<Shared>) -> Response {
    if let Some(trouble) = shared.trouble().await {
        return trouble;
    }
    let url = shared.url.lock().unwrap().clone();
    let issuer = shared.script.lock().unwrap().issuer.clone();
    // As Entra has it, which does not offer everything by its name.
    Json(json!({
        "issuer": issuer.unwrap_or_else(|| url.clone()),
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": "EU",
    }))
    .into_response()
}

async fn keys(State(shared): State<Shared>) -> Response {
    if let Some(trouble) = shared.trouble().await {
        return trouble;
    }
    let mut script = shared.script.lock().unwrap();
    script.fetches += 1;
    let keys = script
        .published
        .clone()
        .unwrap_or_else(|| vec![script.key.jwk()]);
    Json(json!({"keys": keys})).into_response()
}

/// Signs in whoever comes, at once.
async fn authorize(
    State(shared): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["client_id"], CLIENT);
    let mut script = shared.script.lock().unwrap();
    let code = format!("code-{}", script.codes.len());
    let mut back: url::Url = query["redirect_uri"].parse().unwrap();
    back.query_pairs_mut().append_pair("state", &query["state"]);
    match script.error {
        Some(error) => back.query_pairs_mut().append_pair("error", error),
        None => back.query_pairs_mut().append_pair("code", &code),
    };
    if let Some(sender) = script.sender {
        back.query_pairs_mut().append_pair("iss", sender);
    }
    // As Entra does.
    back.query_pairs_mut().append_pair("session_state", "1");
    script.codes.insert(code, query);
    Redirect::to(back.as_str()).into_response()
}

async fn token(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    if let Some(trouble) = shared.trouble().await {
        return trouble;
    }
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = STANDARD.encode(format!("{}:{}", encode(CLIENT), encode(SECRET)));
    let refuse =
        |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    if headers
        .get(header::AUTHORIZATION)
        .is_none_or(|given| given != &format!("Basic {basic}"))
    {
        return refuse("invalid_client");
    }
    let (url, now) = (
        shared.url.lock().unwrap().clone(),
        shared.clock.lock().unwrap().now().unix(),
    );
    let mut script = shared.script.lock().unwrap();
    let Some(begun) = script.codes.remove(&form["code"]) else {
        return refuse("invalid_grant");
    };
    let challenge = text(Sha256::digest(&form["code_verifier"]));
    if begun["code_challenge"] != challenge || begun["redirect_uri"] != form["redirect_uri"] {
        return refuse("invalid_grant");
    }
    let mut claims = json!({"iss": url, "aud": CLIENT, "sub": "anna", "exp": now + 300, "iat": now, "nonce": begun["nonce"], "auth_time": now,
        "email": "anna@example.com", "email_verified": true, "name": "Anna Schmidt"});
    merge(&mut claims, &script.claims);
    let id_token = match script.forge {
        Some(forge) => forge(&script, &claims),
        None => script.key.sign(&script.key.header(), &claims),
    };
    Json(json!({"token_type": "Bearer", "access_token": "opaque", "id_token": id_token}))
        .into_response()
}
