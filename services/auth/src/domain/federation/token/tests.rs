use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::federation::provider;

const NOW: i64 = 1_800_000_000;
const TENANT: &str = "8a1ce3f3-5a34-4d2c-a5b2-7cf4a1d1a0ab";

fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}

fn provider_with(changes: &Value) -> ProviderConfig {
    let mut config = json!({"id": "p", "name": "P", "issuer": "https://p.example", "client_id": "shop",
        "audiences": ["api://shop"], "trust_mfa": true});
    for (name, value) in changes.as_object().unwrap() {
        config[name] = value.clone();
    }
    provider::parse(&json!([config]).to_string())
        .unwrap()
        .remove(0)
}

fn signed(kind: Option<&str>, base: Value, changes: &Value) -> Signed {
    let mut claims = base;
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    Signed {
        algorithm: Algorithm::RS256,
        kind: kind.map(str::to_owned),
        claims,
    }
}

fn id_token(changes: &Value) -> Signed {
    let base = json!({"iss": "https://p.example", "sub": "s", "aud": "shop", "exp": NOW + 300, "iat": NOW, "nonce": "n"});
    signed(Some("JWT"), base, changes)
}

fn access_token(kind: Option<&str>, changes: &Value) -> Signed {
    let base = json!({"iss": "https://p.example", "sub": "s", "aud": "api://shop", "exp": NOW + 300, "iat": NOW, "scp": "shop"});
    signed(kind, base, changes)
}

fn read_id(changes: &Value) -> Result<Profile, Refusal> {
    let expected = Expected {
        nonce: "n",
        access_token: Some("at"),
    };
    read_id_token(
        &provider_with(&json!({})),
        &id_token(changes),
        expected,
        now(),
    )
}

fn read_bearer(kind: Option<&str>, changes: &Value) -> Result<Bearer, Refusal> {
    read_access_token(
        &provider_with(&json!({})),
        &access_token(kind, changes),
        now(),
    )
}

#[test]
fn an_id_token_must_answer_to_this_sign_in() {
    assert!(read_id(&json!({})).is_ok());
    let half = half_hash(Algorithm::RS256, "at");
    for good in [
        json!({"aud": ["shop"], "azp": "shop"}),
        json!({"aud": ["other", "shop"], "azp": "shop"}),
        json!({"at_hash": half}),
        json!({"exp": NOW - 30}),
        json!({"iat": NOW + 30}),
        json!({"exp": 1_800_000_300.5}),
    ] {
        assert!(read_id(&good).is_ok(), "{good}");
    }
    for (bad, why) in [
        (json!({"iss": "https://p.example/"}), Refusal::Issuer),
        (json!({"aud": "other"}), Refusal::Audience),
        (json!({"aud": []}), Refusal::Audience),
        (json!({"aud": ["shop", "other"]}), Refusal::Party),
        (json!({"azp": "other"}), Refusal::Party),
        (json!({"exp": NOW - 60}), Refusal::Expired),
        (json!({"exp": null}), Refusal::Claims),
        (json!({"exp": "soon"}), Refusal::Claims),
        (json!({"iat": NOW + 61}), Refusal::Time),
        (json!({"nbf": NOW + 61}), Refusal::Time),
        (json!({"iat": null}), Refusal::Time),
        (json!({"iat": NOW - 661, "exp": NOW + 9}), Refusal::Time),
        (json!({"nonce": "m"}), Refusal::Nonce),
        (json!({"nonce": null}), Refusal::Nonce),
        (json!({"at_hash": "AAAA"}), Refusal::AccessToken),
        (json!({"sub": null}), Refusal::Subject),
        (json!({"sub": ""}), Refusal::Subject),
        (json!({"sub": "x".repeat(256)}), Refusal::Subject),
    ] {
        assert_eq!(read_id(&bad).err(), Some(why), "{bad}");
    }
}

#[test]
fn an_address_is_verified_only_when_the_provider_says_so() {
    let verified = |changes| {
        let profile = read_id(&changes).unwrap();
        profile
            .email
            .map(|email| (email.to_string(), profile.email_verified))
    };
    let anna = |verified| Some(("anna@example.com".to_owned(), verified));
    assert_eq!(
        verified(json!({"email": "Anna@example.com", "email_verified": true})),
        anna(true)
    );
    assert_eq!(
        verified(json!({"email": "anna@example.com", "email_verified": "true"})),
        anna(true)
    );
    assert_eq!(
        verified(json!({"email": "anna@example.com", "xms_edov": 1})),
        anna(true)
    );
    assert_eq!(verified(json!({"email": "anna@example.com"})), anna(false));
    assert_eq!(
        verified(json!({"email": "anna@example.com", "email_verified": "false"})),
        anna(false)
    );
    assert_eq!(
        verified(json!({"preferred_username": "anna@example.com", "email_verified": true})),
        anna(false)
    );
    assert_eq!(verified(json!({"upn": "anna@example.com"})), anna(false));
    assert_eq!(verified(json!({"email": "nonsense"})), None);
    let trusting = provider_with(&json!({"trust_email": true}));
    let expected = Expected {
        nonce: "n",
        access_token: None,
    };
    for (claims, proved) in [
        (json!({"email": "anna@example.com"}), true),
        (json!({"preferred_username": "anna@example.com"}), false),
    ] {
        let profile = read_id_token(&trusting, &id_token(&claims), expected, now()).unwrap();
        assert_eq!(profile.email_verified, proved, "{claims}");
    }
}

#[test]
fn entra_is_keyed_by_tenant_and_object() {
    let issuer = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let entra = provider_with(&json!({"issuer": issuer}));
    let read = |changes: Value| {
        let mut claims = json!({"iss": issuer, "tid": TENANT, "oid": "o", "sub": "pairwise"});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let expected = Expected {
            nonce: "n",
            access_token: None,
        };
        read_id_token(&entra, &id_token(&claims), expected, now())
    };
    assert_eq!(read(json!({})).unwrap().subject, "o");
    assert_eq!(read(json!({"tid": "other"})).err(), Some(Refusal::Subject));
    assert_eq!(read(json!({"tid": null})).err(), Some(Refusal::Subject));
    assert_eq!(read(json!({"oid": null})).err(), Some(Refusal::Subject));
}

#[test]
fn a_second_factor_counts_if_the_provider_is_trusted_with_it() {
    let claims = json!({"amr": ["pwd", "mfa"]});
    assert!(read_id(&claims).unwrap().second_factor);
    assert!(!read_id(&json!({"amr": ["pwd"]})).unwrap().second_factor);
    let expected = Expected {
        nonce: "n",
        access_token: None,
    };
    let distrusted = provider_with(&json!({"trust_mfa": false}));
    assert!(
        !read_id_token(&distrusted, &id_token(&claims), expected, now())
            .unwrap()
            .second_factor
    );
}

#[test]
fn only_access_tokens_for_the_shop_are_accepted_as_they_are() {
    assert!(read_bearer(None, &json!({})).is_ok());
    assert!(read_bearer(Some("JWT"), &json!({"scp": null, "scope": "shop"})).is_ok());
    assert!(read_bearer(Some("application/at+jwt"), &json!({"scp": null})).is_ok());
    for (kind, bad, why) in [
        (None, json!({"aud": "api://other"}), Refusal::Audience),
        (None, json!({"aud": "shop"}), Refusal::Audience),
        (None, json!({"scp": null}), Refusal::Kind),
        (None, json!({"scp": ""}), Refusal::Kind),
        (None, json!({"nonce": "n"}), Refusal::Kind),
        (None, json!({"at_hash": "h"}), Refusal::Kind),
        (None, json!({"idtyp": "app"}), Refusal::Kind),
        (Some("at+jwt"), json!({"token_use": "id"}), Refusal::Kind),
        (Some("logout+jwt"), json!({}), Refusal::Kind),
        (None, json!({"exp": NOW - 60}), Refusal::Expired),
        (None, json!({"nbf": NOW + 61}), Refusal::Time),
        (None, json!({"iss": "https://q.example"}), Refusal::Issuer),
    ] {
        assert_eq!(read_bearer(kind, &bad).err(), Some(why), "{kind:?} {bad}");
    }
    // Unless the shop says that tokens for the client are for the shop.
    let client = provider_with(&json!({"audiences": ["shop"]}));
    assert!(read_access_token(&client, &id_token(&json!({})), now()).is_ok());
    let none = provider_with(&json!({"audiences": []}));
    assert_eq!(
        read_access_token(&none, &id_token(&json!({})), now()).err(),
        Some(Refusal::Audience)
    );
}

#[test]
fn names_become_one_short_line() {
    let name = |name: &str| read_id(&json!({"name": name})).unwrap().name;
    assert_eq!(name(" Anna\n S. ").as_deref(), Some("Anna S."));
    assert_eq!(name(&"ä".repeat(200)).unwrap().chars().count(), 100);
    assert_eq!(name("\u{7}"), None);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop::collection::vec(inner, 0..3).prop_map(Value::from)
    })
}

proptest! {
    #[test]
    fn claims_of_any_kind_are_judged_without_a_fault(
        claim in prop::sample::select(vec!["iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "auth_time", "amr",
            "email", "email_verified", "preferred_username", "name", "roles", "tid", "oid"]),
        value in any_json(),
    ) {
        let mut claims = id_token(&json!({})).claims;
        claims[claim] = value;
        let signed = Signed { algorithm: Algorithm::RS256, kind: None, claims };
        let expected = Expected { nonce: "n", access_token: None };
        if let Ok(profile) = read_id_token(&provider_with(&json!({})), &signed, expected, now()) {
            prop_assert_eq!(signed.claims["nonce"].as_str(), Some("n"));
            prop_assert!(!profile.subject.is_empty());
            prop_assert!(!profile.email_verified || profile.email.is_some());
        }
    }
}
