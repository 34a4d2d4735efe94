//! Signing in by an identity provider: OpenID Connect's code flow with PKCE.
//!
//! The browser keeps a secret in a cookie, and carries `state` in URLs. The database knows the hashes of both; the code verifier
//! and the nonce are derived from both, so that neither the database nor a URL that leaks is enough to finish a sign-in.

use std::sync::Arc;
use std::time::Duration;

use auth_token::{FRESH, Method, Role};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::events::{Mail, UserRoleChanged};
use http_kit::{Error, OnConstraint, Result};
use primitives::{EmailAddress, IdentityId, Timestamp, UserId};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use url::Url;

use crate::app::AppState;
use crate::clients::identity_provider::{Begin, IdentityProvider, Trouble};
use crate::domain::federation::return_to::ReturnTo;
use crate::domain::federation::token::{Expected, Profile, read_id_token};
use crate::domain::token::{self, ACCESS_LIFETIME, OpaqueToken, SESSION_LIFETIME};
use crate::domain::user::User;
use crate::store::identities::{self, IdentityKey};
use crate::store::oidc::{self, NewRequest, SignIn};
use crate::store::revocations::{self, Pending};
use crate::store::sessions::{self, Device, Proof};
use crate::store::{claims, deletions, users};
use crate::workflows::sign_in::{self, Outcome};
use crate::workflows::{recovery, register, second_factor};

/// How long somebody may take at the provider.
pub(crate) const REQUEST_LIFETIME: Duration = Duration::from_secs(600);
/// How long a page may take to fetch its tokens.
const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// How long somebody may take to agree to a link.
const LINK_LIFETIME: Duration = Duration::from_secs(600);

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Away(cause) => Self::new(
                axum::http::StatusCode::SERVICE_UNAVAILABLE,
                "provider_unavailable",
                "The identity provider does not answer right now. Please try again in a moment.",
            )
            .caused_by(cause),
            Trouble::Refused(cause) => {
                tracing::warn!(
                    error = format!("{cause:#}"),
                    "an identity provider's answer is refused"
                );
                Self::unauthenticated(
                    "federated_sign_in_failed",
                    "The identity provider's answer cannot be trusted. Please begin again.",
                )
            }
        }
    }
}

fn provider<'a>(state: &'a AppState, id: &str) -> Result<&'a Arc<IdentityProvider>> {
    let provider = state.providers.by_id(id);
    provider.ok_or_else(|| Error::not_found("identity provider"))
}

/// A browser about to go to a provider.
pub(crate) struct Begun {
    pub(crate) location: Url,
    pub(crate) state: OpaqueToken,
    /// For the cookie.
    pub(crate) browser: OpaqueToken,
}

/// What only who has the state and the cookie knows.
fn derived(purpose: &str, state: &str, browser: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{purpose} {browser} {state}")))
}

pub(crate) async fn begin(
    state: &AppState,
    id: &str,
    return_to: Option<&ReturnTo>,
    fresh: bool,
) -> Result<Begun> {
    let provider = provider(state, id)?;
    let return_to = return_to.map(|given| {
        state.return_origins.accept(given).ok_or_else(|| {
            http_kit::one_field("return_to", "invalid", "must be a page of the shop")
        })
    });
    let return_to = return_to.transpose()?;
    let (secret, browser) = (
        OpaqueToken::new(&state.random),
        OpaqueToken::new(&state.random),
    );
    let verifier = derived("verifier", secret.text(), browser.text());
    let location = provider
        .authorization_url(Begin {
            state: secret.text(),
            nonce: &derived("nonce", secret.text(), browser.text()),
            code_challenge: &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
            fresh,
        })
        .await?;
    let now = state.clock.now();
    let request = NewRequest {
        state_hash: &secret.hash(),
        browser_hash: &browser.hash(),
        provider: id,
        return_to: return_to.as_ref().map(Url::as_str),
        fresh,
    };
    let mut db = state.pool.acquire().await?;
    oidc::insert_request(&mut db, request, now, now + REQUEST_LIFETIME).await?;
    Ok(Begun {
        location,
        state: secret,
        browser,
    })
}

/// With what a browser comes back.
#[derive(Clone, Copy)]
pub(crate) struct Returned<'a> {
    pub(crate) state: &'a str,
    /// From the cookie.
    pub(crate) browser: &'a str,
    pub(crate) issuer: Option<&'a str>,
    /// A code, or the provider's word for what went wrong.
    pub(crate) code: std::result::Result<&'a str, &'a str>,
}

/// How a sign-in ends, and where the browser goes then.
pub(crate) struct Ended {
    pub(crate) return_to: Option<Url>,
    pub(crate) result: Result<Done>,
}

pub(crate) enum Done {
    SignedIn(Box<Outcome>),
    /// The page there fetches the tokens with it.
    Code(OpaqueToken),
}

/// The browser is back.
pub(crate) async fn complete(
    state: &AppState,
    id: &str,
    returned: Returned<'_>,
    device: &Device,
) -> Result<Ended> {
    let provider = provider(state, id)?;
    let hashes = (token::hash(returned.state), token::hash(returned.browser));
    let mut db = state.pool.acquire().await?;
    let request = oidc::take_request(&mut db, &hashes.0, &hashes.1, id, state.clock.now()).await?;
    drop(db);
    let request = request.ok_or_else(|| {
        Error::bad_request(
            "invalid_state",
            "This sign-in has ended, took too long, or began in another browser. Please begin again.",
        )
    })?;
    let return_to = request
        .return_to
        .as_deref()
        .and_then(|url| Url::parse(url).ok());
    let way = Way {
        by_code: return_to.is_some(),
        fresh: request.fresh,
    };
    let result = finish(state, provider, returned, way, device).await;
    Ok(Ended { return_to, result })
}

/// How the browser was sent.
#[derive(Clone, Copy)]
struct Way {
    by_code: bool,
    fresh: bool,
}

async fn finish(
    state: &AppState,
    provider: &Arc<IdentityProvider>,
    returned: Returned<'_>,
    way: Way,
    device: &Device,
) -> Result<Done> {
    provider.check_sender(returned.issuer).await?;
    let code = returned.code.map_err(|word| match word {
        "access_denied" => Error::unauthenticated("access_denied", "The sign-in was cancelled."),
        _ => Error::unauthenticated(
            "provider_error",
            "The identity provider could not sign you in. Please try again.",
        ),
    })?;
    let profile = identify(state, provider, returned, code).await?;
    let proved = SignIn {
        second_factor: profile.second_factor,
        authenticated_at: proved_at(&profile, way.fresh, state.clock.now())?,
    };
    let mut tx = state.pool.begin().await?;
    let mut revoked = Vec::new();
    let user = match resolve(state, &mut tx, provider, &profile, &mut revoked).await? {
        Resolved::User(user, _) => user,
        Resolved::Taken(owner, key) => {
            let (token, now) = (OpaqueToken::new(&state.random), state.clock.now());
            let until = now + LINK_LIFETIME;
            oidc::insert_link(&mut tx, &token.hash(), owner, &key, now, until).await?;
            tx.commit().await?;
            return Err(link_required().with("link_token", token.text()));
        }
    };
    let done = if way.by_code {
        let (code, now) = (OpaqueToken::new(&state.random), state.clock.now());
        let until = now + CODE_LIFETIME;
        oidc::insert_code(&mut tx, &code.hash(), user.id, &proved, now, until).await?;
        Done::Code(code)
    } else {
        Done::SignedIn(Box::new(open(state, &mut tx, user, &proved, device).await?))
    };
    tx.commit().await?;
    state.announce(revoked).await;
    Ok(done)
}

/// When somebody proved who they are. A provider that does not say it may just have remembered them: then the proof is not fresh,
/// unless a new one was asked for.
fn proved_at(profile: &Profile, fresh: bool, now: Timestamp) -> Result<Timestamp> {
    match profile.authenticated_at {
        Some(at) if fresh && now.since(at) > FRESH => Err(Trouble::Refused(anyhow::anyhow!(
            "a new proof was asked for, and the provider gives an old one"
        ))
        .into()),
        Some(at) => Ok(at.min(now)),
        None if fresh => Ok(now),
        None => Ok(now - FRESH - Duration::from_secs(1)),
    }
}

pub(crate) fn link_required() -> Error {
    Error::conflict(
        "link_required",
        "There is an account with this e-mail address. Sign in to it and agree that this identity provider may sign you in.",
    )
}

/// Who signed in at the provider. Asks it, so no transaction is open.
async fn identify(
    state: &AppState,
    provider: &Arc<IdentityProvider>,
    returned: Returned<'_>,
    code: &str,
) -> Result<Profile> {
    let verifier = derived("verifier", returned.state, returned.browser);
    let answer = provider.redeem(code, &verifier).await?;
    let signed = provider.verify(answer.id_token.expose_secret()).await?;
    provider.renew_in_background();
    let expected = Expected {
        nonce: &derived("nonce", returned.state, returned.browser),
        access_token: answer
            .access_token
            .as_ref()
            .map(ExposeSecret::expose_secret),
    };
    let profile = read_id_token(&provider.config, &signed, expected, state.clock.now());
    Ok(profile.map_err(Trouble::refused)?)
}

/// Who a profile is here.
pub(crate) enum Resolved {
    /// This user, locked, who may sign in.
    User(User, identities::Identity),
    /// Nobody yet, and the address is that of this user, who has to agree.
    Taken(UserId, IdentityKey),
}

/// The user behind a profile, made at the first sign-in, with the role that the provider gives.
pub(crate) async fn resolve(
    state: &AppState,
    tx: &mut PgConnection,
    provider: &IdentityProvider,
    profile: &Profile,
    revoked: &mut Vec<Pending>,
) -> Result<Resolved> {
    let config = &provider.config;
    let key = IdentityKey {
        provider: config.id.clone(),
        issuer: config.issuer.clone(),
        subject: profile.subject.clone(),
    };
    identities::lock_key(tx, &key).await?;
    let user = match identities::find(tx, &key).await? {
        Some(identity) => users::lock(tx, identity.user_id).await?,
        None => {
            if let Some(owner) = owner(tx, profile).await? {
                return Ok(Resolved::Taken(owner.id, key));
            }
            Some(provision(state, tx, provider, profile, &key).await?)
        }
    };
    // Read again: who held the user's lock may have removed the identity.
    let identity = identities::find(tx, &key).await?;
    let (Some(mut user), Some(identity)) = (user, identity) else {
        return Err(Error::unavailable(anyhow::anyhow!(
            "the identity was removed while it signed in"
        )));
    };
    if user.disabled_at.is_some() {
        return Err(Error::forbidden(
            "account_disabled",
            "This account has been disabled.",
        ));
    }
    identities::touch(tx, identity.id, state.clock.now()).await?;
    if profile.issued_at >= identity.claims_at {
        identities::set_claims_at(tx, identity.id, profile.issued_at).await?;
        let role = config.role_after(user.role, &profile.roles);
        if role != user.role {
            change_role(state, tx, &mut user, role, revoked).await?;
        }
    }
    Ok(Resolved::User(user, identity))
}

/// Who has verified the address that the provider has verified.
async fn owner(tx: &mut PgConnection, profile: &Profile) -> Result<Option<User>> {
    match &profile.email {
        Some(email) if profile.email_verified => Ok(claims::owner(tx, email).await?),
        _ => Ok(None),
    }
}

async fn provision(
    state: &AppState,
    tx: &mut PgConnection,
    provider: &IdentityProvider,
    profile: &Profile,
    key: &IdentityKey,
) -> Result<User> {
    let now = state.clock.now();
    let email = profile.email.clone().ok_or_else(|| {
        Error::forbidden(
            "email_missing",
            "The identity provider gives no e-mail address, and an account needs one.",
        )
    })?;
    let user = User {
        id: UserId::new(now, &state.random),
        name: profile.name.clone().unwrap_or_else(|| name_of(&email)),
        email,
        email_verified_at: profile.email_verified.then_some(now),
        role: provider.config.role_after(Role::Customer, &profile.roles),
        disabled_at: None,
        disabled_reason: None,
        created_at: now,
        version: 1,
    };
    // Somebody verified the address a moment ago.
    let inserted = users::insert(tx, &user).await;
    inserted.on_constraint("users_verified_email", link_required)?;
    let id = IdentityId::new(now, &state.random);
    identities::insert(tx, id, user.id, key, now).await?;
    state.publisher.publish(tx, &user.registered()).await?;
    if user.email_verified_at.is_none() {
        register::mail_the_address(state, tx, &user).await?;
    }
    Ok(user)
}

fn name_of(email: &EmailAddress) -> String {
    let local = email.as_str().split('@').next().unwrap_or_default();
    local.to_owned()
}

/// Gives a user, whose row is locked, the role that a provider decided; but there is always an admin left.
async fn change_role(
    state: &AppState,
    tx: &mut PgConnection,
    user: &mut User,
    role: Role,
    revoked: &mut Vec<Pending>,
) -> Result<()> {
    if user.role == Role::Admin && !deletions::another_admin_locked(tx, user.id).await? {
        tracing::warn!(user_id = %user.id, "an identity provider takes the last admin's role away: it stays");
        return Ok(());
    }
    let now = state.clock.now();
    // Nobody here decided it: they brought it along.
    let changed = UserRoleChanged {
        user_id: user.id,
        before: user.role.as_str().to_owned(),
        after: role.as_str().to_owned(),
        by: user.id,
    };
    user.role = role;
    users::update(tx, user, now).await?;
    // Not those of this sign-in, which are signed in a moment.
    revoked.extend(revocations::of_user(tx, user.id, now, now + ACCESS_LIFETIME).await?);
    state.publisher.publish(tx, &user.updated()).await?;
    state.publisher.publish(tx, &changed).await?;
    tracing::info!(user_id = %user.id, %role, "an identity provider changed a user's role");
    Ok(())
}

/// How somebody proved who they are, if a provider says that they did.
pub(crate) fn methods(second_factor: bool) -> Vec<Method> {
    let mut methods = vec![Method::Federated];
    methods.extend(second_factor.then_some(Method::MultiFactor));
    methods
}

/// Opens a session for who a provider vouches for, or asks for their second factor. The user's row is locked.
async fn open(
    state: &AppState,
    tx: &mut PgConnection,
    user: User,
    proved: &SignIn,
    device: &Device,
) -> Result<Outcome> {
    let methods = methods(proved.second_factor);
    if !proved.second_factor && second_factor::factors(tx, user.id).await?.any() {
        return sign_in::finish(state, tx, user, &methods, device).await;
    }
    let (session, proof) =
        sign_in::begin(state, tx, &user, &methods, device, SESSION_LIFETIME).await?;
    let proof = Proof {
        at: proved.authenticated_at,
        ..proof
    };
    sessions::prove(tx, session, &proof).await?;
    let tokens = sign_in::issue(state, tx, &user, session, proof).await?;
    Ok(Outcome::SignedIn(user, tokens))
}

/// The tokens of a sign-in, for the page that the browser returned to.
pub(crate) async fn redeem_code(state: &AppState, code: &str, device: &Device) -> Result<Outcome> {
    let invalid = || {
        Error::unauthenticated(
            "invalid_sign_in_code",
            "This code was used, has expired, or was never ours. Please begin again.",
        )
    };
    let hash = token::hash(code);
    let mut tx = state.pool.begin().await?;
    let owner = oidc::owner_of_code(&mut tx, &hash)
        .await?
        .ok_or_else(invalid)?;
    let user = users::lock(&mut tx, owner).await?;
    let user = user
        .filter(|user| user.disabled_at.is_none())
        .ok_or_else(invalid)?;
    let waiting = oidc::take_code(&mut tx, &hash, state.clock.now())
        .await?
        .ok_or_else(invalid)?;
    let outcome = open(state, &mut tx, user, &waiting, device).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// The owner of an account agrees that an identity may sign in to it.
pub(crate) async fn link(state: &AppState, user: UserId, link_token: &str) -> Result<()> {
    let invalid = || {
        Error::unprocessable(
            "invalid_link_token",
            "This link was used, has expired, or waits for another account.",
        )
    };
    let now = state.clock.now();
    let mut tx = state.pool.begin().await?;
    let user = users::lock(&mut tx, user).await?.ok_or_else(invalid)?;
    let key = oidc::take_link(&mut tx, &token::hash(link_token), user.id, now).await?;
    let key = key.ok_or_else(invalid)?;
    let id = IdentityId::new(now, &state.random);
    let inserted = identities::insert(&mut tx, id, user.id, &key, now).await;
    inserted.on_constraint("external_identities_key", || {
        Error::conflict(
            "already_linked",
            "This identity belongs to an account already.",
        )
    })?;
    let provider = state.providers.by_id(&key.provider);
    let provider = provider.map_or(key.provider.clone(), |provider| {
        provider.config.name.clone()
    });
    let mail = Mail::IdentityLinked {
        name: user.name.clone(),
        provider,
    };
    recovery::mail(state, &mut tx, &user.email, mail).await?;
    tx.commit().await?;
    tracing::info!(user_id = %user.id, provider = key.provider, "an identity was linked");
    Ok(())
}
