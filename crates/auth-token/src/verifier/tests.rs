use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use primitives::{Random, SessionId, TokenId, UserId};

use super::*;
use crate::denylist::Revocation;
use crate::{Jwks, Role, Signer};

fn claims(clock: &Clock) -> Claims {
    let (now, random) = (clock.now(), Random::system());
    Claims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: UserId::new(now, &random),
        sid: SessionId::new(now, &random),
        jti: TokenId::new(now, &random),
        role: Role::Customer,
        email: "anna@example.com".parse().unwrap(),
        email_verified: true,
        name: "Anna".into(),
        auth_time: Some(now.unix()),
        amr: vec![],
        factor_missing: false,
        scope: None,
        iat: now.unix(),
        exp: now.unix() + 600,
    }
}

struct World {
    clock: Clock,
    signer: Signer,
    verifier: Verifier,
}

fn world() -> World {
    let clock = Clock::manual(primitives::Timestamp::from_unix(1_800_000_000));
    let signer = Signer::generate("one").unwrap();
    let source = JwksSource::fixed(Jwks {
        keys: vec![signer.jwk().clone()],
    });
    let verifier = Verifier::new(source, DenyList::default(), clock.clone());
    World {
        clock,
        signer,
        verifier,
    }
}

fn part(json: serde_json::Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

#[tokio::test]
async fn a_good_token_names_its_user() {
    let world = world();
    let claims = claims(&world.clock);
    let token = world.signer.sign(&claims).unwrap();
    assert_eq!(world.verifier.verify(&token).await, Ok(claims.into()));
}

#[tokio::test]
async fn expired_tokens_are_told_apart() {
    let world = world();
    let token = world.signer.sign(&claims(&world.clock)).unwrap();
    world.clock.advance(Duration::from_secs(604));
    assert!(
        world.verifier.verify(&token).await.is_ok(),
        "within the leeway"
    );
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(
        world.verifier.verify(&token).await,
        Err(TokenError::Expired)
    );
}

#[tokio::test]
async fn no_other_algorithm_is_accepted() {
    let world = world();
    let body = serde_json::to_value(claims(&world.clock)).unwrap();
    let none = format!(
        "{}.{}.",
        part(serde_json::json!({"alg": "none", "kid": "one"})),
        part(body.clone())
    );
    assert_eq!(world.verifier.verify(&none).await, Err(TokenError::Invalid));

    // The classic confusion: the public key, which everybody knows, as an HMAC secret.
    let public = URL_SAFE_NO_PAD.decode(&world.signer.jwk().x).unwrap();
    for alg in ["HS256", "HS512"] {
        let signed = format!(
            "{}.{}",
            part(serde_json::json!({"alg": alg, "typ": "JWT", "kid": "one"})),
            part(body.clone())
        );
        let algorithm = if alg == "HS256" {
            ring::hmac::HMAC_SHA256
        } else {
            ring::hmac::HMAC_SHA512
        };
        let mac = ring::hmac::sign(&ring::hmac::Key::new(algorithm, &public), signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
        assert_eq!(
            world.verifier.verify(&token).await,
            Err(TokenError::Invalid),
            "{alg}"
        );
    }
    for alg in ["RS256", "ES256", "PS256"] {
        let token = format!(
            "{}.{}.c2ln",
            part(serde_json::json!({"alg": alg, "kid": "one"})),
            part(body.clone())
        );
        assert_eq!(
            world.verifier.verify(&token).await,
            Err(TokenError::Invalid),
            "{alg}"
        );
    }
}

#[tokio::test]
async fn tampered_and_malformed_tokens_are_refused() {
    let world = world();
    let token = world.signer.sign(&claims(&world.clock)).unwrap();
    let [header, body, signature]: [&str; 3] =
        token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut admin: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
    admin["role"] = "admin".into();
    let forged = format!("{header}.{}.{signature}", part(admin));
    assert_eq!(
        world.verifier.verify(&forged).await,
        Err(TokenError::Invalid)
    );
    for bad in [
        "",
        ".",
        "..",
        "a.b.c",
        &token[..token.len() - 4],
        &format!("{token}.x"),
        &"x".repeat(10_000),
    ] {
        assert_eq!(
            world.verifier.verify(bad).await,
            Err(TokenError::Invalid),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn tokens_of_somebody_else_are_refused() {
    let world = world();
    let stranger = Signer::generate("one").unwrap();
    assert_eq!(
        world
            .verifier
            .verify(&stranger.sign(&claims(&world.clock)).unwrap())
            .await,
        Err(TokenError::Invalid)
    );
    let unknown = Signer::generate("two").unwrap();
    assert_eq!(
        world
            .verifier
            .verify(&unknown.sign(&claims(&world.clock)).unwrap())
            .await,
        Err(TokenError::Invalid)
    );
    for (iss, aud) in [(ISSUER, "product"), ("elsewhere", AUDIENCE)] {
        let claims = Claims {
            iss: iss.into(),
            aud: aud.into(),
            ..claims(&world.clock)
        };
        assert_eq!(
            world
                .verifier
                .verify(&world.signer.sign(&claims).unwrap())
                .await,
            Err(TokenError::Invalid)
        );
    }
}

#[tokio::test]
async fn revoked_tokens_are_refused_and_forgotten_later() {
    let world = world();
    let (by_session, by_user) = (claims(&world.clock), claims(&world.clock));
    let until = world.clock.now() + Duration::from_secs(600);
    let denied = world.verifier.denied();
    denied.deny(Revocation::Session(by_session.sid), until);
    world.clock.advance(Duration::from_millis(5));
    denied.deny(Revocation::User(by_user.sub, world.clock.now()), until);
    for claims in [&by_session, &by_user] {
        assert_eq!(
            world
                .verifier
                .verify(&world.signer.sign(claims).unwrap())
                .await,
            Err(TokenError::Revoked)
        );
    }
    // What the user gets after that moment is good, even within the same second.
    let later = Claims {
        sub: by_user.sub,
        ..claims(&world.clock)
    };
    assert!(
        world
            .verifier
            .verify(&world.signer.sign(&later).unwrap())
            .await
            .is_ok()
    );

    denied.forget_before(until + Duration::from_secs(1));
    assert!(!denied.denies(&by_session));
}

#[tokio::test]
async fn an_unknown_key_is_fetched_but_not_for_every_forgery() {
    let clock = Clock::system();
    let (old, new) = (
        Signer::generate("old").unwrap(),
        Signer::generate("new").unwrap(),
    );
    let fetches = Arc::new(AtomicU32::new(0));
    let keys = Arc::new(RwLock::new(vec![old.jwk().clone()]));
    let (counted, shown) = (fetches.clone(), keys.clone());
    let source = JwksSource::local(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Jwks {
            keys: shown.read().unwrap().clone(),
        }
    });
    let verifier = Verifier::new(source, DenyList::default(), clock.clone());
    let with_old = old.sign(&claims(&clock)).unwrap();
    let with_new = new.sign(&claims(&clock)).unwrap();
    assert!(verifier.verify(&with_old).await.is_ok());
    for _ in 0..10 {
        assert_eq!(verifier.verify(&with_new).await, Err(TokenError::Invalid));
    }
    assert_eq!(fetches.load(Ordering::SeqCst), 1);

    keys.write().unwrap().push(new.jwk().clone());
    *verifier.0.fetched.lock().await = Instant::now().checked_sub(FETCH_INTERVAL);
    assert!(verifier.verify(&with_new).await.is_ok());
    assert!(verifier.verify(&with_old).await.is_ok());
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn without_auth_old_keys_serve_and_no_keys_are_told() {
    let clock = Clock::system();
    let signer = Signer::generate("one").unwrap();
    let token = signer.sign(&claims(&clock)).unwrap();
    let away = JwksSource::url("http://127.0.0.1:1/jwks.json").unwrap();
    let verifier = Verifier::new(away, DenyList::default(), clock);
    assert_eq!(
        verifier.verify(&token).await,
        Err(TokenError::KeysUnavailable)
    );
    let keys = KeyMap::from(&Jwks {
        keys: vec![signer.jwk().clone()],
    });
    *verifier.0.keys.write().unwrap() = Some(Arc::new(keys));
    verifier.refresh(Duration::ZERO).await;
    assert!(verifier.verify(&token).await.is_ok());
}

#[test]
fn keys_of_other_kinds_are_left_out() {
    let good = Signer::generate("good").unwrap().jwk().clone();
    let short = crate::Jwk {
        kid: "short".into(),
        x: "AAAA".into(),
        ..good.clone()
    };
    let rsa: crate::Jwk =
        serde_json::from_str(r#"{"kty":"RSA","kid":"rsa","n":"AQAB","e":"AQAB"}"#).unwrap();
    let keys = KeyMap::from(&Jwks {
        keys: vec![short, rsa, good],
    });
    assert!(keys.get("good").is_some() && keys.get("short").is_none() && keys.get("rsa").is_none());
}

/// Needs `REDIS_URL`.
#[tokio::test]
async fn a_revocation_reaches_every_process_within_a_second() {
    let url: SecretString = std::env::var("REDIS_URL")
        .unwrap_or_else(|_| "redis://127.0.0.1:26379".into())
        .into();
    let world = world();
    let system = Clock::system();
    let (before, after) = (claims(&system), claims(&system));
    let until = system.now() + Duration::from_secs(600);
    use secrecy::ExposeSecret;
    let client = redis::Client::open(url.expose_secret()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    crate::denylist::revoke_session(&mut redis, before.sid, until)
        .await
        .unwrap();

    let verifier = Verifier::new(
        JwksSource::fixed(Jwks {
            keys: vec![world.signer.jwk().clone()],
        }),
        DenyList::default(),
        system.clone(),
    );
    let stop = CancellationToken::new();
    let running = tokio::spawn(verifier.clone().run(url, stop.clone()));
    let revoked = async |claims: &Claims| {
        let token = world.signer.sign(claims).unwrap();
        for _ in 0..100 {
            if verifier.verify(&token).await == Err(TokenError::Revoked) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    };
    assert!(revoked(&before).await, "written before the start");
    assert!(
        verifier
            .verify(&world.signer.sign(&after).unwrap())
            .await
            .is_ok()
    );
    let later = system.now() + Duration::from_millis(2);
    crate::denylist::revoke_user(&mut redis, after.sub, later, until)
        .await
        .unwrap();
    assert!(revoked(&after).await, "written later");
    stop.cancel();
    running.await.unwrap();
}
