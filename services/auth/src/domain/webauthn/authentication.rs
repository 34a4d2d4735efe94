use super::authenticator_data::AuthenticatorData;
use super::credential::AssertionResponse;
use super::public_key::PublicKey;
use super::{ClientData, Expected, Refusal, UserHandle};

/// A credential as it was kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) public_key: Vec<u8>,
    pub(crate) sign_count: u32,
    pub(crate) verifies_user: bool,
    pub(crate) backup_eligible: bool,
    /// What authenticators call its user.
    pub(crate) user_handle: UserHandle,
}

/// What a use changes of the credential that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) sign_count: u32,
    pub(crate) backed_up: bool,
    /// Whether the authenticator verified its user this time.
    pub(crate) user_verified: bool,
}

/// Verifies an assertion: §7.2 from step 6. Which credential it is, and whether it was among those allowed (5), is for who found
/// it; `identified` says whether the user was known before.
pub(crate) fn verify(
    answer: &AssertionResponse,
    client_data: &ClientData,
    kept: &Kept,
    identified: bool,
    expected: &Expected<'_>,
) -> Result<Used, Refusal> {
    // 6: the user handle names the credential's user; it may be absent only when they were known before.
    match &answer.user_handle {
        Some(handle) if **handle == *kept.user_handle.0 => {}
        None if identified => {}
        Some(_) | None => return Err(Refusal::UserHandle),
    }
    // 8, 9: `client_data` was parsed. 10 to 14: type, challenge, origins.
    client_data.verify("webauthn.get", expected)?;
    let data = AuthenticatorData::parse(&answer.authenticator_data)?;
    // 15 to 18: relying party, user present, user verified, backup flags.
    data.verify(expected)?;
    // A key that learnt to verify its user only later proves that only together with another factor (see 24).
    if expected.user_verification && !kept.verifies_user {
        return Err(Refusal::UserVerification);
    }
    // 19: whether it may be backed up never changes.
    if data.backup_eligible() != kept.backup_eligible {
        return Err(Refusal::BackupFlags);
    }
    // 20, 21: the signature over the authenticator data and the hash of the client data.
    let message = [&*answer.authenticator_data, &client_data.hash].concat();
    PublicKey::parse(&kept.public_key)?.verify(&message, &answer.signature)?;
    // 22: a counter only goes up; authenticators that do not count, and passkeys that are synchronised, always say 0.
    if (data.sign_count != 0 || kept.sign_count != 0) && data.sign_count <= kept.sign_count {
        return Err(Refusal::Counter);
    }
    // 23: extensions were not asked for. 24: what is to be kept.
    Ok(Used {
        sign_count: data.sign_count,
        backed_up: data.backed_up(),
        user_verified: data.user_verified(),
    })
}
