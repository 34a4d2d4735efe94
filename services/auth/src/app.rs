use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use auth_token::activity::{self, Seen};
use auth_token::denylist::Revocation;
use auth_token::{
    Area, DenyList, Exchange, InternalClient, JwksSource, ServiceKeys, TokenError, Verifier,
};
use axum::extract::FromRef;
use messaging::Publisher;
use primitives::{Clock, Random, SessionId};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use runtime::{CommonSettings, Listeners, Runtime, Service};
use secrecy::ExposeSecret;
use shop_settings::Shop;
use sqlx::PgPool;
use tokio::sync::{Notify, Semaphore};

use crate::clients::identity_provider::IdentityProviders;
use crate::domain::federation::return_to::ReturnOrigins;
use crate::domain::webauthn::RelyingParty;
use crate::keyfiles::SigningKeys;
use crate::limits::Limits;
use crate::passwords::Passwords;
use crate::sealing::Sealing;
use crate::store::revocations::{self, Pending};
use crate::{Settings, http, jobs, keyfiles, workflows};

/// The auth service.
pub struct App;

/// What handlers share.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) pool: PgPool,
    pub(crate) redis: ConnectionManager,
    pub(crate) passwords: Passwords,
    pub(crate) keys: SigningKeys,
    pub(crate) sealing: Sealing,
    pub(crate) providers: IdentityProviders,
    pub(crate) return_origins: ReturnOrigins,
    pub(crate) relying_party: RelyingParty,
    pub(crate) service_keys: ServiceKeys,
    pub(crate) verifier: Verifier,
    pub(crate) limits: Limits,
    pub(crate) publisher: Publisher,
    pub(crate) order: InternalClient,
    pub(crate) product: InternalClient,
    pub(crate) admin: InternalClient,
    /// What staff set for the shop.
    pub(crate) shop: Shop,
    /// Whose turn it is to gather an export.
    pub(crate) exports: Semaphore,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    /// Woken when somebody asked for a mail.
    pub(crate) asked: Notify,
}

impl std::ops::Deref for AppState {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<AppState> for Verifier {
    fn from_ref(state: &AppState) -> Self {
        state.verifier.clone()
    }
}

impl FromRef<AppState> for ServiceKeys {
    fn from_ref(state: &AppState) -> Self {
        state.service_keys.clone()
    }
}

impl AppState {
    /// What the shop is called.
    pub(crate) fn shop_name(&self) -> String {
        let set = self.shop.now().shop_name.clone();
        set.unwrap_or_else(|| self.settings.common.shop_name.clone())
    }

    /// Makes committed revocations take effect: here at once, elsewhere through Redis. If Redis is away the reconciler
    /// tells it later.
    pub(crate) async fn announce(&self, revocations: Vec<Pending>) {
        for pending in &revocations {
            self.verifier
                .denied()
                .deny(pending.revocation, pending.until);
        }
        if let Err(error) = self.publish(&revocations).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "revocations will be told later"
            );
        }
    }

    /// Tells Redis, and notes that it was told.
    pub(crate) async fn publish(&self, revocations: &[Pending]) -> anyhow::Result<()> {
        let mut redis = self.redis.clone();
        let mut told = Vec::with_capacity(revocations.len());
        for Pending {
            id,
            revocation,
            until,
        } in revocations
        {
            let telling = auth_token::denylist::revoke(&mut redis, *revocation, *until);
            tokio::time::timeout(Duration::from_millis(500), telling)
                .await
                .context("Redis does not answer")??;
            told.push(*id);
        }
        let ended = revocations
            .iter()
            .filter_map(|pending| match pending.revocation {
                Revocation::Session(id) => Some(id),
                Revocation::User(..) => None,
            });
        let ended: Vec<_> = ended.collect();
        let forgetting = activity::forget(&mut redis, &ended);
        // It would expire by itself.
        let _ = tokio::time::timeout(Duration::from_millis(500), forgetting).await;
        if !told.is_empty() {
            revocations::mark_published(&mut *self.pool.acquire().await?, &told, self.clock.now())
                .await?;
        }
        Ok(())
    }

    /// When sessions were last seen, as far as Redis knows; nothing while it is away.
    pub(crate) async fn last_seen(&self, sessions: &[SessionId]) -> HashMap<SessionId, Seen> {
        let mut redis = self.redis.clone();
        let reading = activity::last_seen(&mut redis, sessions);
        let read = tokio::time::timeout(Duration::from_millis(100), reading).await;
        read.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// Refuses tokens in this process that were revoked while it did not listen.
    pub(crate) fn deny(&self, revocation: Revocation, until: primitives::Timestamp) {
        self.verifier.denied().deny(revocation, until);
    }
}

/// An app that is ready to listen, without its background tasks.
pub struct Built {
    /// The routes.
    pub listeners: Listeners,
    pub(crate) state: AppState,
}

impl Built {
    /// The same app from behind.
    #[must_use]
    pub fn backstage(&self) -> Backstage {
        Backstage(self.state.clone())
    }
}

/// What tests see of an app that clients do not.
#[derive(Clone)]
pub struct Backstage(AppState);

impl std::fmt::Debug for Backstage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Backstage")
    }
}

impl Backstage {
    /// Does what the background tasks would do now.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn settle(&self) -> anyhow::Result<()> {
        jobs::settle(&self.0).await
    }

    /// Deletes the accounts whose time has come.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn delete_accounts(&self) -> anyhow::Result<()> {
        jobs::delete_accounts(&self.0).await
    }

    /// How often a password was hashed so far.
    #[must_use]
    pub fn password_hashes(&self) -> u64 {
        self.0.passwords.runs()
    }
}

fn refused(complaints: Vec<String>) -> anyhow::Error {
    anyhow::anyhow!(complaints.join("; "))
}

/// Puts the app together. Nothing is connected yet.
pub fn build(settings: Settings, clock: Clock, random: Random) -> anyhow::Result<Built> {
    runtime::install_tls_provider();
    let pool = runtime::pg::connect(
        &settings.auth_database_url,
        settings.database_max_connections,
        App::NAME,
    )?;
    let redis = redis::Client::open(settings.redis_url.expose_secret()).context("REDIS_URL")?;
    let redis_config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_millis(500)))
        .set_response_timeout(Some(Duration::from_millis(500)))
        .set_number_of_retries(1);
    let keys = SigningKeys::open(&settings.signing_keys_dir, &clock)?;
    let sealing = Sealing::open(&settings.signing_keys_dir, &random)?;
    let providers = IdentityProviders::new(
        settings.identity_providers().map_err(refused)?,
        &settings.public_url,
        Duration::from_millis(settings.oidc_timeout_milliseconds),
        &clock,
    )?;
    let return_origins = settings.return_origins().map_err(refused)?;
    let shown = keys.clone();
    let verifier = Verifier::new(
        JwksSource::local(move || shown.jwks()),
        DenyList::default(),
        clock.clone(),
    );
    let redis =
        ConnectionManager::new_lazy_with_config(redis, redis_config).context("REDIS_URL")?;
    let service_keys = ServiceKeys::new(
        App::NAME,
        &settings.service_key,
        &settings.service_jwks,
        clock.clone(),
    )?;
    let state = AppState(Arc::new(Shared {
        limits: Limits::new(
            &settings.limits,
            &settings.service_key,
            redis.clone(),
            clock.clone(),
        ),
        redis,
        passwords: Passwords::new(&random)?,
        order: InternalClient::new(
            App::NAME,
            "order",
            &settings.order_internal_url,
            service_keys.clone(),
        )?,
        relying_party: settings.relying_party().map_err(anyhow::Error::msg)?,
        product: InternalClient::new(
            App::NAME,
            "product",
            &settings.product_internal_url,
            service_keys.clone(),
        )?,
        admin: InternalClient::new(
            App::NAME,
            "admin",
            &settings.common.admin_internal_url,
            service_keys.clone(),
        )?,
        shop: Shop::default(),
        exports: Semaphore::new(workflows::export::AT_ONCE),
        service_keys,
        publisher: Publisher::new("mercato/auth", clock.clone(), random.clone()),
        settings,
        pool,
        keys,
        sealing,
        providers,
        return_origins,
        verifier,
        clock,
        random,
        asked: Notify::new(),
    }));
    state
        .verifier
        .admit_programs(Area::Account, exchange(&state));
    Ok(Built {
        listeners: http::listeners(&state),
        state,
    })
}

/// Tokens that are not ours are exchanged in this process. The verifier is part of the state, so it cannot keep it alive.
fn exchange(state: &AppState) -> Exchange {
    let shared = Arc::downgrade(&state.0);
    Exchange::local(move |token| {
        let state = shared.upgrade().map(AppState);
        async move {
            let state = state.ok_or(TokenError::ExchangeUnavailable)?;
            workflows::exchange::exchange(&state, &token).await
        }
    })
}

impl Service for App {
    const NAME: &'static str = "auth";
    type Settings = Settings;

    fn common(settings: &Settings) -> &CommonSettings {
        &settings.common
    }

    fn openapi() -> Option<String> {
        http::openapi().to_pretty_json().ok()
    }

    fn check(settings: &Settings) -> Vec<String> {
        settings.complaints()
    }

    async fn migrate(settings: Settings) -> anyhow::Result<()> {
        let url = settings
            .auth_migration_database_url
            .context("AUTH_MIGRATION_DATABASE_URL is not set")?;
        runtime::pg::migrate(&url, &crate::MIGRATOR).await
    }

    async fn start(settings: Settings, rt: &mut Runtime) -> anyhow::Result<Listeners> {
        let Built {
            listeners, state, ..
        } = build(settings, rt.clock(), rt.random())?;
        workflows::bootstrap::first_admin(&state).await?;
        rt.database(&state.pool);
        let (pool, amqp_url) = (state.pool.clone(), state.settings.amqp_url.clone());
        rt.spawn("relay", move |shutdown| {
            messaging::relay::run(pool, amqp_url, shutdown)
        });
        let (verifier, redis_url) = (state.verifier.clone(), state.settings.redis_url.clone());
        rt.spawn("verifier", move |shutdown| {
            verifier.run(redis_url, shutdown)
        });
        let (shop, admin) = (state.shop.clone(), state.admin.clone());
        let amqp_url = state.settings.amqp_url.clone();
        rt.spawn("settings", move |shutdown| {
            shop.follow(amqp_url, shutdown, move || {
                let admin = admin.clone();
                async move { Ok(admin.get("/internal/settings", None).await?) }
            })
        });
        rt.spawn("jobs", move |shutdown| jobs::run(state, shutdown));
        Ok(listeners)
    }

    fn commands() -> Vec<runtime::clap::Command> {
        keyfiles::commands()
    }

    fn run_command(name: &str, args: &runtime::clap::ArgMatches) -> anyhow::Result<()> {
        keyfiles::run_command(name, args)
    }
}
