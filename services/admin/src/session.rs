//! Staff sessions: an opaque token in a cookie, its hash in Redis. Each belongs to a session of auth, whose row says when and how
//! it was last proved who this is. Ended by signing out, half an hour of idleness, twelve hours, or whatever ends the other.

use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use auth_token::permissions::Permission;
use auth_token::{OnBehalfOf, Role};
use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::internal::users::StaffSession;
use primitives::{Clock, EmailAddress, Random, SessionId, Timestamp, UserId};
use redis::AsyncCommands as _;
use redis::aio::ConnectionManager;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::OnceCell;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::store::audit::Actor;
use crate::{read, store};

const IDLE_SECONDS: u64 = 30 * 60;
const ABSOLUTE: Duration = Duration::from_secs(12 * 3600);
/// A page should rather fail than hang when Redis is away.
const PATIENCE: Duration = Duration::from_millis(500);

/// A signed-in member of staff.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// As auth knows it.
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) email: EmailAddress,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Stands in every form, so that another site cannot send one.
    pub(crate) csrf: String,
    /// When they last proved who they are.
    pub(crate) authenticated_at: Timestamp,
    /// Whether the shop wants a second factor that was not used in this session.
    pub(crate) factor_missing: bool,
    pub(crate) theme: Theme,
    /// Whether single letters do something in this browser (WCAG 2.1.4).
    pub(crate) letters: bool,
    /// What staff are told that they have not read, counted to a hundred.
    pub(crate) unread: i64,
    /// What the shop is called.
    pub(crate) shop_name: String,
    /// Whether customers can change nothing now.
    pub(crate) closed: bool,
}

/// How pages look in this browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Theme {
    /// As the browser prefers.
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// As a cookie says it, which anybody may have written.
    fn named(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|theme| theme.as_str() == name)
            .unwrap_or_default()
    }
}

/// What Redis keeps of it. The role is asked for each time: it may be taken away.
#[derive(Serialize, Deserialize)]
struct Stored {
    id: SessionId,
    user_id: UserId,
    email: EmailAddress,
    name: String,
    csrf: String,
    /// When it began, which no later proof changes.
    since: Timestamp,
    factor_required: bool,
}

impl Session {
    /// Whether they may do this: what they may not is not shown.
    pub(crate) fn may<P: Permission>(&self) -> bool {
        P::allows(self.role)
    }

    /// Refuses a dangerous act that no service guards, unless they have proved lately who they are.
    pub(crate) fn check_fresh(&self, now: Timestamp) -> Result<()> {
        if now.since(self.authenticated_at) <= auth_token::FRESH {
            Ok(())
        } else {
            Err(PageError::stale())
        }
    }

    /// As a call to a service names the person it is made for.
    pub(crate) fn on_behalf_of(&self) -> OnBehalfOf {
        OnBehalfOf {
            user_id: self.user_id,
            role: self.role,
            email: Some(self.email.clone()),
            auth_time: Some(self.authenticated_at.unix()),
        }
    }

    /// As the audit log names them.
    pub(crate) fn actor(&self) -> Actor<'_> {
        Actor {
            id: Some(self.user_id),
            email: self.email.as_str(),
        }
    }

    /// Refuses a form that does not carry this session's token.
    pub(crate) fn check_csrf(&self, token: &str) -> Result<()> {
        if same(&self.csrf, token) {
            Ok(())
        } else {
            Err(PageError::forged())
        }
    }
}

/// Compares secrets without telling by time where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    !a.is_empty() && bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Somebody who follows a link or sends a form.
    Own,
    /// A page that brings itself up to date, which must not keep a session alive that nobody uses.
    OfPage,
}

/// What a page says that asks by itself.
const LIVE: &str = "x-live";

impl Act {
    fn of(headers: &HeaderMap) -> Self {
        let streams = |value: &HeaderValue| value.as_bytes() == b"text/event-stream";
        if headers.contains_key(LIVE) || headers.get(ACCEPT).is_some_and(streams) {
            Self::OfPage
        } else {
            Self::Own
        }
    }
}

/// Whether the session that a request began in still lasts, and with which rights.
pub(crate) async fn still(app: &AppState, headers: &HeaderMap) -> Result<Option<Session>> {
    match read_cookie(headers, SESSION) {
        Some(token) => current(app, &token, headers, Act::OfPage).await,
        None => Ok(None),
    }
}

/// The sessions in Redis.
pub(crate) struct Sessions {
    client: redis::Client,
    connection: OnceCell<ConnectionManager>,
    clock: Clock,
    random: Random,
}

impl Sessions {
    /// Connects when first used.
    pub(crate) fn new(url: &SecretString, clock: Clock, random: Random) -> anyhow::Result<Self> {
        let client = redis::Client::open(url.expose_secret())?;
        Ok(Self {
            client,
            connection: OnceCell::new(),
            clock,
            random,
        })
    }

    /// Unguessable, for tokens in cookies and forms.
    pub(crate) fn new_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.random.bytes::<32>())
    }

    /// Starts a session; the answer is the cookie's token.
    pub(crate) async fn start(&self, session: StaffSession) -> Result<String> {
        let token = self.new_token();
        let session = Stored {
            id: session.session_id,
            user_id: session.user.id,
            email: session.user.email,
            name: session.user.name,
            csrf: self.new_token(),
            since: self.clock.now(),
            factor_required: session.factor_required,
        };
        let json = serde_json::to_string(&session)?;
        let save = async {
            self.redis()
                .await?
                .set_ex::<_, _, ()>(key(&token), json, IDLE_SECONDS)
                .await
        };
        tokio::time::timeout(PATIENCE, save).await??;
        Ok(token)
    }

    /// Finds a session; somebody's own act puts off its end by idleness.
    async fn find(&self, token: &str, act: Act) -> Result<Option<Stored>> {
        let read = async {
            let expiry = redis::Expiry::EX(IDLE_SECONDS);
            let mut redis = self.redis().await?;
            match act {
                Act::Own => redis.get_ex::<_, Option<String>>(key(token), expiry).await,
                Act::OfPage => redis.get::<_, Option<String>>(key(token)).await,
            }
        };
        let json = tokio::time::timeout(PATIENCE, read).await??;
        let session: Option<Stored> = json.map(|json| serde_json::from_str(&json)).transpose()?;
        Ok(session.filter(|session| self.clock.now().since(session.since) < ABSOLUTE))
    }

    pub(crate) async fn end(&self, token: &str) -> Result<()> {
        let delete = async { self.redis().await?.del::<_, ()>(key(token)).await };
        Ok(tokio::time::timeout(PATIENCE, delete).await??)
    }

    async fn redis(&self) -> redis::RedisResult<ConnectionManager> {
        self.connection
            .get_or_try_init(|| self.client.get_connection_manager())
            .await
            .cloned()
    }
}

fn key(token: &str) -> String {
    format!(
        "admin:session:{}",
        URL_SAFE_NO_PAD.encode(Sha256::digest(token))
    )
}

/// The cookie of a session.
pub(crate) const SESSION: &str = "mercato_admin";

/// The cookie of a [`Theme`].
pub(crate) const THEME: &str = "mercato_theme";

/// The cookie of who wants no single letter to do something: `off`.
pub(crate) const LETTERS: &str = "mercato_letters";

/// A cookie of ours: over HTTPS with the prefix that browsers guard (RFC 6265bis), so that no neighbouring site can set it.
/// Plain HTTP is for development, where browsers would refuse that prefix.
pub(crate) fn cookie(headers: &HeaderMap, name: &str, token: String) -> Cookie<'static> {
    Cookie::build((full_name(headers, name), token))
        .path("/")
        .http_only(true)
        .secure(over_https(headers))
        .same_site(SameSite::Lax)
        .build()
}

pub(crate) fn read_cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    CookieJar::from_headers(headers)
        .get(&full_name(headers, name))
        .map(|cookie| cookie.value().to_owned())
}

fn full_name(headers: &HeaderMap, name: &str) -> String {
    if over_https(headers) {
        format!("__Host-{name}")
    } else {
        name.to_owned()
    }
}

/// nginx sets the header, whatever the client sent.
fn over_https(headers: &HeaderMap) -> bool {
    headers
        .get("x-forwarded-proto")
        .is_some_and(|proto| proto == "https")
}

/// Where those may go who still have to set up the second factor that the shop wants.
fn is_open_without_factor(path: &str) -> bool {
    path == SECURITY || path.starts_with("/admin/security/") || path == "/admin/logout"
}

/// The page on which the second factor is set up.
pub(crate) const SECURITY: &str = "/admin/security";

impl FromRequestParts<AppState> for Session {
    type Rejection = Response;

    /// Whoever is not signed in is sent to the sign-in page, and back here after it. A role that was taken away, and an
    /// account that was disabled, count at once.
    async fn from_request_parts(
        parts: &mut Parts,
        app: &AppState,
    ) -> std::result::Result<Self, Response> {
        let session = match read_cookie(&parts.headers, SESSION) {
            Some(token) => {
                let act = Act::of(&parts.headers);
                current(app, &token, &parts.headers, act)
                    .await
                    .map_err(IntoResponse::into_response)?
            }
            None => None,
        };
        let Some(session) = session else {
            // What a form would do is not done by following a link.
            let next = parts
                .uri
                .path_and_query()
                .filter(|_| parts.method == Method::GET);
            let next = next.map_or("/admin", |path| path.as_str());
            let query = serde_html_form::to_string([("next", next)]).unwrap_or_default();
            return Err(Redirect::to(&format!("/admin/login?{query}")).into_response());
        };
        if session.factor_missing && !is_open_without_factor(parts.uri.path()) {
            return Err(Redirect::to(SECURITY).into_response());
        }
        Ok(session)
    }
}

/// A signed-in member of staff with a permission, without which there is no such page for them.
pub(crate) struct May<P>(pub(crate) Session, PhantomData<P>);

impl<P> Deref for May<P> {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.0
    }
}

impl<P: Permission> FromRequestParts<AppState> for May<P> {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &AppState,
    ) -> std::result::Result<Self, Response> {
        let session = Session::from_request_parts(parts, app).await?;
        if session.may::<P>() {
            Ok(Self(session, PhantomData))
        } else {
            Err(PageError::forbidden().into_response())
        }
    }
}

async fn current(
    app: &AppState,
    token: &str,
    headers: &HeaderMap,
    act: Act,
) -> Result<Option<Session>> {
    let Some(stored) = app.sessions.find(token, act).await? else {
        return Ok(None);
    };
    let now = app.clock.now();
    let proved = async {
        let mut db = app.auth_db.acquire().await?;
        read::users::session(&mut db, stored.id, stored.user_id, now).await
    };
    let unread = async {
        let mut db = app.pool.acquire().await?;
        store::notifications::unread(&mut db, stored.user_id).await
    };
    let (proved, unread) = tokio::try_join!(proved, unread)?;
    let Stored {
        id,
        user_id,
        email,
        name,
        csrf,
        factor_required,
        ..
    } = stored;
    Ok(proved
        .filter(|proved| proved.role.is_staff())
        .map(|proved| Session {
            id,
            user_id,
            email,
            name,
            role: proved.role,
            csrf,
            authenticated_at: proved.authenticated_at,
            factor_missing: factor_required && !proved.used_second_factor,
            theme: read_cookie(headers, THEME).map_or(Theme::Auto, |name| Theme::named(&name)),
            letters: read_cookie(headers, LETTERS).as_deref() != Some("off"),
            unread,
            shop_name: app.shop_name(),
            closed: app.shop.now().maintenance.is_some(),
        }))
}
