use std::time::Duration;

use auth_token::{Method, Role};
use contracts::events::Mail;
use http_kit::{Error, Result, one_field};
use primitives::{EmailAddress, UserId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::password::NewPassword;
use crate::domain::token::{OpaqueToken, VERIFY_LIFETIME};
use crate::domain::user::{Name, User};
use crate::store::one_time_tokens::{self, Purpose};
use crate::store::sessions::Device;
use crate::store::{claims, credentials, users};
use crate::workflows::recovery::mail;
use crate::workflows::sign_in::{self, Tokens};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How many accounts may be opened with one address in a day. Nobody is shut out by it: who reads the address's mail gets in
/// by resetting the password. Nor told anything: it counts attempts, whether or not the address has an owner.
const CLAIMS_PER_DAY: i64 = 20;

/// Opens an account and signs in, whoever else claims the address: it is theirs once they verify it. What is done, and so
/// the time it takes, is the same when the address has an owner already; only the mail differs.
pub(crate) async fn register(
    state: &AppState,
    email: EmailAddress,
    password: &NewPassword,
    name: &Name,
    device: &Device,
) -> Result<(User, Tokens)> {
    check_password(state, password, &email, name.as_str(), "password").await?;
    state.limits.mail(&email, device.ip).await?;
    let now = state.clock.now();
    let mut db = state.pool.acquire().await?;
    if claims::count_since(&mut db, &email, now - DAY).await? >= CLAIMS_PER_DAY {
        return Err(Error::rate_limited(DAY / 24));
    }
    drop(db);
    let hash = hash(state, password, &email).await?;
    let now = state.clock.now();
    let user = User {
        id: UserId::new(now, &state.random),
        email,
        email_verified_at: None,
        name: name.as_str().to_owned(),
        role: Role::Customer,
        disabled_at: None,
        disabled_reason: None,
        created_at: now,
        version: 1,
    };
    let mut tx = state.pool.begin().await?;
    users::insert(&mut tx, &user).await?;
    credentials::set(&mut tx, user.id, &hash, now).await?;
    state.publisher.publish(&mut tx, &user.registered()).await?;
    mail_the_address(state, &mut tx, &user).await?;
    let tokens = sign_in::open_session(state, &mut tx, &user, &[Method::Password], device).await?;
    tx.commit().await?;
    Ok((user, tokens))
}

/// Mails the link to verify the address; or, if it is somebody else's, tells them that they have an account. The steps are the
/// same.
pub(crate) async fn mail_the_address(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
) -> Result<()> {
    let owner = claims::owner(tx, &user.email).await?;
    // In the hands of nobody if no mail carries it.
    let (token, now) = (OpaqueToken::new(&state.random), state.clock.now());
    one_time_tokens::insert(
        tx,
        &token.hash(),
        Purpose::VerifyEmail,
        user.id,
        &user.email,
        now,
        now + VERIFY_LIFETIME,
    )
    .await?;
    let content = match owner {
        Some(owner) => account_exists(state, owner),
        None => Mail::VerifyEmail {
            name: user.name.clone(),
            url: state.settings.link("verify-email", token.text()),
        },
    };
    mail(state, tx, &user.email, content).await
}

/// What the owner of an address hears when somebody else tries to use it.
pub(crate) fn account_exists(state: &AppState, owner: User) -> Mail {
    Mail::AccountExists {
        name: owner.name,
        sign_in_url: state.settings.public_url.to_string(),
        reset_url: state.settings.page("reset-password"),
    }
}

/// The hash to keep of a password, with the salt of the address.
pub(crate) async fn hash(
    state: &AppState,
    password: &NewPassword,
    email: &EmailAddress,
) -> Result<String> {
    let new: [u8; 16] = state.random.bytes();
    let salt = claims::salt(
        &mut *state.pool.acquire().await?,
        email,
        &new,
        state.clock.now(),
    )
    .await?;
    state.passwords.hash(password.secret(), &salt).await
}

/// Refuses what is easy to guess for somebody who knows the address, the name and the shop.
pub(crate) async fn check_password(
    state: &AppState,
    password: &NewPassword,
    email: &EmailAddress,
    name: &str,
    field: &str,
) -> Result<()> {
    let password = password.clone();
    let shop = state.settings.public_url.host_str().unwrap_or_default();
    let known = format!("{email} {name} {shop} {}", state.shop_name());
    let weakness = state.passwords.in_turn(move || password.weakness(&known));
    match weakness.await? {
        Some(weakness) => Err(one_field(field, "weak_password", weakness)),
        None => Ok(()),
    }
}
