//! The passkeys that a user keeps.

use auth_token::Method;
use contracts::events::SecondFactorChange;
use http_kit::{Error, OnConstraint, Result};
use primitives::{PasskeyId, SessionId, UserId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::text::Line;
use crate::domain::webauthn::{
    Attestation, CHALLENGE_LIFETIME, Challenge, ClientData, CreationOptions, Descriptor, Expected,
    NewCredential, Refusal, UserEntity, UserHandle,
};
use crate::store::passkey_challenges::{self, Purpose};
use crate::store::passkeys::{self, Passkey};
use crate::workflows::sign_in::Tokens;
use crate::workflows::{enrolment, step_up};

/// The most passkeys that a user may keep.
const MOST: i64 = 20;

/// What a user calls a passkey.
pub(crate) type PasskeyName = Line<100>;

/// A challenge that was just written down.
pub(super) async fn challenge(
    state: &AppState,
    tx: &mut PgConnection,
    purpose: Purpose,
) -> Result<Challenge> {
    let challenge = Challenge::new(&state.random);
    let expires_at = state.clock.now() + CHALLENGE_LIFETIME;
    passkey_challenges::insert(tx, &challenge.hash(), purpose, expires_at).await?;
    Ok(challenge)
}

/// The hash of the challenge that is answered, if it was given out for this. The first answer uses it up for good, whatever it
/// is worth.
pub(super) async fn take_challenge(
    state: &AppState,
    client_data: &ClientData,
    purpose: Purpose,
) -> Result<Option<Vec<u8>>> {
    let mut db = state.pool.acquire().await?;
    let hash = client_data.challenge_hash();
    Ok(passkey_challenges::take(&mut db, &hash, purpose, state.clock.now()).await?)
}

/// The user's passkeys, as options name them.
pub(super) async fn descriptors(tx: &mut PgConnection, user: UserId) -> Result<Vec<Descriptor>> {
    let passkeys = passkeys::list(tx, user).await?.into_iter();
    let descriptors =
        passkeys.map(|passkey| Descriptor::new(passkey.credential_id, &passkey.transports));
    Ok(descriptors.collect())
}

pub(crate) async fn registration_options(
    state: &AppState,
    user: UserId,
    session: SessionId,
) -> Result<CreationOptions> {
    let mut tx = state.pool.begin().await?;
    let (user, _) = enrolment::lock_for_change(state, &mut tx, user, session).await?;
    check_room(&mut tx, user.id).await?;
    let challenge = challenge(state, &mut tx, Purpose::Registration(user.id)).await?;
    let handle = passkeys::handle(&mut tx, user.id, &UserHandle::new(&state.random)).await?;
    let existing = descriptors(&mut tx, user.id).await?;
    tx.commit().await?;
    let entity = UserEntity::new(&handle, user.email.to_string(), user.name);
    Ok(CreationOptions::new(
        &state.relying_party,
        &state.shop_name(),
        &challenge,
        entity,
        existing,
    ))
}

/// A passkey that was just added.
pub(crate) struct Registered {
    pub(crate) passkey: Passkey,
    /// If it is the first factor.
    pub(crate) recovery_codes: Vec<String>,
    /// Of the same session, and saying that the factor was used.
    pub(crate) tokens: Tokens,
}

/// Keeps a new passkey. It is a second factor from then on.
pub(crate) async fn register(
    state: &AppState,
    user: UserId,
    session: SessionId,
    name: &PasskeyName,
    answer: &Attestation,
) -> Result<Registered> {
    let purpose = Purpose::Registration(user);
    let credential = verify(state, purpose, answer).await?;
    let now = state.clock.now();
    let mut tx = state.pool.begin().await?;
    let (user, _) = enrolment::lock_for_change(state, &mut tx, user, session).await?;
    check_room(&mut tx, user.id).await?;
    let id = PasskeyId::new(now, &state.random);
    passkeys::insert(&mut tx, id, user.id, name.as_str(), &credential, now)
        .await
        .on_constraint("passkeys_credential_id_key", || {
            Error::conflict("passkey_exists", "This passkey is registered already.")
        })?;
    let change = SecondFactorChange::PasskeyAdded;
    enrolment::tell(state, &mut tx, &user, change).await?;
    let recovery_codes = enrolment::first_codes(state, &mut tx, user.id).await?;
    let tokens = step_up::renew(state, &mut tx, &user, session, Method::Passkey).await?;
    tx.commit().await?;
    tracing::info!(user_id = %user.id, passkey_id = %id, "a passkey was added");
    Ok(Registered {
        passkey: Passkey {
            id,
            credential_id: credential.id,
            transports: Vec::new(),
            backed_up: credential.backed_up,
            name: name.as_str().to_owned(),
            created_at: now,
            last_used_at: None,
        },
        recovery_codes,
        tokens,
    })
}

async fn verify(state: &AppState, purpose: Purpose, answer: &Attestation) -> Result<NewCredential> {
    let client_data = ClientData::parse(&answer.response.client_data).map_err(invalid)?;
    let challenge_hash = take_challenge(state, &client_data, purpose).await?;
    let expected = Expected {
        relying_party: &state.relying_party,
        challenge_hash: &challenge_hash.ok_or_else(|| invalid(Refusal::Challenge))?,
        user_verification: false,
    };
    NewCredential::verify(answer, &client_data, &expected).map_err(invalid)
}

fn invalid(refusal: Refusal) -> Error {
    Error::unprocessable(
        "invalid_passkey",
        format!("The passkey was not accepted: {refusal}."),
    )
}

pub(crate) async fn remove(
    state: &AppState,
    user: UserId,
    session: SessionId,
    id: PasskeyId,
) -> Result<()> {
    let mut tx = state.pool.begin().await?;
    let (user, _) = enrolment::lock_for_change(state, &mut tx, user, session).await?;
    if !passkeys::delete(&mut tx, user.id, id).await? {
        return Err(Error::not_found("passkey"));
    }
    enrolment::after_removal(state, &mut tx, &user).await?;
    let change = SecondFactorChange::PasskeyRemoved;
    enrolment::tell(state, &mut tx, &user, change).await?;
    tx.commit().await?;
    tracing::info!(user_id = %user.id, passkey_id = %id, "a passkey was removed");
    Ok(())
}

async fn check_room(tx: &mut PgConnection, user: UserId) -> Result<()> {
    if passkeys::count(tx, user).await? < MOST {
        return Ok(());
    }
    Err(Error::conflict(
        "too_many_passkeys",
        format!("You can keep {MOST} passkeys: delete one first."),
    ))
}
