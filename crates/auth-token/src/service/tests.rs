use super::*;
use crate::{TokenError, permissions};
use primitives::{Random, Timestamp};

fn clock() -> Clock {
    Clock::manual(Timestamp::from_unix(1_800_000_000))
}

#[test]
fn a_service_calls_another_in_a_users_name() {
    let clock = clock();
    let [order, product] = ServiceKeys::generate(["order", "product"], &clock).unwrap();
    let user = OnBehalfOf {
        user_id: UserId::new(clock.now(), &Random::system()),
        role: Role::Support,
        email: None,
        auth_time: Some(clock.now().unix()),
    };
    let token = order.token("product", Some(&user)).unwrap();
    let service = product.verify(&token).unwrap();
    assert_eq!(service.caller, "order");
    assert_eq!(service.on_behalf_of.as_ref(), Some(&user));
    assert_eq!(service.staff::<permissions::Refund>().unwrap(), &user);
    assert_eq!(
        service
            .staff::<permissions::ManageUsers>()
            .unwrap_err()
            .code(),
        "forbidden"
    );
    let alone = product
        .verify(&order.token("product", None).unwrap())
        .unwrap();
    assert_eq!(alone.user().unwrap_err().code(), "forbidden");
}

#[test]
fn tokens_for_another_audience_or_too_old_are_refused() {
    let clock = clock();
    let [order, product, auth] =
        ServiceKeys::generate(["order", "product", "auth"], &clock).unwrap();
    let token = order.token("product", None).unwrap();
    assert_eq!(auth.verify(&token), Err(TokenError::Invalid));
    clock.advance(Duration::from_secs(70));
    assert_eq!(product.verify(&token), Err(TokenError::Expired));
}

#[test]
fn a_service_cannot_speak_as_another() {
    let clock = clock();
    let [order, product] = ServiceKeys::generate(["order", "product"], &clock).unwrap();
    let now = clock.now().unix();
    let claims = ServiceClaims {
        iss: "admin".into(),
        sub: "admin".into(),
        aud: "product".into(),
        iat: now,
        exp: now + 60,
        obo: None,
    };
    let sign = |kid: &str| {
        let header = Header {
            kid: Some(kid.into()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &claims, &order.0.key).unwrap()
    };
    for kid in ["order", "admin", "product"] {
        assert_eq!(
            product.verify(&sign(kid)),
            Err(TokenError::Invalid),
            "{kid}"
        );
    }
    let [stranger] = ServiceKeys::generate(["order"], &clock).unwrap();
    assert_eq!(
        product.verify(&stranger.token("product", None).unwrap()),
        Err(TokenError::Invalid)
    );
}

#[test]
fn a_key_that_is_not_in_the_set_is_told_at_start() {
    let clock = clock();
    let key = GeneratedKey::generate().unwrap();
    let other = GeneratedKey::generate().unwrap();
    let jwks = serde_json::to_string(&Jwks {
        keys: vec![other.jwk("order").unwrap()],
    })
    .unwrap();
    assert!(ServiceKeys::new("order", &key.base64(), &jwks, clock.clone()).is_err());
    assert!(ServiceKeys::new("order", &"!".to_owned().into(), &jwks, clock.clone()).is_err());
    assert!(ServiceKeys::new("order", &other.base64(), "{}", clock.clone()).is_err());
    assert!(ServiceKeys::new("order", &other.base64(), &jwks, clock).is_ok());
}

#[test]
fn a_staff_members_proof_of_identity_gets_stale() {
    let clock = clock();
    let [order, admin] = ServiceKeys::generate(["order", "admin"], &clock).unwrap();
    let refund = |auth_time| {
        let user = OnBehalfOf {
            user_id: UserId::new(clock.now(), &Random::system()),
            role: Role::Support,
            email: None,
            auth_time,
        };
        let token = admin.token("order", Some(&user)).unwrap();
        let service = order.verify(&token).unwrap();
        service.staff::<crate::permissions::Refund>().map(drop)
    };
    let now = clock.now().unix();
    assert!(refund(Some(now - 300)).is_ok());
    for stale in [Some(now - 301), None] {
        assert_eq!(
            refund(stale).unwrap_err().code(),
            "insufficient_user_authentication"
        );
    }
}
