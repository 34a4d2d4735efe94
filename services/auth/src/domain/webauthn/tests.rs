use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coset::{CborSerializable, CoseKey, CoseKeyBuilder, KeyType, iana};
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::passkey::{Algorithm, Authenticator, bytes_at, with_bytes};

use super::authenticator_data::AuthenticatorData;
use super::client_data::ClientData;
use super::public_key::PublicKey;
use super::*;

const ORIGIN: &str = "https://shop.example";
const OBJECT: &str = "/response/attestationObject";
const CLIENT_DATA: &str = "/response/clientDataJSON";
const DATA: &str = "/response/authenticatorData";
const SIGNATURE: &str = "/response/signature";
const FLAGS: usize = 32;

fn relying_party() -> RelyingParty {
    RelyingParty::new("shop.example".to_owned(), vec![ORIGIN.to_owned()]).unwrap()
}

fn creation() -> (Challenge, Value) {
    let challenge = Challenge::new(&Random::system());
    let handle = UserHandle(vec![7; 64]);
    let user = UserEntity::new(&handle, "anna@example.com".to_owned(), "Anna".to_owned());
    let options = CreationOptions::new(&relying_party(), "Mercato", &challenge, user, Vec::new());
    (challenge, serde_json::to_value(options).unwrap())
}

fn request() -> (Challenge, Value) {
    let challenge = Challenge::new(&Random::system());
    let options = RequestOptions::new(&relying_party(), &challenge, Vec::new(), true);
    (challenge, serde_json::to_value(options).unwrap())
}

fn register(challenge: &Challenge, credential: Value) -> Result<NewCredential, Refusal> {
    let answer: Attestation = serde_json::from_value(credential).unwrap();
    let client_data = ClientData::parse(&answer.response.client_data)?;
    let expected = Expected {
        relying_party: &relying_party(),
        challenge_hash: &challenge.hash(),
        user_verification: false,
    };
    NewCredential::verify(&answer, &client_data, &expected)
}

/// Verifies as at a sign-in without a password.
fn verify(challenge: &Challenge, credential: Value, kept: &Kept) -> Result<Used, Refusal> {
    let answer: Assertion = serde_json::from_value(credential).unwrap();
    let client_data = ClientData::parse(&answer.response.client_data)?;
    let expected = Expected {
        relying_party: &relying_party(),
        challenge_hash: &challenge.hash(),
        user_verification: true,
    };
    verify_assertion(&answer.response, &client_data, kept, false, &expected)
}

fn keep(credential: NewCredential) -> Kept {
    Kept {
        public_key: credential.public_key,
        sign_count: credential.sign_count,
        verifies_user: credential.verifies_user,
        backup_eligible: credential.backup_eligible,
        user_handle: UserHandle(vec![7; 64]),
    }
}

/// An authenticator with a passkey, and what is kept of it.
fn registered() -> (Authenticator, Kept) {
    let mut authenticator = Authenticator::new(ORIGIN);
    let (challenge, options) = creation();
    let credential = register(&challenge, authenticator.create(&options)).unwrap();
    (authenticator, keep(credential))
}

#[test]
fn a_passkey_is_registered_and_signs_in() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let mut authenticator = Authenticator::new(ORIGIN);
        authenticator.algorithm = algorithm;
        let (challenge, options) = creation();
        let answer = authenticator.create(&options);
        let id = bytes_at(&answer, "/id");
        let credential = register(&challenge, answer).unwrap();
        assert_eq!((&credential.id, credential.sign_count), (&id, 1));
        assert!(credential.verifies_user && !credential.backup_eligible);
        assert_eq!(credential.transports, [Transport::Nfc, Transport::Usb]);
        let (challenge, options) = request();
        let used = verify(&challenge, authenticator.get(&options), &keep(credential));
        let expected = Used {
            sign_count: 2,
            backed_up: false,
            user_verified: true,
        };
        assert_eq!(used, Ok(expected), "{algorithm:?}");
    }
}

#[test]
fn options_are_what_browsers_read() {
    let (challenge, options) = creation();
    let user = json!({"id": URL_SAFE_NO_PAD.encode([7; 64]), "name": "anna@example.com", "displayName": "Anna"});
    let algorithms = [-8, -7, -257].map(|alg| json!({"type": "public-key", "alg": alg}));
    let expected = json!({
        "rp": {"id": "shop.example", "name": "Mercato"},
        "user": user,
        "challenge": URL_SAFE_NO_PAD.encode(challenge.0),
        "pubKeyCredParams": algorithms,
        "timeout": 300_000,
        "excludeCredentials": [],
        "authenticatorSelection": {"residentKey": "preferred", "requireResidentKey": false, "userVerification": "preferred"},
        "attestation": "none",
    });
    assert_eq!(options, expected);
    let descriptor = Descriptor::new(vec![1, 2, 3], &["usb".to_owned(), "telepathy".to_owned()]);
    let challenge = Challenge([0; 32]);
    let options = RequestOptions::new(&relying_party(), &challenge, vec![descriptor], false);
    let expected = json!({
        "challenge": "A".repeat(43),
        "timeout": 300_000,
        "rpId": "shop.example",
        "allowCredentials": [{"type": "public-key", "id": "AQID", "transports": ["usb"]}],
        "userVerification": "preferred",
    });
    assert_eq!(serde_json::to_value(options).unwrap(), expected);
}

type Behaviour = fn(&mut Authenticator);

/// What both ceremonies refuse.
const MISBEHAVIOURS: [(Behaviour, Refusal); 6] = [
    (
        |it| it.origin = "https://shop.example.evil".to_owned(),
        Refusal::Origin,
    ),
    (
        |it| it.origin = "http://shop.example".to_owned(),
        Refusal::Origin,
    ),
    (
        |it| it.origin = "https://shop.example:444".to_owned(),
        Refusal::Origin,
    ),
    (|it| it.cross_origin = true, Refusal::CrossOrigin),
    (|it| it.user_present = false, Refusal::UserPresence),
    (|it| it.backed_up = true, Refusal::BackupFlags),
];

#[test]
fn a_registration_is_refused_that_does_not_fit() {
    for (misbehave, refusal) in MISBEHAVIOURS {
        let mut authenticator = Authenticator::new(ORIGIN);
        misbehave(&mut authenticator);
        let (challenge, options) = creation();
        let answer = authenticator.create(&options);
        assert_eq!(register(&challenge, answer).unwrap_err(), refusal);
    }
    let (challenge, options) = creation();
    let answer = |options: &Value| Authenticator::new(ORIGIN).create(options);
    let refused = |answer| register(&challenge, answer).unwrap_err();
    let (_, another) = creation();
    assert_eq!(refused(answer(&another)), Refusal::Challenge);
    let mut elsewhere = options.clone();
    elsewhere["rp"]["id"] = json!("example");
    assert_eq!(refused(answer(&elsewhere)), Refusal::RelyingParty);
    let mut renamed = answer(&options);
    renamed["id"] = json!("AAAA");
    assert_eq!(refused(renamed), Refusal::CredentialId);
    // An assertion is no registration, even for the same challenge.
    let (mut authenticator, _) = registered();
    let mut asked = request().1;
    asked["challenge"] = options["challenge"].clone();
    let assertion = bytes_at(&authenticator.get(&asked), CLIENT_DATA);
    let confused = with_bytes(answer(&options), CLIENT_DATA, &assertion);
    assert_eq!(refused(confused), Refusal::Type);
}

#[test]
fn an_assertion_is_refused_that_does_not_fit() {
    for (misbehave, refusal) in MISBEHAVIOURS {
        let (mut authenticator, kept) = registered();
        misbehave(&mut authenticator);
        let (challenge, options) = request();
        let answer = authenticator.get(&options);
        assert_eq!(verify(&challenge, answer, &kept).unwrap_err(), refusal);
    }
    let (mut authenticator, kept) = registered();
    let (challenge, options) = request();
    let refused = |answer: Value| verify(&challenge, answer, &kept).unwrap_err();
    assert_eq!(refused(authenticator.get(&request().1)), Refusal::Challenge);
    let mut elsewhere = options.clone();
    elsewhere["rpId"] = json!("example");
    assert_eq!(
        refused(authenticator.get(&elsewhere)),
        Refusal::RelyingParty
    );
    let good = authenticator.get(&options);
    let mut signature = bytes_at(&good, SIGNATURE);
    *signature.last_mut().unwrap() ^= 1;
    let tampered = with_bytes(good.clone(), SIGNATURE, &signature);
    assert_eq!(refused(tampered), Refusal::Signature);
    let mut data = bytes_at(&good, DATA);
    data[FLAGS + 4] ^= 8;
    let tampered = with_bytes(good.clone(), DATA, &data);
    assert_eq!(refused(tampered), Refusal::Signature);
    for handle in [json!(null), json!("AAAA")] {
        let mut unknown = good.clone();
        unknown["response"]["userHandle"] = handle;
        assert_eq!(refused(unknown), Refusal::UserHandle);
    }
    // Another key's signature.
    let (mut other, _) = registered();
    assert_eq!(refused(other.get(&options)), Refusal::Signature);
    // What may be backed up does not begin to be.
    authenticator.backup_eligible = true;
    assert_eq!(refused(authenticator.get(&options)), Refusal::BackupFlags);
}

#[test]
fn only_a_known_user_may_leave_out_the_user_handle() {
    let (mut authenticator, kept) = registered();
    let (challenge, options) = request();
    let mut answer = authenticator.get(&options);
    answer["response"]["userHandle"] = Value::Null;
    let answer: Assertion = serde_json::from_value(answer).unwrap();
    let client_data = ClientData::parse(&answer.response.client_data).unwrap();
    let expected = Expected {
        relying_party: &relying_party(),
        challenge_hash: &challenge.hash(),
        user_verification: false,
    };
    let outcome = |identified| {
        verify_assertion(&answer.response, &client_data, &kept, identified, &expected).map(drop)
    };
    assert_eq!(outcome(true), Ok(()));
    assert_eq!(outcome(false), Err(Refusal::UserHandle));
}

#[test]
fn without_a_password_the_authenticator_verifies_its_user() {
    let (mut authenticator, kept) = registered();
    authenticator.user_verified = false;
    let (challenge, options) = request();
    let answer = authenticator.get(&options);
    assert_eq!(
        verify(&challenge, answer, &kept).unwrap_err(),
        Refusal::UserVerification
    );
    // One that did not at first says so alone: anybody who found it could have set its PIN.
    let mut authenticator = Authenticator::new(ORIGIN);
    authenticator.user_verified = false;
    let (challenge, options) = creation();
    let kept = keep(register(&challenge, authenticator.create(&options)).unwrap());
    authenticator.user_verified = true;
    let (challenge, options) = request();
    let answer = authenticator.get(&options);
    assert_eq!(
        verify(&challenge, answer, &kept).unwrap_err(),
        Refusal::UserVerification
    );
}

#[test]
fn a_counter_only_goes_up() {
    let counted = |kept: u32, now: u32| {
        let (mut authenticator, state) = registered();
        authenticator.sign_count = now;
        let state = Kept {
            sign_count: kept,
            ..state
        };
        let (challenge, options) = request();
        verify(&challenge, authenticator.get(&options), &state).map(|used| used.sign_count)
    };
    assert_eq!(counted(0, 0), Ok(0));
    assert_eq!(counted(0, 5), Ok(5));
    assert_eq!(counted(5, 6), Ok(6));
    assert_eq!(counted(5, u32::MAX), Ok(u32::MAX));
    for (kept, now) in [(5, 5), (5, 4), (5, 0), (u32::MAX, 1)] {
        assert_eq!(counted(kept, now), Err(Refusal::Counter), "{kept} {now}");
    }
}

#[test]
fn client_data_is_read_as_browsers_write_it() {
    let parse = |text: &str| ClientData::parse(text.as_bytes()).map(drop);
    let good = r#"{"type":"webauthn.get","challenge":"AAAA","origin":"https://shop.example"}"#;
    assert_eq!(parse(good), Ok(()));
    assert_eq!(parse(&format!("\u{feff}{good}")), Ok(()));
    let more = r#"{"type":"webauthn.get","challenge":"AAAA","origin":"https://shop.example","crossOrigin":false,"other_keys":1}"#;
    assert_eq!(parse(more), Ok(()));
    let malformed = Err(Refusal::Malformed("client data"));
    for bad in [
        "",
        "{}",
        "null",
        r#"{"type":"webauthn.get","challenge":"AA=","origin":""}"#,
        r#"{"type":"a","type":"webauthn.get","challenge":"AAAA","origin":""}"#,
    ] {
        assert_eq!(parse(bad), malformed, "{bad}");
    }
    assert_eq!(parse(&good[..good.len() - 1]), malformed);
}

#[test]
fn a_page_in_a_frame_is_refused_by_its_top_origin_too() {
    let (challenge, _) = request();
    let text = json!({"type": "webauthn.get", "challenge": URL_SAFE_NO_PAD.encode(challenge.0), "origin": ORIGIN, "topOrigin": ORIGIN});
    let data = ClientData::parse(text.to_string().as_bytes()).unwrap();
    let expected = Expected {
        relying_party: &relying_party(),
        challenge_hash: &challenge.hash(),
        user_verification: false,
    };
    assert_eq!(
        data.verify("webauthn.get", &expected),
        Err(Refusal::CrossOrigin)
    );
}

#[test]
fn only_keys_that_were_asked_for_are_taken() {
    let refused = |key: CoseKey| PublicKey::parse(&key.to_vec().unwrap()).unwrap_err();
    let ec = |curve, x: Vec<u8>, y: Vec<u8>| CoseKeyBuilder::new_ec2_pub_key(curve, x, y);
    let (x, y) = (vec![1; 32], vec![2; 32]);
    let p256 = iana::EllipticCurve::P_256;
    let es256 = |builder: CoseKeyBuilder| builder.algorithm(iana::Algorithm::ES256).build();
    assert!(PublicKey::parse(&es256(ec(p256, x.clone(), y.clone())).to_vec().unwrap()).is_ok());
    // No algorithm, another one, one that does not go with the key.
    let bare = ec(p256, x.clone(), y.clone());
    assert_eq!(refused(bare.build()), Refusal::Algorithm);
    let es384 = ec(iana::EllipticCurve::P_384, vec![1; 48], vec![2; 48]);
    let es384 = es384.algorithm(iana::Algorithm::ES384).build();
    assert_eq!(refused(es384), Refusal::Algorithm);
    let mixed = ec(p256, x.clone(), y.clone()).algorithm(iana::Algorithm::EdDSA);
    assert_eq!(refused(mixed.build()), Refusal::Algorithm);
    // A short coordinate, a compressed point, another curve, nothing.
    let malformed = Refusal::Malformed("public key");
    assert_eq!(refused(es256(ec(p256, vec![1; 31], y.clone()))), malformed);
    let compressed = CoseKeyBuilder::new_ec2_pub_key_y_sign(p256, x.clone(), true);
    assert_eq!(refused(es256(compressed)), malformed);
    let other = ec(iana::EllipticCurve::Secp256k1, x, y);
    assert_eq!(refused(es256(other)), malformed);
    let empty = CoseKey {
        kty: KeyType::Assigned(iana::KeyType::RSA),
        alg: Some(coset::Algorithm::Assigned(iana::Algorithm::RS256)),
        ..CoseKey::default()
    };
    assert_eq!(refused(empty), malformed);
}

/// By OpenSSL: `openssl dgst -sha256 -sign` with a key of 2048 bits.
#[test]
fn rsa_signatures_of_tpms_are_good() {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let key = CoseKeyBuilder::new()
        .param(-1, coset::cbor::Value::Bytes(bytes(MODULUS)))
        .param(-2, coset::cbor::Value::Bytes(vec![1, 0, 1]))
        .algorithm(iana::Algorithm::RS256)
        .build();
    let key = CoseKey {
        kty: KeyType::Assigned(iana::KeyType::RSA),
        ..key
    };
    let key = PublicKey::parse(&key.to_vec().unwrap()).unwrap();
    let signature = bytes(RSA_SIGNATURE);
    assert_eq!(key.verify(b"signed by a TPM", &signature), Ok(()));
    assert_eq!(
        key.verify(b"signed by a tpm", &signature),
        Err(Refusal::Signature)
    );
}

const MODULUS: &str = "lY3dlcLAojyKGrwyyrSmdFNut8RKEFEXey_hMojvuIqPJ7I6gejR2eS1XdvuWqRDMrZ5CkpSwOR3DlpfhZoSCbC0IHbO_D6ipOrO2uRqGPZ9FCkCxo0gNtxxLNifPkzQrMwaZlyizOWIdgdSUeMbouT72fk-fYU9N6oI9ftjwE7fg1OSILuXm5wnWTG6oGhHEo32i5caHHdwhSObUt5IQS1CD3Aje5s5JPKC1tdFOh9-Ec8w6F9QnvjbMQYPCay_I03oA6IUPvUidKgsRkDmjZOWOwDrOG_8yfoWSWf3D5418RdStgqGwkLspf11fYG62ExfLOCcrNhbI2cjYMKMKw";
const RSA_SIGNATURE: &str = "dt0_xZ_-QypNT29yKCYWPL7Z449uGPovSA6fo-Eq1FAvzJfFkys0ZRLmLb2xJOAsrSD6xJKtgSqJArfSFkNH141rKbYF-rxyGIgukK05UXQ1XAgnUpovdtIw5fXjz6PKi3isTLzcgmqDU1IlPRWF08E9pLrIAmkqp4_7r3q7_T7-y-C7adsV5iUo2CSSdRAVo8zd8xK56Wugrfhat7Ma1rGuRuTQKk1qXE_W9FkWZ22BG2GySPgthB-V0Sm6lLjSaHUm6K8tvrWHgABVBlys7btlXMwf0-YhtZQv2Mm8XfuZq3fulL3camE8ktgrvotQySs62Cin_AaXset1Tij55A";

#[test]
fn only_origins_of_the_domain_can_ask() {
    let party =
        |origin: &str| RelyingParty::new("shop.example".to_owned(), vec![origin.to_owned()]);
    for good in [
        "https://shop.example",
        "https://www.shop.example:8443",
        "http://shop.example",
    ] {
        assert!(party(good).is_ok(), "{good}");
    }
    for bad in [
        "https://example",
        "https://evilshop.example",
        "https://shop.example/",
        "https://shop.example.evil",
        "shop.example",
        "",
        "null",
    ] {
        assert!(party(bad).is_err(), "{bad}");
    }
}

#[test]
fn nothing_may_be_missing_or_left_over() {
    let (challenge, options) = creation();
    let good = Authenticator::new(ORIGIN).create(&options);
    let object = bytes_at(&good, OBJECT);
    let register = |object: &[u8]| register(&challenge, with_bytes(good.clone(), OBJECT, object));
    assert!(register(&object).is_ok());
    for end in 0..object.len() {
        let refusal = register(&object[..end]).unwrap_err();
        assert!(matches!(refusal, Refusal::Malformed(_)), "{end}: {refusal}");
    }
    let longer = [&*object, &[0]].concat();
    assert!(register(&longer).is_err());

    let (mut authenticator, _) = registered();
    let data = bytes_at(&authenticator.get(&request().1), DATA);
    assert!(AuthenticatorData::parse(&data).is_ok());
    for end in 0..data.len() {
        assert!(AuthenticatorData::parse(&data[..end]).is_err(), "{end}");
    }
    assert!(AuthenticatorData::parse(&[&*data, &[0]].concat()).is_err());
}

#[test]
fn extensions_are_skipped() {
    let (mut authenticator, _) = registered();
    let mut data = bytes_at(&authenticator.get(&request().1), DATA);
    data[FLAGS] |= 1 << 7;
    let with = |extensions: &[u8]| AuthenticatorData::parse(&[&*data, extensions].concat()).is_ok();
    // {"credProtect": 2}
    let cred_protect = [&[0xa1, 0x6b], &b"credProtect"[..], &[2]].concat();
    assert!(with(&[0xa0]) && with(&cred_protect));
    assert!(!with(&[]) && !with(&[0x01]) && !with(&cred_protect[..5]));
    // Nested without end.
    assert!(!with(&[0x81; 5000]));
}

proptest! {
    /// Bytes from anywhere are read or refused, without a panic.
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = ClientData::parse(&bytes);
        let _ = AuthenticatorData::parse(&bytes);
        if let Ok(key) = PublicKey::parse(&bytes) {
            let _ = key.verify(b"", &bytes);
        }
        let (challenge, options) = creation();
        let answer = Authenticator::new(ORIGIN).create(&options);
        prop_assert!(register(&challenge, with_bytes(answer, OBJECT, &bytes)).is_err());
    }

    /// A registration with a changed byte is read or refused, without a panic; and what is read of it can be used.
    #[test]
    fn a_changed_registration_is_survived(at in any::<prop::sample::Index>(), change in 1..=255_u8, which in 0..2) {
        let (challenge, options) = creation();
        let mut authenticator = Authenticator::new(ORIGIN);
        let answer = authenticator.create(&options);
        let member = [OBJECT, CLIENT_DATA][which as usize];
        let mut bytes = bytes_at(&answer, member);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if let Ok(credential) = register(&challenge, with_bytes(answer, member, &bytes)) {
            let (challenge, options) = request();
            let _ = verify(&challenge, authenticator.get(&options), &keep(credential));
        }
    }

    /// An assertion with a changed byte is refused, wherever it is.
    #[test]
    fn a_changed_assertion_is_refused(at in any::<prop::sample::Index>(), change in 1..=255_u8, which in 0..3) {
        let (mut authenticator, kept) = registered();
        let (challenge, options) = request();
        let answer = authenticator.get(&options);
        let member = [DATA, CLIENT_DATA, SIGNATURE][which as usize];
        let mut bytes = bytes_at(&answer, member);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(verify(&challenge, with_bytes(answer, member, &bytes), &kept).is_err());
    }
}
