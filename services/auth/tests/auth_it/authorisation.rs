//! Who may do what: every operation, as every kind of caller.

use auth_token::{AUDIENCE, Claims, ISSUER, Method, Role, Signer};
use primitives::{Random, SessionId, TokenId, UserId};
use runtime::Service as _;
use serde_json::json;
use testkit::Served;
use testkit::authorisation::Matrix;
use testkit::authorisation::Needs::{
    FreshPerson, FreshRole, NoBadToken, Nothing, Person, Role as HasRole, SignedIn,
};

use crate::support::{TestApp, app, app_with};

const STAFF: &[Role] = &[Role::Support, Role::Admin];
const ADMIN: &[Role] = &[Role::Admin];

const CASES: &[(&str, testkit::authorisation::Needs)] = &[
    ("post /api/auth/register", Nothing),
    ("post /api/auth/login", Nothing),
    ("post /api/auth/mfa/verify", Nothing),
    ("get /api/auth/mfa", Person),
    ("post /api/auth/mfa/totp", FreshPerson),
    ("post /api/auth/mfa/totp/confirm", Person),
    ("delete /api/auth/mfa/totp", FreshPerson),
    ("post /api/auth/mfa/recovery-codes", FreshPerson),
    ("post /api/auth/reauthenticate", Person),
    ("post /api/auth/refresh", Nothing),
    ("post /api/auth/logout", Person),
    ("post /api/auth/logout-all", Person),
    ("get /api/auth/verify", SignedIn),
    ("get /api/auth/.well-known/jwks.json", Nothing),
    ("get /api/auth/oidc/providers", Nothing),
    ("get /api/auth/oidc/{provider}/authorize", Nothing),
    ("get /api/auth/oidc/{provider}/callback", Nothing),
    ("post /api/auth/oidc/token", Nothing),
    ("post /api/auth/oidc/link", FreshPerson),
    ("get /api/users/me/identities", SignedIn),
    ("delete /api/users/me/identities/{id}", FreshPerson),
    ("post /api/auth/email/verify", Nothing),
    ("post /api/auth/email/resend", NoBadToken),
    ("post /api/auth/email/change", FreshPerson),
    ("post /api/auth/email/change/approve", Nothing),
    ("post /api/auth/email/change/confirm", Nothing),
    ("post /api/auth/password/forgot", Nothing),
    ("post /api/auth/password/reset", Nothing),
    ("post /api/auth/password/change", Person),
    ("get /api/auth/passkeys", Person),
    ("post /api/auth/passkeys", FreshPerson),
    ("patch /api/auth/passkeys/{id}", Person),
    ("delete /api/auth/passkeys/{id}", FreshPerson),
    ("post /api/auth/passkeys/registration", FreshPerson),
    ("post /api/auth/passkeys/authentication", Nothing),
    ("post /api/auth/passkeys/sign-in", Nothing),
    ("post /api/auth/passkeys/reauthentication", Person),
    ("post /api/auth/passkeys/reauthenticate", Person),
    ("get /api/auth/sessions", Person),
    ("delete /api/auth/sessions/{id}", Person),
    ("get /api/users/me", SignedIn),
    ("put /api/users/me", SignedIn),
    ("delete /api/users/me", FreshPerson),
    ("get /api/users/me/export", FreshPerson),
    ("get /api/users/me/addresses", SignedIn),
    ("post /api/users/me/addresses", SignedIn),
    ("put /api/users/me/addresses/{id}", SignedIn),
    ("delete /api/users/me/addresses/{id}", SignedIn),
    ("get /api/users/me/api-keys", Person),
    ("post /api/users/me/api-keys", FreshPerson),
    ("delete /api/users/me/api-keys/{id}", Person),
    ("get /api/users", HasRole(STAFF)),
    ("get /api/users/{id}", HasRole(STAFF)),
    ("patch /api/users/{id}", FreshRole(ADMIN)),
    ("delete /api/users/{id}/mfa", FreshRole(ADMIN)),
    ("get /api/users/{id}/sessions", HasRole(STAFF)),
    ("delete /api/users/{id}/sessions", FreshRole(ADMIN)),
    (
        "delete /api/users/{id}/sessions/{session_id}",
        FreshRole(ADMIN),
    ),
    ("post /api/users/{id}/deletion", FreshRole(ADMIN)),
    ("delete /api/users/{id}/deletion", FreshRole(ADMIN)),
    ("get /api/users/{id}/export", FreshRole(ADMIN)),
    ("post /api/users/{id}/links", HasRole(STAFF)),
];

#[tokio::test]
async fn every_operation_lets_in_who_may_and_nobody_else() {
    let peers = nothing_to_export().await;
    let app = app_with(|settings| {
        settings.order_internal_url = peers.url();
        settings.product_internal_url = peers.url();
        settings.common.admin_internal_url = peers.url();
    })
    .await;
    let gone = app.register("gone@example.com").await;
    let _ = gone.client.post("/api/auth/logout").expect(204).await;
    let document = serde_json::from_str(&auth::App::openapi().unwrap()).unwrap();
    let matrix = Matrix {
        document: &document,
        cases: CASES,
        client: app.client(),
        signer: &signer(&app).await,
        revoked: gone.access.clone(),
        service: app.order.token("auth", None).unwrap(),
    };
    matrix
        .check(async |role| claims_of_somebody_new(&app, role).await)
        .await;
}

/// order, product and admin, which know nothing of anybody.
async fn nothing_to_export() -> Served {
    let page = || async { axum::Json(json!({"sections": {}, "next_cursor": null})) };
    let router = axum::Router::new().route("/internal/users/{id}/export", axum::routing::get(page));
    testkit::serve(router).await
}

/// The key that the app signs with.
async fn signer(app: &TestApp) -> Signer {
    let jwks = app
        .client()
        .get("/api/auth/.well-known/jwks.json")
        .expect(200)
        .await
        .value();
    let kid = jwks["keys"][0]["kid"].as_str().unwrap().to_owned();
    Signer::from_pkcs8(&kid, &app.signing_key()).unwrap()
}

async fn claims_of_somebody_new(app: &TestApp, role: Role) -> Claims {
    let (now, random) = (app.clock.now(), Random::system());
    let id = UserId::new(now, &random);
    let email = format!("{}@example.com", id.uuid().simple());
    let session = SessionId::new(now, &random);
    let root = app.root().await;
    sqlx::query(
        "INSERT INTO users (id, email, name, role, created_at, updated_at) VALUES ($1, $2, 'Somebody', $3, now(), now())",
    )
    .bind(id.uuid())
    .bind(&email)
    .bind(role.as_str())
    .execute(&root)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO sessions (id, user_id, created_at, last_used_at, authenticated_at, expires_at)
         VALUES ($1, $2, $3, $3, $3, $3::timestamptz + interval '1 day')",
    )
    .bind(session.uuid())
    .bind(id.uuid())
    .bind(now)
    .execute(&root)
    .await
    .unwrap();
    Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: id,
        sid: session,
        jti: TokenId::new(now, &random),
        role,
        email: email.parse().unwrap(),
        email_verified: true,
        name: "Somebody".to_owned(),
        auth_time: Some(now.unix()),
        amr: vec![Method::Password],
        factor_missing: false,
        scope: None,
        iat: now.unix(),
        exp: now.unix() + 600,
    }
}

#[tokio::test]
async fn nobody_reaches_what_belongs_to_somebody_else() {
    let app = app().await;
    let (anna, bert) = (
        app.register("anna@example.com").await,
        app.register("bert@example.com").await,
    );
    let address = json!({"name": "Anna Schmidt", "line1": "Lindenstraße 1", "city": "Berlin", "postal_code": "10969", "country": "DE"});
    let id = |value: serde_json::Value| value["id"].as_str().unwrap().to_owned();
    let path = "/api/users/me/addresses";
    let address_id = id(anna
        .client
        .post(path)
        .json(&address)
        .expect(201)
        .await
        .value());
    let sessions = anna.client.get("/api/auth/sessions").expect(200).await;
    let session_id = id(sessions.value()["data"][0].clone());
    let belongings = [
        ("PUT", format!("{path}/{address_id}"), 404),
        ("DELETE", format!("{path}/{address_id}"), 404),
        ("DELETE", format!("/api/auth/sessions/{session_id}"), 404),
    ];
    for (method, path, status) in belongings {
        let request = bert.client.request(method.parse().unwrap(), &path);
        let _ = request.json(&address).expect(status).await;
    }
    // All of it is still there.
    let _ = anna.client.get("/api/users/me").expect(200).await;
    let addresses = anna.client.get(path).expect(200).await.value();
    assert_eq!(addresses["data"][0]["id"], address_id);
}

#[tokio::test]
async fn the_internal_api_is_for_services_that_are_meant() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let paths = [
        ("POST", "/internal/staff/login".to_owned()),
        ("POST", "/internal/staff/second-factor".to_owned()),
        ("POST", "/internal/staff/reauthenticate".to_owned()),
        ("POST", "/internal/staff/sign-out".to_owned()),
        ("GET", "/internal/staff/factors".to_owned()),
        ("POST", "/internal/staff/totp".to_owned()),
        ("POST", "/internal/staff/totp/confirm".to_owned()),
        ("POST", "/internal/staff/totp/remove".to_owned()),
        ("POST", "/internal/staff/recovery-codes".to_owned()),
        ("POST", "/internal/users/lookup".to_owned()),
        (
            "GET",
            format!("/internal/users/{}/addresses/{}", anna.id, anna.id),
        ),
    ];
    let elsewhere = app.order.token("product", None).unwrap();
    for (method, path) in &paths {
        for token in [None, Some(&anna.access), Some(&elsewhere)] {
            let mut request = app
                .anonymous_service()
                .request(method.parse().unwrap(), path);
            if let Some(token) = token {
                request = request.bearer(token);
            }
            request
                .json(&json!({}))
                .send()
                .await
                .problem(401, "unauthenticated");
        }
        // Only the panel may sign staff in, whatever key another service has.
        if path.starts_with("/internal/staff/") {
            let request = app.service().request(method.parse().unwrap(), path);
            request
                .json(&json!({}))
                .send()
                .await
                .problem(403, "forbidden");
        }
        // nginx would not route it, and the public listener does not know it.
        let public = app.client().request(method.parse().unwrap(), path);
        public
            .json(&json!({}))
            .send()
            .await
            .problem(404, "not_found");
    }
}
