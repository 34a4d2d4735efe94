//! The whole way against a real OpenID provider (npm's oidc-provider, which is certified), as Entra would be configured.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{TestApp, app_with};

const CALLBACK: &str = "https://shop.example/api/auth/oidc/entra/callback";
const SECRET: &str = "a secret of forty characters or even more";

/// A provider in a process of its own, which ends with this.
struct Provider {
    process: Child,
    issuer: String,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Provider {
    /// `None` without the tools that `cargo xtask test` prepares.
    fn start() -> Option<Self> {
        let Some(tools) = std::env::var_os("MERCATO_TEST_TOOLS").map(PathBuf::from) else {
            eprintln!("left out: MERCATO_TEST_TOOLS is not set, as `cargo xtask test` does");
            return None;
        };
        let server = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/oidc-provider/server.mjs"
        );
        let mut process = Command::new(tools.join("node"))
            .arg(server)
            .arg(tools.join("oidc-provider/node_modules"))
            .arg(CALLBACK)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut issuer = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut issuer).unwrap();
        let issuer = issuer.trim().to_owned();
        assert!(issuer.starts_with("http://127.0.0.1:"), "{issuer:?}");
        Some(Self { process, issuer })
    }

    fn config(&self) -> String {
        json!([{"id": "entra", "name": "Microsoft", "issuer": self.issuer, "client_id": "shop", "client_secret": SECRET, "entra": true,
            "audiences": ["api://shop"], "roles": {"Shop.Admin": "admin"}}])
        .to_string()
    }
}

/// A browser that fills in the provider's forms.
struct Browser(reqwest::Client);

impl Browser {
    fn new() -> Self {
        let builder = reqwest::Client::builder().cookie_store(true).no_proxy();
        Self(builder.redirect(Policy::none()).build().unwrap())
    }

    /// Signs in at the provider as somebody, from where a sign-in begins to where it sends the browser back.
    async fn sign_in(&self, begin: &str, login: &str) -> String {
        let mut url: url::Url = begin.parse().unwrap();
        let mut form: Option<Vec<(&str, String)>> = None;
        for _ in 0..12 {
            let request = match form.take() {
                Some(form) => self.0.post(url.clone()).form(&form),
                None => self.0.get(url.clone()),
            };
            let answer = request.send().await.unwrap();
            if let Some(location) = answer.headers().get("location") {
                url = url.join(location.to_str().unwrap()).unwrap();
                if url.as_str().starts_with("https://shop.example/") {
                    return url.to_string();
                }
                continue;
            }
            let page = answer.text().await.unwrap();
            let after = |mark: &str| {
                let rest = page
                    .split_once(mark)
                    .unwrap_or_else(|| panic!("no {mark} in {page}"))
                    .1;
                rest.split('"').next().unwrap().to_owned()
            };
            url = url.join(&after("action=\"")).unwrap();
            let prompt = after("name=\"prompt\" value=\"");
            form = Some(vec![
                ("prompt", prompt),
                ("login", login.to_owned()),
                ("password", "x".to_owned()),
            ]);
        }
        panic!("the provider asks for ever, last at {url}");
    }
}

async fn sign_in(app: &TestApp, login: &str) -> Value {
    let begun = app
        .client()
        .get("/api/auth/oidc/entra/authorize")
        .expect(302)
        .await;
    let cookie = begun
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let back = Browser::new()
        .sign_in(begun.header("location"), login)
        .await;
    let path = back.strip_prefix("https://shop.example").unwrap();
    app.client()
        .get(path)
        .header("cookie", &cookie)
        .expect(200)
        .await
        .value()
}

#[tokio::test]
async fn people_of_a_tenant_sign_in_with_their_app_roles() {
    let Some(provider) = Provider::start() else {
        return;
    };
    let app = app_with(|settings| settings.oidc_providers = provider.config().into()).await;
    let anna = app.signed_in(&sign_in(&app, "anna").await);
    let me = anna.client.get("/api/users/me").expect(200).await.value();
    assert_eq!(
        (&me["email"], &me["role"]),
        (&json!("anna@example.com"), &json!("customer"))
    );
    assert_eq!(me["name"], "anna of the tenant");
    assert_eq!(app.signed_in(&sign_in(&app, "anna").await).id, anna.id);
    let admin = app.signed_in(&sign_in(&app, "admin").await);
    let _ = admin.client.get("/api/users").expect(200).await;
}

#[tokio::test]
async fn its_access_tokens_are_accepted_as_they_are() {
    let Some(provider) = Provider::start() else {
        return;
    };
    let app = app_with(|settings| settings.oidc_providers = provider.config().into()).await;
    // An app of the tenant gets a token for the shop's API by itself.
    let verifier = "a-code-verifier-of-forty-three-characters-or-more";
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let query = [
        ("client_id", "shop"),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let begin = url::Url::parse_with_params(&format!("{}/auth", provider.issuer), query).unwrap();
    let browser = Browser::new();
    let back: url::Url = browser
        .sign_in(begin.as_str(), "bert")
        .await
        .parse()
        .unwrap();
    let code = back
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", verifier),
    ];
    let request = browser.0.post(format!("{}/token", provider.issuer));
    let request = request.basic_auth("shop", Some(SECRET.replace(' ', "+")));
    let answer: Value = request
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = |name: &str| {
        answer[name]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned()
    };
    let bert = app.client().with_bearer(&token("access_token"));
    let me = bert.get("/api/users/me").expect(200).await.value();
    assert_eq!(
        (&me["email"], &me["email_verified"]),
        (&json!("bert@example.com"), &json!(true))
    );
    // What says who signed in is no key to anything.
    let by_id_token = app.client().with_bearer(&token("id_token"));
    by_id_token
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "unauthenticated");
    // The same person in a browser.
    let in_browser = app.signed_in(&sign_in(&app, "bert").await);
    assert_eq!(in_browser.id, me["id"].as_str().unwrap());
}
