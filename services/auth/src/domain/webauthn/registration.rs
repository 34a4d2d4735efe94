use coset::cbor::Value;

use super::authenticator_data::{AuthenticatorData, cbor_item};
use super::credential::Attestation;
use super::public_key::PublicKey;
use super::{ClientData, Expected, Refusal, Transport};

/// The longest credential id that the specification allows.
const LONGEST_ID: usize = 1023;

/// A credential as it is to be kept (§4, "credential record").
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NewCredential {
    pub(crate) id: Vec<u8>,
    /// A COSE_Key, as the authenticator wrote it.
    pub(crate) public_key: Vec<u8>,
    pub(crate) sign_count: u32,
    /// The model of the authenticator; zero when it does not say.
    pub(crate) aaguid: [u8; 16],
    pub(crate) transports: Vec<Transport>,
    /// Whether the authenticator ever verified its user in a way that we trust (`uvInitialized`).
    pub(crate) verifies_user: bool,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
}

impl NewCredential {
    /// Registers a new credential: §7.1 from step 5. Steps 1 to 4 are the browser's; that nobody has the id yet (26) is for
    /// the database to say.
    pub(crate) fn verify(
        answer: &Attestation,
        client_data: &ClientData,
        expected: &Expected<'_>,
    ) -> Result<Self, Refusal> {
        // 5, 6: `client_data` was parsed. 7 to 11: type, challenge, origins. 12: its hash is only for attestation.
        client_data.verify("webauthn.create", expected)?;
        // 13: decode the attestation object.
        let bytes = authenticator_data_of(&answer.response.attestation_object)
            .ok_or(Refusal::Malformed("attestation object"))?;
        let data = AuthenticatorData::parse(&bytes)?;
        // 14 to 17: relying party, user present, user verified, backup flags. 18, 19: they are kept, and nothing is refused for
        // them.
        data.verify(expected)?;
        let attested = data
            .attested
            .as_ref()
            .ok_or(Refusal::Malformed("no credential"))?;
        // 20: an algorithm that was asked for, and a key that fits it.
        PublicKey::parse(attested.public_key)?;
        // 21 to 24: the attestation statement is ignored; see the module.
        // 25: not too long; and the one that the browser names.
        if attested.id.is_empty() || attested.id.len() > LONGEST_ID || *attested.id != *answer.id {
            return Err(Refusal::CredentialId);
        }
        // 27: the record. 28: extensions were not asked for.
        Ok(Self {
            id: attested.id.to_vec(),
            public_key: attested.public_key.to_vec(),
            sign_count: data.sign_count,
            aaguid: *attested.aaguid,
            transports: Transport::known(&answer.response.transports),
            verifies_user: data.user_verified(),
            backup_eligible: data.backup_eligible(),
            backed_up: data.backed_up(),
        })
    }
}

/// `authData` of an attestation object (§6.5.4).
fn authenticator_data_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let (object, _, rest) = cbor_item(bytes)?;
    let members = object.into_map().ok().filter(|_| rest.is_empty())?;
    let mut found = members
        .into_iter()
        .filter(|(name, _)| name.as_text() == Some("authData"))
        .map(|(_, value)| Value::into_bytes(value).ok());
    let data = found.next()??;
    // Of two, nobody could say which counts.
    found.next().is_none().then_some(data)
}
