use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::routing::get;
use primitives::{Clock, Random, SessionId, TokenId, UserId};
use tower::ServiceExt;

use super::*;
use crate::denylist::Revocation;
use crate::permissions::{ManageUsers, ReadUsers};
use crate::{AUDIENCE, Claims, DenyList, ISSUER, Jwks, JwksSource, Service, ServiceKeys, Signer};

#[derive(Clone)]
struct State {
    verifier: Verifier,
    keys: ServiceKeys,
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

impl FromRef<State> for ServiceKeys {
    fn from_ref(state: &State) -> Self {
        state.keys.clone()
    }
}

struct World {
    router: Router,
    signer: Signer,
    verifier: Verifier,
    order: ServiceKeys,
    clock: Clock,
}

fn world() -> World {
    let clock = Clock::system();
    let signer = Signer::generate("k").unwrap();
    let source = JwksSource::fixed(Jwks {
        keys: vec![signer.jwk().clone()],
    });
    let verifier = Verifier::new(source, DenyList::default(), clock.clone());
    let [order, product] = ServiceKeys::generate(["order", "product"], &clock).unwrap();
    let router = Router::new()
        .route("/user", get(async |user: User| user.role.as_str()))
        .route(
            "/maybe",
            get(async |user: MaybeUser| if user.0.is_some() { "user" } else { "guest" }),
        )
        .route("/seller", get(async |_: Seller| "seller"))
        .route("/read", get(async |_: Staff<ReadUsers>| "read"))
        .route("/manage", get(async |_: Staff<ManageUsers>| "manage"))
        .route("/person", get(async |_: Person| "person"))
        .route("/fresh", get(async |_: FreshUser| "fresh"))
        .route("/service", get(async |service: Service| service.caller))
        .with_state(State {
            verifier: verifier.clone(),
            keys: product,
        });
    World {
        router,
        signer,
        verifier,
        order,
        clock,
    }
}

impl World {
    fn claims(&self, role: Role) -> Claims {
        let (now, random) = (self.clock.now(), Random::system());
        Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: UserId::new(now, &random),
            sid: SessionId::new(now, &random),
            jti: TokenId::new(now, &random),
            role,
            email: "a@example.com".parse().unwrap(),
            email_verified: false,
            name: "A".into(),
            auth_time: Some(now.unix()),
            amr: vec![],
            factor_missing: false,
            scope: None,
            iat: now.unix(),
            exp: now.unix() + 600,
        }
    }

    fn token(&self, role: Role) -> String {
        format!("Bearer {}", self.signer.sign(&self.claims(role)).unwrap())
    }

    /// The status, and the problem's code or the body.
    async fn get(&self, path: &str, authorization: Option<&str>) -> (StatusCode, String) {
        let mut request = Request::get(path);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 10_000)
            .await
            .unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let code = serde_json::from_str::<serde_json::Value>(&text)
            .ok()
            .and_then(|body| Some(body["code"].as_str()?.to_owned()));
        (status, code.unwrap_or(text))
    }
}

fn unauthenticated(code: &str) -> (StatusCode, String) {
    (StatusCode::UNAUTHORIZED, code.to_owned())
}

#[tokio::test]
async fn roles_open_what_they_should() {
    let world = world();
    for (role, open) in [
        (Role::Customer, &["/user", "/maybe"][..]),
        (Role::Seller, &["/user", "/maybe", "/seller"]),
        (Role::Support, &["/user", "/maybe", "/read"]),
        (
            Role::Admin,
            &["/user", "/maybe", "/seller", "/read", "/manage"],
        ),
    ] {
        let token = world.token(role);
        for path in ["/user", "/maybe", "/seller", "/read", "/manage"] {
            let (status, body) = world.get(path, Some(&token)).await;
            if open.contains(&path) {
                assert_eq!(status, StatusCode::OK, "{role} {path}");
            } else {
                assert_eq!(
                    (status, body.as_str()),
                    (StatusCode::FORBIDDEN, "forbidden"),
                    "{role} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn without_a_good_token_nothing_opens() {
    let world = world();
    for path in ["/user", "/seller", "/read", "/manage", "/service"] {
        assert_eq!(
            world.get(path, None).await,
            unauthenticated("unauthenticated"),
            "{path}"
        );
    }
    assert_eq!(
        world.get("/maybe", None).await,
        (StatusCode::OK, "guest".into())
    );
    for bad in ["Bearer x.y.z", "Bearer ", "Basic YTpi", "x"] {
        for path in ["/user", "/maybe", "/service"] {
            assert_eq!(
                world.get(path, Some(bad)).await,
                unauthenticated("unauthenticated"),
                "{path} {bad}"
            );
        }
    }
    let old = Claims {
        exp: world.clock.now().unix() - 10,
        ..world.claims(Role::Customer)
    };
    let old = format!("Bearer {}", world.signer.sign(&old).unwrap());
    assert_eq!(
        world.get("/maybe", Some(&old)).await,
        unauthenticated("token_expired")
    );
    let gone = world.claims(Role::Customer);
    world
        .verifier
        .denied()
        .deny(Revocation::Session(gone.sid), world.clock.now());
    let gone = format!("Bearer {}", world.signer.sign(&gone).unwrap());
    assert_eq!(
        world.get("/user", Some(&gone)).await,
        unauthenticated("token_revoked")
    );
}

#[tokio::test]
async fn users_and_services_cannot_stand_in_for_each_other() {
    let world = world();
    let service = format!("Bearer {}", world.order.token("product", None).unwrap());
    assert_eq!(
        world.get("/service", Some(&service)).await,
        (StatusCode::OK, "order".into())
    );
    assert_eq!(
        world.get("/user", Some(&service)).await,
        unauthenticated("unauthenticated")
    );
    let user = world.token(Role::Admin);
    assert_eq!(
        world.get("/service", Some(&user)).await,
        unauthenticated("unauthenticated")
    );
    let elsewhere = format!("Bearer {}", world.order.token("auth", None).unwrap());
    assert_eq!(
        world.get("/service", Some(&elsewhere)).await,
        unauthenticated("unauthenticated")
    );
}

#[tokio::test]
async fn some_things_need_a_person_who_proved_it_lately() {
    let world = world();
    let now = world.clock.now().unix();
    let challenge = unauthenticated("insufficient_user_authentication");
    for (auth_time, person, fresh) in [
        (Some(now - 290), true, true),
        (Some(now - 310), true, false),
        (None, false, false),
    ] {
        let claims = Claims {
            auth_time,
            ..world.claims(Role::Admin)
        };
        let token = format!("Bearer {}", world.signer.sign(&claims).unwrap());
        let forbidden = (StatusCode::FORBIDDEN, "forbidden".to_owned());
        let expected = if person {
            (StatusCode::OK, "person".to_owned())
        } else {
            forbidden.clone()
        };
        assert_eq!(world.get("/person", Some(&token)).await, expected);
        let expected = match (person, fresh) {
            (true, true) => (StatusCode::OK, "fresh".to_owned()),
            (true, false) => challenge.clone(),
            _ => forbidden,
        };
        assert_eq!(world.get("/fresh", Some(&token)).await, expected);
        let (status, _) = world.get("/manage", Some(&token)).await;
        assert_eq!(status == StatusCode::OK, fresh);
        assert_eq!(world.get("/read", Some(&token)).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_role_counts_for_nothing_while_the_second_factor_is_missing() {
    let world = world();
    let claims = Claims {
        factor_missing: true,
        ..world.claims(Role::Admin)
    };
    let token = format!("Bearer {}", world.signer.sign(&claims).unwrap());
    for path in ["/seller", "/read", "/manage"] {
        assert_eq!(
            world.get(path, Some(&token)).await,
            (StatusCode::FORBIDDEN, "second_factor_required".to_owned())
        );
    }
    assert_eq!(world.get("/fresh", Some(&token)).await.0, StatusCode::OK);
}
