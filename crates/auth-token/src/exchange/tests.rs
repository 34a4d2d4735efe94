use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use primitives::{Random, SessionId, TokenId, UserId};
use tokio::sync::Notify;

use super::*;
use crate::denylist::Revocation;
use crate::{
    AUDIENCE, Area, Claims, DenyList, Jwks, JwksSource, Principal, Role, Scope, Signer, Verifier,
};

/// An auth that does as it is told.
#[derive(Clone)]
struct Script {
    clock: Clock,
    signer: Signer,
    claims: Arc<Mutex<Claims>>,
    refusal: Arc<Mutex<Option<TokenError>>>,
    asked: Arc<AtomicU32>,
    /// Answers wait for it while it is there.
    gate: Arc<Mutex<Option<Arc<Notify>>>>,
}

impl Script {
    async fn answer(self) -> Result<String, TokenError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.notified().await;
        }
        if let Some(error) = *self.refusal.lock().unwrap() {
            return Err(error);
        }
        let now = self.clock.now();
        let claims = Claims {
            jti: TokenId::new(now, &Random::system()),
            iat: now.unix(),
            exp: now.unix() + 600,
            ..self
                .claims
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        };
        Ok(self.signer.sign(&claims).unwrap())
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    fn refuse(&self, error: Option<TokenError>) {
        *self.refusal.lock().unwrap() = error;
    }

    fn user(&self) -> UserId {
        self.claims.lock().unwrap().sub
    }

    fn exchange(&self) -> Exchange {
        let script = self.clone();
        Exchange::local(move |_| script.clone().answer())
    }
}

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
        auth_time: None,
        amr: vec![],
        factor_missing: false,
        scope: Some([Scope::OrdersRead].into_iter().collect()),
        iat: now.unix(),
        exp: now.unix() + 600,
    }
}

fn world() -> (Verifier, Script) {
    let clock = Clock::manual(Clock::system().now());
    let signer = Signer::generate("one").unwrap();
    let source = JwksSource::fixed(Jwks {
        keys: vec![signer.jwk().clone()],
    });
    let script = Script {
        claims: Arc::new(Mutex::new(claims(&clock))),
        signer,
        refusal: Arc::default(),
        asked: Arc::default(),
        gate: Arc::default(),
        clock: clock.clone(),
    };
    let verifier = Verifier::new(source, DenyList::default(), clock);
    verifier.admit_programs(Area::Orders, script.exchange());
    (verifier, script)
}

fn jwt_of(issuer: &str) -> String {
    let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = serde_json::json!({"iss": issuer, "sub": "x", "exp": 4_000_000_000_i64});
    format!(
        "{}.{}.c2ln",
        part(serde_json::json!({"alg": "RS256"})),
        part(claims)
    )
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_exchanged_once_and_ours_never() {
    let (verifier, script) = world();
    let expected = Principal::from(script.claims.lock().unwrap().clone());
    for token in ["mk_abc".to_owned(), jwt_of("https://id.example")] {
        let before = script.asked();
        for _ in 0..3 {
            assert_eq!(verifier.verify(&token).await, Ok(expected.clone()));
        }
        assert_eq!(script.asked(), before + 1, "{token}");
    }
    let before = script.asked();
    let own = script.signer.sign(&claims(&script.clock)).unwrap();
    assert!(verifier.verify(&own).await.is_ok());
    for bad in ["", "x.y.z", &jwt_of(ISSUER), &"x".repeat(100_000)] {
        assert_eq!(verifier.verify(bad).await, Err(TokenError::Invalid));
    }
    assert_eq!(script.asked(), before, "ours, and nobody's, cost no hop");
}

#[tokio::test]
async fn an_answer_is_kept_for_less_than_it_lives() {
    let (verifier, script) = world();
    assert!(verifier.verify("mk_a").await.is_ok());
    script.clock.advance(Duration::from_secs(539));
    assert!(verifier.verify("mk_a").await.is_ok());
    assert_eq!(script.asked(), 1);
    script.clock.advance(Duration::from_secs(2));
    assert!(verifier.verify("mk_a").await.is_ok());
    assert_eq!(script.asked(), 2);
}

#[tokio::test]
async fn a_refusal_is_kept_for_a_moment() {
    let (verifier, script) = world();
    for error in [
        TokenError::Invalid,
        TokenError::Expired,
        TokenError::Revoked,
    ] {
        let token = format!("mk_{error}");
        script.refuse(Some(error));
        let before = script.asked();
        for _ in 0..5 {
            assert_eq!(verifier.verify(&token).await, Err(error));
        }
        assert_eq!(script.asked(), before + 1);
        script.refuse(None);
        script.clock.advance(REFUSED_FOR + Duration::from_secs(1));
        assert!(verifier.verify(&token).await.is_ok());
    }
}

#[tokio::test]
async fn while_auth_is_away_what_is_known_goes_on() {
    let (verifier, script) = world();
    assert!(verifier.verify("mk_known").await.is_ok());
    script.refuse(Some(TokenError::ExchangeUnavailable));
    for _ in 0..2 {
        assert!(verifier.verify("mk_known").await.is_ok());
        assert_eq!(
            verifier.verify("mk_new").await,
            Err(TokenError::ExchangeUnavailable)
        );
    }
    assert_eq!(script.asked(), 3, "being away is no answer to keep");
    let own = script.signer.sign(&claims(&script.clock)).unwrap();
    assert!(verifier.verify(&own).await.is_ok());
    script.clock.advance(Duration::from_secs(600));
    assert_eq!(
        verifier.verify("mk_known").await,
        Err(TokenError::ExchangeUnavailable)
    );
}

#[tokio::test]
async fn many_who_ask_at_once_ask_once() {
    let (verifier, script) = world();
    let gate = Arc::new(Notify::new());
    *script.gate.lock().unwrap() = Some(gate.clone());
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let verifier = verifier.clone();
            tokio::spawn(async move { verifier.verify("mk_a").await })
        })
        .collect();
    while script.asked() == 0 {
        tokio::task::yield_now().await;
    }
    gate.notify_one();
    for request in requests {
        assert!(request.await.unwrap().is_ok());
    }
    assert_eq!(script.asked(), 1);
}

#[tokio::test]
async fn no_more_is_kept_than_allowed() {
    let (_, script) = world();
    let exchanger = Exchanger::keeping(20, script.exchange(), script.clock.clone());
    for number in 0..200 {
        assert!(exchanger.exchange(&format!("mk_{number}")).await.is_ok());
    }
    assert!(exchanger.kept().await <= 20);
    assert_eq!(
        exchanger.exchange(&"x".repeat(LONGEST + 1)).await.err(),
        Some(TokenError::Invalid)
    );
    assert_eq!(script.asked(), 200);
}

#[tokio::test]
async fn a_revocation_counts_at_once() {
    let (verifier, script) = world();
    assert!(verifier.verify("mk_a").await.is_ok());
    script.clock.advance(Duration::from_secs(5));
    let until = script.clock.now() + Duration::from_secs(600);
    let key = script.claims.lock().unwrap().sid;
    verifier.denied().deny(Revocation::Session(key), until);
    script.refuse(Some(TokenError::Revoked));
    for _ in 0..5 {
        assert_eq!(verifier.verify("mk_a").await, Err(TokenError::Revoked));
    }
    assert_eq!(script.asked(), 2, "once more, in case there is a new one");
}

#[tokio::test]
async fn after_a_change_of_role_a_token_has_the_new_one() {
    let (verifier, script) = world();
    assert!(verifier.verify("mk_a").await.is_ok());
    script.clock.advance(Duration::from_secs(5));
    let now = script.clock.now();
    let change = Revocation::User(script.user(), now);
    verifier
        .denied()
        .deny(change, now + Duration::from_secs(600));
    script.claims.lock().unwrap().role = Role::Seller;
    assert_eq!(verifier.verify("mk_a").await.unwrap().role, Role::Seller);
    assert!(verifier.verify("mk_a").await.is_ok());
    assert_eq!(script.asked(), 2);
}

#[tokio::test]
async fn where_nobody_exchanges_nothing_foreign_is_good() {
    let (_, script) = world();
    let source = JwksSource::fixed(Jwks {
        keys: vec![script.signer.jwk().clone()],
    });
    let verifier = Verifier::new(source, DenyList::default(), script.clock.clone());
    for token in ["mk_a".to_owned(), jwt_of("https://id.example")] {
        assert_eq!(verifier.verify(&token).await, Err(TokenError::Invalid));
    }
}
