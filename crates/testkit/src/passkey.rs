//! An authenticator together with its browser, in software. It does as it is told, also what no real one would do.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coset::cbor::{self, Value as Cbor};
use coset::{CborSerializable, CoseKey, CoseKeyBuilder, iana};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

/// What keys it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256: what nearly all make.
    Es256,
    /// Ed25519.
    EdDsa,
}

/// An authenticator with at most one passkey. Its fields say how it behaves.
#[derive(Debug)]
pub struct Authenticator {
    /// The origin of the page.
    pub origin: String,
    /// Whether the page says that it is inside one of another origin.
    pub cross_origin: bool,
    /// Whether somebody touches it.
    pub user_present: bool,
    /// Whether it verifies its user.
    pub user_verified: bool,
    /// Whether it may synchronise the passkey.
    pub backup_eligible: bool,
    /// Whether it has.
    pub backed_up: bool,
    /// The counter of its next signature; it goes up by one each time, unless it is 0.
    pub sign_count: u32,
    /// What keys it makes.
    pub algorithm: Algorithm,
    passkey: Option<Passkey>,
}

#[derive(Debug)]
struct Passkey {
    id: Vec<u8>,
    user_handle: String,
    key: Key,
}

#[derive(Debug)]
enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl Authenticator {
    /// One that behaves, on a page of `origin`: a security key that counts and verifies its user.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            cross_origin: false,
            user_present: true,
            user_verified: true,
            backup_eligible: false,
            backed_up: false,
            sign_count: 1,
            algorithm: Algorithm::Es256,
            passkey: None,
        }
    }

    /// Answers creation options with a new passkey, as `PublicKeyCredential.toJSON()` does.
    ///
    /// # Panics
    /// If the options are not as the specification has them.
    pub fn create(&mut self, options: &Value) -> Value {
        assert!(options["pubKeyCredParams"].is_array(), "{options}");
        let key = Key::generate(self.algorithm);
        let id = random::<32>().to_vec();
        let data = [
            self.data(text(&options["rp"]["id"]), 1 << 6),
            vec![0; 16],
            u16::try_from(id.len())
                .expect("a short id")
                .to_be_bytes()
                .to_vec(),
            id.clone(),
            key.cose(),
        ]
        .concat();
        let object = Cbor::Map(vec![
            ("fmt".into(), "none".into()),
            ("attStmt".into(), Cbor::Map(Vec::new())),
            ("authData".into(), Cbor::Bytes(data)),
        ]);
        let mut attestation = Vec::new();
        cbor::into_writer(&object, &mut attestation).expect("CBOR");
        let answer = json!({
            "id": encode(&id),
            "rawId": encode(&id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&self.client_data("webauthn.create", options)),
                "attestationObject": encode(&attestation),
                "transports": ["usb", "nfc", "telepathy"],
            },
        });
        self.passkey = Some(Passkey {
            id,
            user_handle: text(&options["user"]["id"]).to_owned(),
            key,
        });
        answer
    }

    /// Answers request options with its passkey, whether they name it or not.
    ///
    /// # Panics
    /// If it has none, or the options are not as the specification has them.
    pub fn get(&mut self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(text(&options["rpId"]), 0);
        let passkey = self.passkey.as_ref().expect("a passkey");
        let signature = passkey.key.sign(&[&*data, &sha256(&client_data)].concat());
        json!({
            "id": encode(&passkey.id),
            "rawId": encode(&passkey.id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&client_data),
                "authenticatorData": encode(&data),
                "signature": encode(&signature),
                "userHandle": passkey.user_handle,
            },
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = text(&options["challenge"]);
        let data = json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin});
        data.to_string().into_bytes()
    }

    /// Authenticator data without a credential.
    fn data(&mut self, rp_id: &str, more_flags: u8) -> Vec<u8> {
        let flags = u8::from(self.user_present)
            | u8::from(self.user_verified) << 2
            | u8::from(self.backup_eligible) << 3
            | u8::from(self.backed_up) << 4
            | more_flags;
        let count = self.sign_count;
        self.sign_count = count.saturating_add(u32::from(count > 0));
        [
            sha256(rp_id.as_bytes()),
            vec![flags],
            count.to_be_bytes().to_vec(),
        ]
        .concat()
    }
}

impl Key {
    fn generate(algorithm: Algorithm) -> Self {
        let random = SystemRandom::new();
        match algorithm {
            Algorithm::Es256 => {
                let kind = &ECDSA_P256_SHA256_ASN1_SIGNING;
                let document = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("a key");
                let key = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random);
                Self::Es256(key.expect("a key"))
            }
            Algorithm::EdDsa => {
                let document = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
                Self::EdDsa(Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key"))
            }
        }
    }

    fn cose(&self) -> Vec<u8> {
        let key = match self {
            Self::Es256(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                CoseKeyBuilder::new_ec2_pub_key(iana::EllipticCurve::P_256, x.into(), y.into())
                    .algorithm(iana::Algorithm::ES256)
                    .build()
            }
            Self::EdDsa(key) => {
                let parameter = |name: iana::OkpKeyParameter| iana::EnumI64::to_i64(&name);
                CoseKey {
                    kty: coset::KeyType::Assigned(iana::KeyType::OKP),
                    alg: Some(coset::Algorithm::Assigned(iana::Algorithm::EdDSA)),
                    ..CoseKeyBuilder::new()
                        .param(
                            parameter(iana::OkpKeyParameter::Crv),
                            Cbor::from(iana::EnumI64::to_i64(&iana::EllipticCurve::Ed25519)),
                        )
                        .param(
                            parameter(iana::OkpKeyParameter::X),
                            Cbor::Bytes(key.public_key().as_ref().into()),
                        )
                        .build()
                }
            }
        };
        key.to_vec().expect("CBOR")
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Es256(key) => {
                let signature = key.sign(&SystemRandom::new(), message);
                signature.expect("a signature").as_ref().to_vec()
            }
            Self::EdDsa(key) => key.sign(message).as_ref().to_vec(),
        }
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("randomness");
    bytes
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text in the options")
}

/// Bytes as WebAuthn has them in JSON.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a member, such as `/response/signature`.
///
/// # Panics
/// If there is no such member.
#[must_use]
pub fn bytes_at(credential: &Value, pointer: &str) -> Vec<u8> {
    let member = credential.pointer(pointer).expect("the member");
    URL_SAFE_NO_PAD.decode(text(member)).expect("base64url")
}

/// The credential with other bytes in a member.
///
/// # Panics
/// If there is no such member.
#[must_use]
pub fn with_bytes(mut credential: Value, pointer: &str, bytes: &[u8]) -> Value {
    *credential.pointer_mut(pointer).expect("the member") = json!(encode(bytes));
    credential
}
