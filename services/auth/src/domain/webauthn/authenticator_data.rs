use coset::cbor::{self, Value};

use super::{Expected, Refusal, sha256};

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED_CREDENTIAL: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

/// Far more than any authenticator nests, far less than a stack holds.
const CBOR_DEPTH: usize = 16;

/// What the authenticator says about a ceremony (§6.1).
pub(super) struct AuthenticatorData<'a> {
    rp_id_hash: &'a [u8; 32],
    flags: u8,
    pub(super) sign_count: u32,
    pub(super) attested: Option<AttestedCredential<'a>>,
}

/// A credential that was just made (§6.5.1).
pub(super) struct AttestedCredential<'a> {
    pub(super) aaguid: &'a [u8; 16],
    pub(super) id: &'a [u8],
    /// A COSE_Key.
    pub(super) public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        Self::read(bytes).ok_or(Refusal::Malformed("authenticator data"))
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>()?;
        let (&[flags], rest) = rest.split_first_chunk::<1>()?;
        let (sign_count, mut rest) = rest.split_first_chunk::<4>()?;
        let mut attested = None;
        if flags & ATTESTED_CREDENTIAL != 0 {
            let (aaguid, after) = rest.split_first_chunk::<16>()?;
            let (length, after) = after.split_first_chunk::<2>()?;
            let (id, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            let (_, public_key, after) = cbor_item(after)?;
            attested = Some(AttestedCredential {
                aaguid,
                id,
                public_key,
            });
            rest = after;
        }
        if flags & EXTENSIONS != 0 {
            // None was asked for: what comes unasked is ignored, as §7.1 step 28 and §7.2 step 23 allow.
            let (extensions, _, after) = cbor_item(rest)?;
            extensions.is_map().then_some(())?;
            rest = after;
        }
        rest.is_empty().then_some(Self {
            rp_id_hash,
            flags,
            sign_count: u32::from_be_bytes(*sign_count),
            attested,
        })
    }

    /// What both ceremonies check alike: §7.1 steps 14 to 17, §7.2 steps 15 to 18.
    pub(super) fn verify(&self, expected: &Expected<'_>) -> Result<(), Refusal> {
        if *self.rp_id_hash != sha256(expected.relying_party.id.as_bytes()) {
            return Err(Refusal::RelyingParty);
        }
        if self.flags & USER_PRESENT == 0 {
            return Err(Refusal::UserPresence);
        }
        if expected.user_verification && !self.user_verified() {
            return Err(Refusal::UserVerification);
        }
        if self.backed_up() && !self.backup_eligible() {
            return Err(Refusal::BackupFlags);
        }
        Ok(())
    }

    pub(super) fn user_verified(&self) -> bool {
        self.flags & USER_VERIFIED != 0
    }

    pub(super) fn backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    pub(super) fn backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

/// The first CBOR item, its bytes, and the bytes after it.
pub(super) fn cbor_item(bytes: &[u8]) -> Option<(Value, &[u8], &[u8])> {
    let mut rest = bytes;
    let value = cbor::de::from_reader_with_recursion_limit(&mut rest, CBOR_DEPTH).ok()?;
    let (item, rest) = bytes.split_at_checked(bytes.len() - rest.len())?;
    Some((value, item, rest))
}
