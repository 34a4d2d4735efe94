//! The authorisation matrix: every operation of an OpenAPI document against every kind of caller.

use auth_token::{Claims, Role, Scope, Scopes, Signer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::http::{Answer, Client};

/// What an operation asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it does not look at tokens.
    Nothing,
    /// Nothing, but a token that is there must be good.
    NoBadToken,
    /// Anybody with a good token, programs too.
    SignedIn,
    /// A person, not a program that acts for one.
    Person,
    /// A person who proved lately who they are.
    FreshPerson,
    /// One of these roles.
    Role(&'static [Role]),
    /// One of these roles, who proved lately who they are.
    FreshRole(&'static [Role]),
}

/// What the matrix is run against.
pub struct Matrix<'a> {
    /// The service's OpenAPI document.
    pub document: &'a Value,
    /// What each operation (`get /api/things/{id}`) needs.
    pub cases: &'a [(&'a str, Needs)],
    /// The service.
    pub client: Client,
    /// Signs what the service takes for good tokens.
    pub signer: &'a Signer,
    /// A token whose session has ended.
    pub revoked: String,
    /// A token of a service for this one.
    pub service: String,
}

/// The codes of problems that refuse a caller, whatever the rest of the request says.
const REFUSALS: [&str; 7] = [
    "unauthenticated",
    "token_expired",
    "token_revoked",
    "forbidden",
    "insufficient_scope",
    "insufficient_user_authentication",
    "second_factor_required",
];

/// Longer ago than a proof of identity stays fresh, in seconds.
const STALE: i64 = 301;

impl Matrix<'_> {
    /// Tries every operation as every kind of caller. `claims` makes a good token's claims for somebody new with a role.
    ///
    /// # Panics
    /// Naming each operation without a case, and each caller who was let in or refused wrongly.
    pub async fn check(&self, claims: impl AsyncFn(Role) -> Claims) {
        let mut wrong = self.without_case();
        for (operation, needs) in self.cases {
            for caller in self.callers(&claims).await {
                // Some of these have a scope that stands for the fresh proof.
                if matches!(
                    (&caller.kind, needs),
                    (Kind::Program { all: true }, Needs::FreshRole(_))
                ) {
                    continue;
                }
                let answer = self.call(operation, caller.token.as_deref()).await;
                let got = refusal(&answer);
                let expected = caller.expected(*needs);
                if got.as_deref() != expected || answer.status >= 500 {
                    let (status, text) = (answer.status, answer.text());
                    let name = &caller.name;
                    wrong.push(format!(
                        "{operation} as {name}: expected {expected:?}, got {status} {text}"
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Operations without a case, cases without an operation, and operations whose document hides that they want a token.
    fn without_case(&self) -> Vec<String> {
        let mut operations: Vec<(String, bool)> = Vec::new();
        for (path, methods) in self.document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                let secured = operation["security"].is_array();
                operations.push((format!("{method} {path}"), secured));
            }
        }
        let mut wrong: Vec<String> = Vec::new();
        for (operation, secured) in &operations {
            let mut cases = self.cases.iter().filter(|(case, _)| case == operation);
            match (cases.next(), cases.next()) {
                (Some((_, Needs::NoBadToken)), None) => {}
                (Some((_, needs)), None) if (*needs != Needs::Nothing) == *secured => {}
                (Some(_), None) => {
                    wrong.push(format!("{operation}: the document's security is wrong"))
                }
                _ => wrong.push(format!("{operation} needs one case")),
            }
        }
        for (case, _) in self.cases {
            if !operations.iter().any(|(operation, _)| operation == case) {
                wrong.push(format!("{case} is a case of no operation"));
            }
        }
        wrong
    }

    async fn call(&self, operation: &str, token: Option<&str>) -> Answer {
        let (method, path) = operation.split_once(' ').expect("a method and a path");
        let method: Method = method.to_uppercase().parse().expect("a method");
        let path: Vec<&str> = path
            .split('/')
            .map(|part| {
                if part.starts_with('{') {
                    "019f0000-0000-7000-8000-000000000000"
                } else {
                    part
                }
            })
            .collect();
        let mut request = self.client.request(method.clone(), &path.join("/"));
        if let Some(token) = token {
            request = request.bearer(token);
        }
        if method != Method::GET {
            request = request.json(&json!({}));
        }
        request.send().await
    }

    async fn callers(&self, claims: &impl AsyncFn(Role) -> Claims) -> Vec<Caller> {
        let sign = |claims: &Claims| self.signer.sign(claims).expect("a token");
        let mut callers = vec![Caller::new("anonymous", None, Kind::Anonymous)];
        for role in Role::ALL {
            let good = claims(role).await;
            callers.push(Caller::new(
                format!("{role}"),
                Some(sign(&good)),
                Kind::Good { role, fresh: true },
            ));
            let stale = Claims {
                auth_time: Some(good.iat - STALE),
                ..claims(role).await
            };
            callers.push(Caller::new(
                format!("{role} whose proof is old"),
                Some(sign(&stale)),
                Kind::Good { role, fresh: false },
            ));
            let missing = Claims {
                factor_missing: true,
                ..claims(role).await
            };
            callers.push(Caller::new(
                format!("{role} without the second factor that the shop wants"),
                Some(sign(&missing)),
                Kind::WithoutFactor { role },
            ));
        }
        for (name, scopes) in [
            ("a program that may do nothing", Scopes::default()),
            (
                "a program that may do all",
                Scope::ALL.into_iter().collect(),
            ),
        ] {
            let program = Claims {
                auth_time: None,
                scope: Some(scopes),
                ..claims(Role::Admin).await
            };
            let all = !scopes.is_empty();
            callers.push(Caller::new(
                name,
                Some(sign(&program)),
                Kind::Program { all },
            ));
        }
        let bad = claims(Role::Admin).await;
        for (name, token, code) in self.bad_tokens(&bad) {
            callers.push(Caller::new(name, Some(token), Kind::Bad(code)));
        }
        callers
    }

    /// An admin's token, spoilt in every way that has ever worked somewhere (RFC 8725).
    fn bad_tokens(&self, claims: &Claims) -> Vec<(&'static str, String, &'static str)> {
        let sign = |claims: &Claims| self.signer.sign(claims).expect("a token");
        let good = sign(claims);
        let mut parts = good.split('.');
        let mut part = || parts.next().expect("three parts").to_owned();
        let (header, payload, signature) = (part(), part(), part());
        let header = decode(&header);
        let with_header = |changes: Value, signature: &str| {
            format!(
                "{}.{payload}.{signature}",
                encode(&merge(&header, &changes))
            )
        };
        let hmac = |secret: &[u8]| {
            let head = encode(&merge(&header, &json!({"alg": "HS256"})));
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
            let tag = ring::hmac::sign(&key, format!("{head}.{payload}").as_bytes());
            format!("{head}.{payload}.{}", URL_SAFE_NO_PAD.encode(tag))
        };
        let public = &self.signer.jwk().x;
        let public_bytes = URL_SAFE_NO_PAD.decode(public).expect("a public key");
        let kid = self.signer.jwk().kid.as_str();
        let stranger = |kid: &str| {
            let signer = Signer::generate(kid).expect("a key");
            signer.sign(claims).expect("a token")
        };
        let king = merge(&decode(&payload), &json!({"name": "somebody else"}));
        let invalid = "unauthenticated";
        vec![
            ("no token at all", "x".to_owned(), invalid),
            ("alg none", with_header(json!({"alg": "none"}), ""), invalid),
            (
                "alg none, signed",
                with_header(json!({"alg": "none"}), &signature),
                invalid,
            ),
            ("HS256 with the public key", hmac(&public_bytes), invalid),
            (
                "HS256 with the public key as text",
                hmac(public.as_bytes()),
                invalid,
            ),
            (
                "HS256 in the header",
                with_header(json!({"alg": "HS256"}), &signature),
                invalid,
            ),
            (
                "ES256 in the header",
                with_header(json!({"alg": "ES256"}), &signature),
                invalid,
            ),
            ("an unknown key", stranger("nobody"), invalid),
            ("another key of the same name", stranger(kid), invalid),
            (
                "a key in the header",
                with_header(
                    json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": public}, "kid": "nobody"}),
                    &signature,
                ),
                invalid,
            ),
            (
                "no key name",
                with_header(json!({"kid": null}), &signature),
                invalid,
            ),
            (
                "a changed payload",
                format!("{}.{}.{signature}", encode(&header), encode(&king)),
                invalid,
            ),
            ("no signature", with_header(json!({}), ""), invalid),
            (
                "another audience",
                sign(&Claims {
                    aud: "elsewhere".into(),
                    ..claims.clone()
                }),
                invalid,
            ),
            (
                "another issuer",
                sign(&Claims {
                    iss: "elsewhere".into(),
                    ..claims.clone()
                }),
                invalid,
            ),
            (
                "an old token",
                sign(&Claims {
                    exp: claims.iat - 60,
                    ..claims.clone()
                }),
                "token_expired",
            ),
            (
                "a session that ended",
                self.revoked.clone(),
                "token_revoked",
            ),
            ("a service", self.service.clone(), invalid),
        ]
    }
}

struct Caller {
    name: String,
    token: Option<String>,
    kind: Kind,
}

enum Kind {
    Anonymous,
    Good {
        role: Role,
        fresh: bool,
    },
    WithoutFactor {
        role: Role,
    },
    /// For an admin.
    Program {
        all: bool,
    },
    Bad(&'static str),
}

impl Caller {
    fn new(name: impl Into<String>, token: Option<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            token,
            kind,
        }
    }

    /// The code of the refusal, unless the caller is let in.
    fn expected(&self, needs: Needs) -> Option<&'static str> {
        let role_of =
            |roles: &'static [Role], role: &Role| (!roles.contains(role)).then_some("forbidden");
        match (&self.kind, needs) {
            (_, Needs::Nothing) | (Kind::Anonymous, Needs::NoBadToken) => None,
            (Kind::Anonymous, _) => Some("unauthenticated"),
            (Kind::Bad(code), _) => Some(code),
            (Kind::Program { all: false }, _) => Some("insufficient_scope"),
            (Kind::Program { .. }, Needs::Person | Needs::FreshPerson) => Some("forbidden"),
            (Kind::Program { .. }, Needs::Role(roles) | Needs::FreshRole(roles)) => {
                role_of(roles, &Role::Admin)
            }
            (_, Needs::NoBadToken | Needs::SignedIn | Needs::Person) => None,
            (Kind::Good { fresh, .. }, Needs::FreshPerson) => {
                (!fresh).then_some("insufficient_user_authentication")
            }
            (Kind::WithoutFactor { .. }, Needs::FreshPerson) => None,
            (Kind::Good { role, .. }, Needs::Role(roles)) => role_of(roles, role),
            (Kind::Good { role, fresh }, Needs::FreshRole(roles)) => role_of(roles, role)
                .or_else(|| (!fresh).then_some("insufficient_user_authentication")),
            (Kind::WithoutFactor { role }, Needs::Role(roles) | Needs::FreshRole(roles)) => {
                role_of(roles, role).or(Some("second_factor_required"))
            }
        }
    }
}

fn refusal(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    let code = body["code"].as_str()?;
    REFUSALS.contains(&code).then(|| code.to_owned())
}

fn decode(part: &str) -> Value {
    let json = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&json).expect("JSON")
}

fn encode(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn merge(json: &Value, changes: &Value) -> Value {
    let mut merged = json.clone();
    let (Some(merged_members), Some(changes)) = (merged.as_object_mut(), changes.as_object())
    else {
        return merged;
    };
    for (name, value) in changes {
        if value.is_null() {
            merged_members.remove(name);
        } else {
            merged_members.insert(name.clone(), value.clone());
        }
    }
    merged
}
