//! Signing in by an identity provider that does what it likes.

use auth_token::GeneratedKey;
use ring::hmac;
use serde_json::{Value, json};
use testkit::http::Answer;

use crate::issuer::{Issuer, Key, Script, TENANT, text};
use crate::second_factor::enrol;
use crate::support::{PASSWORD, TestApp, app_with};

pub(crate) async fn app_of(issuer: &Issuer, changes: Value) -> TestApp {
    let providers = json!([issuer.config(&changes)]).to_string();
    let app = app_with(|settings| {
        settings.oidc_providers = providers.into();
        settings.oidc_return_origins = "http://localhost:5173".to_owned();
    })
    .await;
    issuer.follow(&app.clock);
    app
}

/// A browser between the shop and the provider.
struct Browser {
    cookie: String,
    back: String,
}

/// Goes to the provider, which sends it back; that is still to be followed.
async fn leave(app: &TestApp, query: &str) -> Browser {
    let path = format!("/api/auth/oidc/corp/authorize{query}");
    let answer = app.client().get(&path).expect(302).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let cookie = answer.header("set-cookie").to_owned();
    for part in [
        "__Host-oidc-",
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
        "Path=/",
        "Max-Age=600",
    ] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let provider = app
        .client()
        .get(answer.header("location"))
        .expect(303)
        .await;
    let back = provider.header("location");
    let back = back
        .strip_prefix("https://shop.example")
        .unwrap_or_else(|| panic!("{back}"));
    Browser {
        cookie: cookie.split(';').next().unwrap().to_owned(),
        back: back.to_owned(),
    }
}

impl Browser {
    async fn come_back(&self, app: &TestApp) -> Answer {
        app.client()
            .get(&self.back)
            .header("cookie", &self.cookie)
            .send()
            .await
    }
}

pub(crate) async fn sign_in(app: &TestApp) -> Answer {
    leave(app, "").await.come_back(app).await
}

fn query(url: &str, name: &str) -> Option<String> {
    let url: url::Url = url.parse().unwrap();
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn the_first_sign_in_makes_an_account_and_the_next_finds_it() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    let list = app
        .client()
        .get("/api/auth/oidc/providers")
        .expect(200)
        .await
        .value();
    let listed =
        json!([{"id": "corp", "name": "Corp", "authorize_path": "/api/auth/oidc/corp/authorize"}]);
    assert_eq!(list["data"], listed);
    let answer = sign_in(&app).await.expect(200);
    assert!(
        answer.header("set-cookie").contains("Max-Age=0"),
        "{}",
        answer.header("set-cookie")
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let anna = app.signed_in(&answer.value());
    let me = anna.client.get("/api/users/me").expect(200).await.value();
    assert_eq!(
        (&me["email"], &me["email_verified"]),
        (&json!("anna@example.com"), &json!(true))
    );
    assert_eq!(
        (&me["name"], &me["role"]),
        (&json!("Anna Schmidt"), &json!("customer"))
    );
    assert_eq!(app.events("user.registered").await.len(), 1);
    // Another address and name do not make another person.
    issuer.is(json!({"email": "anna.new@example.com", "name": "Anna B."}));
    let again = app.signed_in(&sign_in(&app).await.expect(200).value());
    assert_eq!(again.id, anna.id);
    let identities = anna
        .client
        .get("/api/users/me/identities")
        .expect(200)
        .await
        .value();
    assert_eq!(identities["data"][0]["name"], "Corp");
    assert_eq!(identities["data"].as_array().unwrap().len(), 1);
    // Another subject is another person, whose address is taken.
    issuer.is(json!({"sub": "bert"}));
    sign_in(&app).await.problem(409, "link_required");
    app.client()
        .get("/api/auth/oidc/nobody/authorize")
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_page_gets_a_code_that_is_good_once_for_a_minute() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    let back = "?return_to=https%3A%2F%2Fshop.example%2Faccount%3Ftab%3D1";
    let arrived = async || {
        let answer = leave(&app, back).await.come_back(&app).await.expect(302);
        let location = answer.header("location").to_owned();
        assert!(
            location.starts_with("https://shop.example/account?tab=1&sign_in_code="),
            "{location}"
        );
        query(&location, "sign_in_code").unwrap()
    };
    let redeem = async |code: &str| {
        let body = json!({"sign_in_code": code});
        app.client()
            .post("/api/auth/oidc/token")
            .json(&body)
            .send()
            .await
    };
    let code = arrived().await;
    let anna = app.signed_in(&redeem(&code).await.expect(200).value());
    let claims = anna
        .client
        .get("/api/auth/verify")
        .expect(200)
        .await
        .value();
    assert_eq!(claims["email"], "anna@example.com");
    redeem(&code).await.problem(401, "invalid_sign_in_code");
    redeem("nonsense")
        .await
        .problem(401, "invalid_sign_in_code");
    let late = arrived().await;
    app.later(61);
    redeem(&late).await.problem(401, "invalid_sign_in_code");
    // Between the callback and the page the account is shut.
    let shut = arrived().await;
    sqlx::query("UPDATE users SET disabled_at = now()")
        .execute(&app.root().await)
        .await
        .unwrap();
    redeem(&shut).await.problem(401, "invalid_sign_in_code");
    let answer = leave(&app, back).await.come_back(&app).await.expect(302);
    assert_eq!(
        query(answer.header("location"), "error").as_deref(),
        Some("account_disabled")
    );
    sign_in(&app).await.problem(403, "account_disabled");
}

#[tokio::test]
async fn a_browser_is_never_sent_elsewhere() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    for bad in [
        "https://evil.example/",
        "//evil.example/",
        "/account",
        "https://shop.example@evil.example/",
        "https://shop.example.evil.example/",
        "javascript:alert(1)",
        "http://shop.example/",
    ] {
        let bad: String = url::form_urlencoded::byte_serialize(bad.as_bytes()).collect();
        let path = format!("/api/auth/oidc/corp/authorize?return_to={bad}");
        app.client()
            .get(&path)
            .send()
            .await
            .problem(422, "validation_failed");
    }
    let _ = leave(&app, "?return_to=http%3A%2F%2Flocalhost%3A5173%2Fdone").await;
}

#[tokio::test]
async fn a_sign_in_belongs_to_the_browser_it_began_in_and_ends_once() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    let (mine, other) = (leave(&app, "").await, leave(&app, "").await);
    let refused =
        async |browser: &Browser| browser.come_back(&app).await.problem(400, "invalid_state");
    // Somebody else's browser, with its own sign-in under way, or with none.
    refused(&Browser {
        cookie: other.cookie.clone(),
        back: mine.back.clone(),
    })
    .await;
    refused(&Browser {
        cookie: "a=b".to_owned(),
        back: mine.back.clone(),
    })
    .await;
    let (_, value) = other.cookie.split_once('=').unwrap();
    let (name, _) = mine.cookie.split_once('=').unwrap();
    refused(&Browser {
        cookie: format!("{name}={value}"),
        back: mine.back.clone(),
    })
    .await;
    // That did not disturb it.
    let _ = mine.come_back(&app).await.expect(200);
    refused(&mine).await;
    let late = leave(&app, "").await;
    app.later(601);
    refused(&late).await;
    app.client()
        .get("/api/auth/oidc/corp/callback")
        .send()
        .await
        .problem(400, "invalid_state");
    // The verifier is derived from the cookie, so nothing that is stored would do instead.
    let columns: Vec<String> =
        sqlx::query_scalar("SELECT column_name::text FROM information_schema.columns WHERE table_name = 'oidc_requests'")
            .fetch_all(&app.root().await)
            .await
            .unwrap();
    assert!(
        !columns
            .iter()
            .any(|column| column.contains("verifier") || column.contains("nonce"))
    );
}

#[tokio::test]
async fn a_provider_can_say_no_and_must_say_who_it_is() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    issuer.script(|script| script.error = Some("access_denied"));
    sign_in(&app).await.problem(401, "access_denied");
    issuer.script(|script| script.error = Some("<script>"));
    sign_in(&app).await.problem(401, "provider_error");
    let back = "?return_to=https%3A%2F%2Fshop.example%2F";
    let answer = leave(&app, back).await.come_back(&app).await.expect(302);
    assert_eq!(
        answer.header("location"),
        "https://shop.example/?error=provider_error"
    );
    issuer.script(|script| {
        script.error = None;
        script.sender = Some("https://evil.example");
    });
    sign_in(&app).await.problem(401, "federated_sign_in_failed");
}

/// What somebody forges, and how.
type Forgery = (&'static str, fn(&Script, &Value) -> String);

/// An ID token signed by what it should not be.
fn forgeries() -> Vec<Forgery> {
    vec![
        ("without a signature", |_, claims| {
            format!(
                "{}.{}.",
                text(r#"{"alg":"none"}"#),
                text(claims.to_string())
            )
        }),
        ("with the public key as a secret", |script, claims| {
            let header = json!({"alg": "HS256", "kid": "one"});
            let message = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
            let secret = script.key.jwk()["n"].as_str().unwrap().to_owned();
            let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            format!(
                "{message}.{}",
                text(hmac::sign(&secret, message.as_bytes()))
            )
        }),
        ("by a key that nobody published", |_, claims| {
            Key::ec("one").sign(&json!({"alg": "ES256", "kid": "one"}), claims)
        }),
        ("by a key of another name", |script, claims| {
            script
                .key
                .sign(&json!({"alg": "RS256", "kid": "two"}), claims)
        }),
        (
            "with claims changed after it was signed",
            |script, claims| {
                let token = script.key.sign(&script.key.header(), claims);
                let (header, rest) = token.split_once('.').unwrap();
                let (_, signature) = rest.split_once('.').unwrap();
                let mut claims = claims.clone();
                claims["sub"] = json!("admin");
                format!("{header}.{}.{signature}", text(claims.to_string()))
            },
        ),
        ("by the shop itself", |_, claims| {
            let key = GeneratedKey::generate().unwrap();
            let pair = ring::signature::Ed25519KeyPair::from_pkcs8(key.pkcs8()).unwrap();
            let message = format!(
                "{}.{}",
                text(r#"{"alg":"EdDSA","kid":"one"}"#),
                text(claims.to_string())
            );
            format!("{message}.{}", text(pair.sign(message.as_bytes())))
        }),
        ("that is no token", |_, _| "nonsense".to_owned()),
    ]
}

#[tokio::test]
async fn no_forged_or_borrowed_id_token_signs_anybody_in() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    for (what, forge) in forgeries() {
        issuer.script(|script| script.forge = Some(forge));
        let answer = sign_in(&app).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        answer.problem(401, "federated_sign_in_failed");
    }
    issuer.script(|script| script.forge = None);
    let now = issuer.now();
    for claims in [
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"aud": "another client"}),
        json!({"azp": "another client"}),
        json!({"iss": "https://another.example"}),
        json!({"exp": now - 61}),
        json!({"iat": now + 61}),
        json!({"at_hash": "AAAA"}),
        json!({"sub": null}),
    ] {
        issuer.is(claims.clone());
        let answer = sign_in(&app).await;
        assert_eq!(answer.status, 401, "{claims}: {}", answer.text());
    }
    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&app.root().await)
        .await
        .unwrap();
    assert_eq!(users, 0);
}

#[tokio::test]
async fn rotated_keys_are_fetched_but_never_often() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({"algorithms": ["RS256", "ES256"]})).await;
    let _ = sign_in(&app).await.expect(200);
    let fetches = || issuer.script(|script| script.fetches);
    assert_eq!(fetches(), 1);
    app.later(6);
    issuer.script(|script| script.key = Key::ec("two"));
    let _ = sign_in(&app).await.expect(200);
    assert_eq!(fetches(), 2);
    // The old key is not published any more: its tokens are worthless.
    app.later(6);
    issuer.script(|script| {
        script.published = Some(vec![script.key.jwk()]);
        script.key = Key::rsa("one");
    });
    for _ in 0..5 {
        sign_in(&app).await.problem(401, "federated_sign_in_failed");
    }
    assert_eq!(fetches(), 3);
}

#[tokio::test]
async fn a_provider_that_is_away_hinders_nobody_else() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    issuer.script(|script| script.hangs = true);
    app.client()
        .get("/api/auth/oidc/corp/authorize")
        .send()
        .await
        .problem(503, "provider_unavailable");
    // Who came meanwhile does not wait as long again.
    app.client()
        .get("/api/auth/oidc/corp/authorize")
        .send()
        .await
        .problem(503, "provider_unavailable");
    app.register("bert@example.com").await;
    app.later(2);
    issuer.script(|script| script.hangs = false);
    let browser = leave(&app, "").await;
    issuer.script(|script| script.down = true);
    browser
        .come_back(&app)
        .await
        .problem(503, "provider_unavailable");
    // What it published is still known.
    let _ = app
        .client()
        .get("/api/auth/oidc/corp/authorize")
        .expect(302)
        .await;
}

#[tokio::test]
async fn an_issuer_that_is_another_or_everybody_is_refused() {
    for named in [
        "https://evil.example",
        "https://login.microsoftonline.com/{tenantid}/v2.0",
    ] {
        let issuer = Issuer::start().await;
        let app = app_of(&issuer, json!({})).await;
        issuer.script(|script| script.issuer = Some(named.to_owned()));
        app.client()
            .get("/api/auth/oidc/corp/authorize")
            .send()
            .await
            .problem(503, "provider_unavailable");
    }
}

#[tokio::test]
async fn an_address_that_the_provider_does_not_vouch_for_has_to_be_verified() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    issuer.is(json!({"email_verified": false}));
    let anna = app.signed_in(&sign_in(&app).await.expect(200).value());
    let me = anna.client.get("/api/users/me").expect(200).await.value();
    assert_eq!(me["email_verified"], false);
    assert_eq!(app.mails("anna@example.com", "verify_email").await.len(), 1);
    // As Entra has it: an administrator wrote that name.
    issuer.is(json!({"sub": "bert", "email": null, "email_verified": null, "preferred_username": "bert@example.com"}));
    let bert = app.signed_in(&sign_in(&app).await.expect(200).value());
    let me = bert.client.get("/api/users/me").expect(200).await.value();
    assert_eq!(
        (&me["email"], &me["email_verified"]),
        (&json!("bert@example.com"), &json!(false))
    );
    issuer.is(json!({"sub": "carl", "email": null}));
    sign_in(&app).await.problem(403, "email_missing");
}

pub(crate) async fn verify(app: &TestApp, email: &str) {
    let token = app.mailed_token(email, "verify_email").await;
    let _ = app
        .client()
        .post("/api/auth/email/verify")
        .json(&json!({"token": token}))
        .expect(204)
        .await;
}

#[tokio::test]
async fn an_account_is_linked_only_by_its_owners_consent() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    app.register("anna@example.com").await;
    verify(&app, "anna@example.com").await;
    let anna = app.login("anna@example.com", PASSWORD).await;
    let bert = app.register("bert@example.com").await;
    let problem = sign_in(&app).await.problem(409, "link_required");
    let link = json!({"link_token": problem["link_token"]});
    // Not without signing in, not by another, not by a proof that is old.
    app.client()
        .post("/api/auth/oidc/link")
        .json(&link)
        .send()
        .await
        .problem(401, "unauthenticated");
    bert.client
        .post("/api/auth/oidc/link")
        .json(&link)
        .send()
        .await
        .problem(422, "invalid_link_token");
    sign_in(&app).await.problem(409, "link_required");
    app.later(301);
    anna.client
        .post("/api/auth/oidc/link")
        .json(&link)
        .send()
        .await
        .problem(401, "insufficient_user_authentication");
    let anna = app.login("anna@example.com", PASSWORD).await;
    let _ = anna
        .client
        .post("/api/auth/oidc/link")
        .json(&link)
        .expect(204)
        .await;
    anna.client
        .post("/api/auth/oidc/link")
        .json(&link)
        .send()
        .await
        .problem(422, "invalid_link_token");
    assert_eq!(
        app.mails("anna@example.com", "identity_linked").await[0]["provider"],
        "Corp"
    );
    let federated = app.signed_in(&sign_in(&app).await.expect(200).value());
    assert_eq!(federated.id, anna.id);
    // And parted again.
    let identities = anna
        .client
        .get("/api/users/me/identities")
        .expect(200)
        .await
        .value();
    let path = format!(
        "/api/users/me/identities/{}",
        identities["data"][0]["id"].as_str().unwrap()
    );
    let bert = app.login("bert@example.com", PASSWORD).await;
    bert.client
        .delete(&path)
        .send()
        .await
        .problem(404, "not_found");
    let _ = anna.client.delete(&path).expect(204).await;
    sign_in(&app).await.problem(409, "link_required");
    let back = "?return_to=https%3A%2F%2Fshop.example%2F";
    let answer = leave(&app, back).await.come_back(&app).await.expect(302);
    assert_eq!(
        query(answer.header("location"), "error").as_deref(),
        Some("link_required")
    );
    assert!(query(answer.header("location"), "link_token").is_some());
}

#[tokio::test]
async fn the_only_way_to_sign_in_cannot_be_removed() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    let anna = app.signed_in(&sign_in(&app).await.expect(200).value());
    let identities = anna
        .client
        .get("/api/users/me/identities")
        .expect(200)
        .await
        .value();
    let path = format!(
        "/api/users/me/identities/{}",
        identities["data"][0]["id"].as_str().unwrap()
    );
    anna.client
        .delete(&path)
        .send()
        .await
        .problem(409, "last_sign_in_method");
}

#[tokio::test]
async fn app_roles_become_roles_at_each_sign_in() {
    let issuer = Issuer::start().await;
    let roles = json!({"Shop.Admin": "admin", "Shop.Support": "support"});
    let app = app_of(&issuer, json!({"roles": roles})).await;
    let role = async |user: &crate::support::SignedIn| {
        user.client
            .get("/api/auth/verify")
            .expect(200)
            .await
            .value()["role"]
            .clone()
    };
    issuer.is(json!({"roles": ["Shop.Support", "Shop.Admin", "Other"]}));
    let admin = app.signed_in(&sign_in(&app).await.expect(200).value());
    assert_eq!(role(&admin).await, "admin");
    // The last admin stays one.
    issuer.is(json!({"roles": []}));
    let still = app.signed_in(&sign_in(&app).await.expect(200).value());
    assert_eq!(role(&still).await, "admin");
    app.with_role("boss@example.com", "admin").await;
    app.later(1);
    issuer.is(json!({"roles": "Shop.Support"}));
    let support = app.signed_in(&sign_in(&app).await.expect(200).value());
    assert_eq!(
        (role(&support).await, &support.id),
        (json!("support"), &admin.id)
    );
    // Tokens from before say what is no longer true.
    still
        .client
        .get("/api/auth/verify")
        .send()
        .await
        .problem(401, "token_revoked");
    issuer.is(json!({"roles": ["Other"]}));
    app.later(1);
    let customer = app.signed_in(&sign_in(&app).await.expect(200).value());
    assert_eq!(role(&customer).await, "customer");
    let changes = app.events("user.role_changed").await;
    let told: Vec<_> = changes
        .iter()
        .map(|change| (&change["before"], &change["after"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("admin"), &json!("support")),
            (&json!("support"), &json!("customer"))
        ]
    );
}

#[tokio::test]
async fn entras_users_are_known_by_their_object_in_the_tenant() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({"entra": true})).await;
    issuer.is(json!({"sub": "pairwise", "oid": "o-1", "tid": TENANT, "ver": "2.0"}));
    let anna = app.signed_in(&sign_in(&app).await.expect(200).value());
    issuer.is(json!({"sub": "another", "oid": "o-1", "tid": TENANT}));
    assert_eq!(
        app.signed_in(&sign_in(&app).await.expect(200).value()).id,
        anna.id
    );
    issuer.is(json!({"oid": "o-1", "tid": "another tenant"}));
    sign_in(&app).await.problem(401, "federated_sign_in_failed");
    issuer.is(json!({"tid": TENANT}));
    sign_in(&app).await.problem(401, "federated_sign_in_failed");
}

#[tokio::test]
async fn two_first_sign_ins_at_once_make_one_account() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    let (one, two) = (leave(&app, "").await, leave(&app, "").await);
    let (one, two) = tokio::join!(one.come_back(&app), two.come_back(&app));
    let (one, two) = (
        app.signed_in(&one.expect(200).value()),
        app.signed_in(&two.expect(200).value()),
    );
    assert_eq!(one.id, two.id);
}

#[tokio::test]
async fn a_provider_that_remembered_somebody_is_no_fresh_proof() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, json!({})).await;
    let is_fresh = async |answer: Answer| {
        let user = app.signed_in(&answer.expect(200).value());
        let link = json!({"link_token": "x"});
        let answer = user
            .client
            .post("/api/auth/oidc/link")
            .json(&link)
            .send()
            .await;
        answer.value()["code"] == "invalid_link_token"
    };
    assert!(is_fresh(sign_in(&app).await).await);
    issuer.is(json!({"auth_time": issuer.now() - 400}));
    assert!(!is_fresh(sign_in(&app).await).await);
    leave(&app, "?fresh=true")
        .await
        .come_back(&app)
        .await
        .problem(401, "federated_sign_in_failed");
    // It does not say.
    issuer.is(json!({"auth_time": null}));
    assert!(!is_fresh(sign_in(&app).await).await);
    assert!(is_fresh(leave(&app, "?fresh=true").await.come_back(&app).await).await);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_unless_a_trusted_provider_had_one() {
    for trusted in [false, true] {
        let issuer = Issuer::start().await;
        let app = app_of(&issuer, json!({"trust_mfa": trusted})).await;
        let anna = app.signed_in(&sign_in(&app).await.expect(200).value());
        let factor = enrol(&app, &anna).await;
        app.later(60);
        let waits = sign_in(&app).await.expect(200).value();
        assert_eq!(waits["mfa_required"], true, "{waits}");
        let body =
            json!({"mfa_token": waits["mfa_token"], "code": factor.phone.code(app.clock.now())});
        let answer = app
            .client()
            .post("/api/auth/mfa/verify")
            .json(&body)
            .expect(200)
            .await;
        assert_eq!(app.signed_in(&answer.value()).id, anna.id);
        issuer.is(json!({"amr": ["pwd", "mfa"]}));
        let answer = sign_in(&app).await.expect(200).value();
        assert_eq!(answer["mfa_required"] == true, !trusted, "{answer}");
        // A token that says nothing of it gives no more than a customer's rights.
        sqlx::query("UPDATE users SET role = 'support'")
            .execute(&app.root().await)
            .await
            .unwrap();
        let token = app.client().with_bearer(&issuer.access_token(&json!({})));
        token
            .get("/api/users")
            .send()
            .await
            .problem(403, "second_factor_required");
        if trusted {
            let token = app
                .client()
                .with_bearer(&issuer.access_token(&json!({"amr": ["mfa"]})));
            let _ = token.get("/api/users").expect(200).await;
        }
    }
}
