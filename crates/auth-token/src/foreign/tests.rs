use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use serde_json::json;

use super::*;

const EVERY: [Algorithm; 4] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
];

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token with any header, signed anyhow.
fn token(header: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let claims = json!({"iss": "https://login.example", "sub": "anna"});
    let message = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", text(signature))
}

struct Rsa(RsaKeyPair);

impl Rsa {
    fn new() -> Self {
        Self(RsaKeyPair::from_pkcs8(include_bytes!("test-rsa.pk8")).unwrap())
    }

    fn jwk(&self, kid: &str) -> Value {
        let PublicKeyComponents { n, e } =
            PublicKeyComponents::<Vec<u8>>::from(self.0.public_key());
        json!({"kty": "RSA", "kid": kid, "use": "sig", "n": text(n), "e": text(e)})
    }

    fn sign(&self, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(encoding, &SystemRandom::new(), message, &mut signature)
            .unwrap();
        signature
    }
}

fn ec() -> (EcdsaKeyPair, Value) {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let (x, y) = (text(&point[1..33]), text(&point[33..]));
    let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "ec", "alg": "ES256", "x": x, "y": y});
    (pair, jwk)
}

#[test]
fn each_algorithm_verifies_with_its_own_kind_of_key() {
    let rsa = Rsa::new();
    let (ec, ec_jwk) = ec();
    let ed_document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let ed = Ed25519KeyPair::from_pkcs8(ed_document.as_ref()).unwrap();
    let ed_jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": text(ed.public_key())});
    let keys = ForeignKeys::parse(&json!({"keys": [rsa.jwk("rsa"), ec_jwk, ed_jwk]}));
    let ec_sign = |message: &[u8]| {
        ec.sign(&SystemRandom::new(), message)
            .unwrap()
            .as_ref()
            .to_vec()
    };
    let tokens = [
        token(&json!({"alg": "RS256", "kid": "rsa", "typ": "JWT"}), |m| {
            rsa.sign(&RSA_PKCS1_SHA256, m)
        }),
        token(&json!({"alg": "PS256", "kid": "rsa"}), |m| {
            rsa.sign(&RSA_PSS_SHA256, m)
        }),
        token(&json!({"alg": "ES256", "kid": "ec"}), ec_sign),
        token(&json!({"alg": "EdDSA", "kid": "ed"}), |m| {
            ed.sign(m).as_ref().to_vec()
        }),
    ];
    for (token, algorithm) in tokens.iter().zip(EVERY) {
        let signed = keys.verify(token, &EVERY).unwrap();
        assert_eq!(
            (signed.algorithm, &signed.claims["sub"]),
            (algorithm, &json!("anna"))
        );
        assert_eq!(
            named_issuer(token).as_deref(),
            Some("https://login.example")
        );
        let others: Vec<Algorithm> = EVERY
            .into_iter()
            .filter(|other| *other != algorithm)
            .collect();
        assert_eq!(
            keys.verify(token, &others).unwrap_err(),
            ForeignError::Algorithm
        );
        let (message, signature) = token.rsplit_once('.').unwrap();
        let mut forged = URL_SAFE_NO_PAD.decode(signature).unwrap();
        forged[7] ^= 1;
        let forged = format!("{message}.{}", text(forged));
        assert_eq!(
            keys.verify(&forged, &EVERY).unwrap_err(),
            ForeignError::Signature
        );
    }
}

#[test]
fn no_token_is_taken_without_a_real_signature() {
    let rsa = Rsa::new();
    let keys = ForeignKeys::parse(&json!({"keys": [rsa.jwk("rsa")]}));
    let none = token(&json!({"alg": "none", "kid": "rsa"}), |_| Vec::new());
    assert_eq!(
        keys.verify(&none, &EVERY).unwrap_err(),
        ForeignError::Malformed
    );
    // The public key as an HMAC secret.
    let secret = rsa.jwk("rsa")["n"].as_str().unwrap().to_owned();
    let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let confused = token(&json!({"alg": "HS256", "kid": "rsa"}), |m| {
        hmac::sign(&secret, m).as_ref().to_vec()
    });
    assert_eq!(
        keys.verify(&confused, &EVERY).unwrap_err(),
        ForeignError::Algorithm
    );
    // Its own key, brought along.
    let (ec, ec_jwk) = ec();
    let brought = token(&json!({"alg": "ES256", "jwk": ec_jwk}), |m| {
        ec.sign(&SystemRandom::new(), m).unwrap().as_ref().to_vec()
    });
    assert!(keys.verify(&brought, &EVERY).is_err());
    let critical = token(
        &json!({"alg": "RS256", "kid": "rsa", "crit": ["b64"], "b64": false}),
        |m| rsa.sign(&RSA_PKCS1_SHA256, m),
    );
    assert_eq!(
        keys.verify(&critical, &EVERY).unwrap_err(),
        ForeignError::Malformed
    );
    for nonsense in ["", ".", "..", "a.b.c", "....", &"x".repeat(20_000)] {
        assert_eq!(
            keys.verify(nonsense, &EVERY).unwrap_err(),
            ForeignError::Malformed
        );
        assert_eq!(named_issuer(nonsense), None);
    }
}

#[test]
fn keys_are_told_apart_by_name_and_use() {
    let rsa = Rsa::new();
    let signed = |header: &Value| token(header, |m| rsa.sign(&RSA_PKCS1_SHA256, m));
    let named = signed(&json!({"alg": "RS256", "kid": "rsa"}));
    let nameless = signed(&json!({"alg": "RS256"}));
    let keys = |keys: Value| ForeignKeys::parse(&json!({"keys": keys}));
    let one = keys(json!([rsa.jwk("rsa")]));
    assert!(one.verify(&named, &EVERY).is_ok() && one.verify(&nameless, &EVERY).is_ok());
    let other = keys(json!([rsa.jwk("other")]));
    assert_eq!(
        other.verify(&named, &EVERY).unwrap_err(),
        ForeignError::UnknownKey
    );
    let two = keys(json!([rsa.jwk("rsa"), rsa.jwk("other")]));
    assert_eq!(
        two.verify(&nameless, &EVERY).unwrap_err(),
        ForeignError::UnknownKey
    );
    let mut encryption = rsa.jwk("rsa");
    encryption["use"] = json!("enc");
    assert!(keys(json!([encryption, {"kty": "oct", "k": "AAAA"}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, 7])).is_empty());
    let mut pinned = rsa.jwk("rsa");
    pinned["alg"] = json!("PS256");
    assert_eq!(
        keys(json!([pinned])).verify(&named, &EVERY).unwrap_err(),
        ForeignError::UnknownKey
    );
}
