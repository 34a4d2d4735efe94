use coset::cbor::Value;
use coset::iana::{Algorithm, Ec2KeyParameter, EllipticCurve, OkpKeyParameter, RsaKeyParameter};
use coset::iana::{EnumI64, KeyType};
use coset::{CborSerializable, CoseKey, Label, RegisteredLabel, RegisteredLabelWithPrivate};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

use super::Refusal;

/// The algorithms of which keys are taken, the best first.
pub(super) const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];

/// A credential's public key (§5.8.5).
#[derive(Debug)]
pub(super) enum PublicKey {
    /// ECDSA on P-256 with SHA-256: the uncompressed point.
    Es256(Vec<u8>),
    /// Ed25519.
    EdDsa(Vec<u8>),
    /// RSASSA-PKCS1-v1_5 with SHA-256: TPMs know nothing newer.
    Rs256 { n: Vec<u8>, e: Vec<u8> },
}

impl PublicKey {
    /// From a COSE_Key (RFC 9052 §7).
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let malformed = || Refusal::Malformed("public key");
        let key = CoseKey::from_slice(bytes).map_err(|_| malformed())?;
        let Some(RegisteredLabelWithPrivate::Assigned(algorithm)) = key.alg else {
            return Err(Refusal::Algorithm);
        };
        let RegisteredLabel::Assigned(kind) = key.kty else {
            return Err(malformed());
        };
        match (algorithm, kind) {
            (Algorithm::ES256, KeyType::EC2) => {
                let (x, y) = (
                    bytes_of::<32>(&key, Ec2KeyParameter::X),
                    bytes_of::<32>(&key, Ec2KeyParameter::Y),
                );
                let (x, y) = x.zip(y).ok_or_else(malformed)?;
                on_curve(&key, Ec2KeyParameter::Crv, EllipticCurve::P_256)
                    .then(|| Self::Es256([&[4], x, y].concat()))
                    .ok_or_else(malformed)
            }
            (Algorithm::EdDSA, KeyType::OKP) => {
                let x = bytes_of::<32>(&key, OkpKeyParameter::X).ok_or_else(malformed)?;
                on_curve(&key, OkpKeyParameter::Crv, EllipticCurve::Ed25519)
                    .then(|| Self::EdDsa(x.to_vec()))
                    .ok_or_else(malformed)
            }
            (Algorithm::RS256, KeyType::RSA) => {
                let number = |parameter| parameter_of(&key, parameter).and_then(Value::as_bytes);
                let (n, e) = number(RsaKeyParameter::N)
                    .zip(number(RsaKeyParameter::E))
                    .ok_or_else(malformed)?;
                Ok(Self::Rs256 {
                    n: n.clone(),
                    e: e.clone(),
                })
            }
            _ => Err(Refusal::Algorithm),
        }
    }

    /// Whether the signature is this key's; one by a key that is no key never is.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let verified = match self {
            Self::Es256(point) => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point)
                .verify(message, signature),
            Self::EdDsa(x) => {
                UnparsedPublicKey::new(&signature::ED25519, x).verify(message, signature)
            }
            Self::Rs256 { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &signature::RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
        };
        verified.map_err(|_| Refusal::Signature)
    }
}

fn parameter_of(key: &CoseKey, parameter: impl EnumI64) -> Option<&Value> {
    let label = Label::Int(parameter.to_i64());
    key.params
        .iter()
        .find_map(|(name, value)| (*name == label).then_some(value))
}

/// Exactly so many bytes; so a compressed point, whose `y` is a truth value, is none.
fn bytes_of<const N: usize>(key: &CoseKey, parameter: impl EnumI64) -> Option<&[u8]> {
    let bytes = parameter_of(key, parameter)?.as_bytes()?;
    (bytes.len() == N).then_some(bytes.as_slice())
}

fn on_curve(key: &CoseKey, parameter: impl EnumI64, curve: EllipticCurve) -> bool {
    parameter_of(key, parameter) == Some(&Value::from(curve.to_i64()))
}
