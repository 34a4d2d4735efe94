//! Puts the service together.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use auth_token::{Area, DenyList, Exchange, InternalClient, JwksSource, ServiceKeys, Verifier};
use axum::extract::FromRef;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;
use http_kit::Limits;
use messaging::Publisher;
use primitives::{Clock, Currency, Random, UserId};
use runtime::live::Live;
use runtime::{CommonSettings, Listeners, Runtime, Service as _};
use secrecy::SecretString;
use shop_settings::Shop;
use sqlx::PgPool;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::board::{Board, PanelPage};
use crate::clients::broker::Broker;
use crate::clients::health::Probe;
use crate::clients::webhooks::Sender;
use crate::config::{Defaults, Settings};
use crate::session::Sessions;
use crate::{commands, consumers, docs, http, jobs, pages, store};

/// The program.
pub struct App;

/// The schema.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

impl runtime::Service for App {
    const NAME: &'static str = "admin";
    type Settings = Settings;

    fn common(settings: &Settings) -> &CommonSettings {
        &settings.common
    }

    fn openapi() -> Option<String> {
        http::json()
    }

    fn check(settings: &Settings) -> Vec<String> {
        let keys = ServiceKeys::new(
            Self::NAME,
            &settings.service_key,
            &settings.service_jwks,
            Clock::system(),
        );
        let webhooks = settings.webhooks.rules().err();
        keys.err()
            .into_iter()
            .chain(webhooks)
            .map(|error| format!("{error:#}"))
            .collect()
    }

    async fn migrate(settings: Settings) -> anyhow::Result<()> {
        let url = settings
            .migration_database_url
            .ok_or_else(|| anyhow::anyhow!("ADMIN_MIGRATION_DATABASE_URL is not set"))?;
        runtime::pg::migrate(&url, &MIGRATOR).await
    }

    async fn start(settings: Settings, runtime: &mut Runtime) -> anyhow::Result<Listeners> {
        let app = AppState::new(&settings, runtime.clock(), runtime.random())?;
        let (pool, amqp_url) = (app.pool.clone(), settings.amqp_url.clone());
        runtime.spawn("relay", move |shutdown| {
            messaging::relay::run(pool, amqp_url, shutdown)
        });
        let (shop, pool, amqp_url) = (
            app.shop.clone(),
            app.pool.clone(),
            settings.amqp_url.clone(),
        );
        runtime.spawn("settings", move |shutdown| {
            shop.follow(amqp_url, shutdown, move || {
                let pool = pool.clone();
                async move { Ok(store::settings::read(&mut *pool.acquire().await?).await?) }
            })
        });
        let consumers = consumers::all(&app, settings.amqp_url.clone());
        runtime.spawn("consumers", move |shutdown| consumers.run(shutdown));
        let (verifier, redis_url) = (app.verifier.clone(), settings.redis_url.clone());
        runtime.spawn("verifier", move |shutdown| {
            verifier.run(redis_url, shutdown)
        });
        let teller = app.clone();
        runtime.spawn("notifications", move |shutdown| {
            jobs::inbox::run(teller, shutdown)
        });
        let (live, panel, draining) = (
            app.follow_notifications(runtime.draining()),
            app.follow_panel(runtime.draining()),
            runtime.shutdown(),
        );
        runtime.spawn("followers", move |_| async move {
            tokio::join!(live, panel);
            // They end first, the task with the others.
            draining.cancelled().await;
        });
        let worker = app.clone();
        runtime.spawn("webhooks", move |shutdown| {
            jobs::webhooks::run(worker, shutdown)
        });
        let counting = app.clone();
        runtime.spawn("analytics", move |shutdown| {
            jobs::analytics::run(counting, shutdown)
        });
        let watcher = app.clone();
        runtime.spawn("board", move |shutdown| jobs::board::run(watcher, shutdown));
        runtime.database(&app.pool);
        Ok(listeners(app, &settings))
    }

    fn commands() -> Vec<runtime::clap::Command> {
        commands::commands()
    }

    fn run_command(name: &str, given: &runtime::clap::ArgMatches) -> anyhow::Result<()> {
        commands::run(name, given)
    }
}

/// The two routers. Public for this service's own tests, which run them in process.
pub fn listeners(app: AppState, settings: &Settings) -> Listeners {
    let limits = Limits {
        server_timing: settings.common.server_timing,
        ..Limits::default()
    };
    let (api, _) = http::public().with_state(app.clone()).split_for_parts();
    let api = api.layer(axum::middleware::map_response(private));
    let api = shop_settings::closable(api, app.shop.clone(), &[]);
    let (internal, _) = http::internal().with_state(app.clone()).split_for_parts();
    let public = pages::routes(app).merge(docs::routes()).merge(api);
    Listeners {
        public: Some(http_kit::public(public, limits)),
        internal: http_kit::internal(internal, limits),
    }
}

/// All answers are somebody's own: only their own cache may keep them, and must ask again.
async fn private(mut response: Response) -> Response {
    response
        .headers_mut()
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

impl FromRef<AppState> for Verifier {
    fn from_ref(app: &AppState) -> Self {
        app.verifier.clone()
    }
}

impl FromRef<AppState> for ServiceKeys {
    fn from_ref(app: &AppState) -> Self {
        app.keys.clone()
    }
}

/// What every page works with; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// The parts of [`AppState`].
pub struct Parts {
    pub(crate) pool: PgPool,
    pub(crate) auth_db: PgPool,
    pub(crate) product_db: PgPool,
    pub(crate) order_db: PgPool,
    pub(crate) auth: InternalClient,
    pub(crate) product: InternalClient,
    pub(crate) order: InternalClient,
    pub(crate) notification: InternalClient,
    pub(crate) broker: Broker,
    pub(crate) amqp_url: SecretString,
    /// One at a time goes through dead letters: others would not see what they have in their hands.
    pub(crate) dead_letters: Mutex<()>,
    pub(crate) probe: Probe,
    /// What was last seen of the system.
    pub(crate) board: Board,
    /// Who looks at a page that brings itself up to date.
    pub(crate) watching: Live<PanelPage>,
    pub(crate) webhooks: Sender,
    /// How long a third party may take to answer.
    pub(crate) webhook_timeout: Duration,
    /// Where pictures are found.
    pub(crate) media: String,
    pub(crate) sessions: Sessions,
    /// Rankings that took long to make.
    pub(crate) rankings: pages::analytics::KeptRankings,
    /// Whose days the numbers are of.
    pub(crate) time_zone: String,
    pub(crate) verifier: Verifier,
    keys: ServiceKeys,
    /// Who follows their notifications live.
    pub(crate) live: Live<UserId>,
    /// How often they hear that nothing happened.
    pub(crate) heartbeat: Duration,
    pub(crate) publisher: Publisher,
    /// What staff set for the shop.
    pub(crate) shop: Shop,
    /// What holds where they set nothing.
    pub(crate) defaults: Defaults,
    pub(crate) shop_name: String,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
}

impl AppState {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// A setting is malformed.
    pub fn new(settings: &Settings, clock: Clock, random: Random) -> anyhow::Result<Self> {
        let verifier = Verifier::new(
            JwksSource::url(&settings.jwks_url)?,
            DenyList::default(),
            clock.clone(),
        );
        Self::with_verifier(settings, clock, random, verifier)
    }

    /// As [`AppState::new`], with the keys that a test signs its access tokens with.
    ///
    /// # Errors
    /// A setting is malformed.
    pub fn with_verifier(
        settings: &Settings,
        clock: Clock,
        random: Random,
        verifier: Verifier,
    ) -> anyhow::Result<Self> {
        let keys = ServiceKeys::new(
            App::NAME,
            &settings.service_key,
            &settings.service_jwks,
            clock.clone(),
        )?;
        let client = |target, url: &str| InternalClient::new(App::NAME, target, url, keys.clone());
        let auth = client("auth", &settings.auth_internal_url)?;
        // What somebody wrote and was told belongs to their account.
        verifier.admit_programs(Area::Account, Exchange::auth(auth.clone()));
        let pool = |url| runtime::pg::connect(url, settings.database_max_connections, App::NAME);
        Ok(Self(Arc::new(Parts {
            pool: pool(&settings.database_url)?,
            auth_db: pool(&settings.auth_read_url)?,
            product_db: pool(&settings.product_read_url)?,
            order_db: pool(&settings.order_read_url)?,
            auth,
            product: client("product", &settings.product_internal_url)?,
            order: client("order", &settings.order_internal_url)?,
            notification: client("notification", &settings.notification_internal_url)?,
            media: settings.media_base_url.trim_end_matches('/').to_owned(),
            broker: Broker::new(&settings.rabbitmq_management_url, &settings.amqp_url)?,
            amqp_url: settings.amqp_url.clone(),
            dead_letters: Mutex::new(()),
            probe: Probe::new(&[
                ("auth", &settings.auth_internal_url),
                ("product", &settings.product_internal_url),
                ("order", &settings.order_internal_url),
                ("notification", &settings.notification_internal_url),
            ])?,
            board: Board::default(),
            watching: Live::new("panel_news", settings.panel_followers),
            webhooks: Sender::new(settings.webhooks.rules()?, settings.webhooks.timeout())?,
            webhook_timeout: settings.webhooks.timeout(),
            verifier,
            live: Live::new("user_notifications", settings.notification_followers),
            heartbeat: Duration::from_secs(settings.notification_heartbeat_seconds.max(1).into()),
            keys,
            sessions: Sessions::new(&settings.redis_url, clock.clone(), random.clone())?,
            rankings: pages::analytics::KeptRankings::default(),
            time_zone: settings.time_zone.clone(),
            publisher: Publisher::new("mercato/admin", clock.clone(), random.clone()),
            shop: Shop::default(),
            defaults: settings.defaults.clone(),
            shop_name: settings.common.shop_name.clone(),
            clock,
            random,
        })))
    }

    /// Tells those who follow their notifications when there are new ones, and ends them with `draining`.
    pub fn follow_notifications(
        &self,
        draining: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        self.live.clone().run(self.pool.clone(), draining)
    }

    /// Tells those who look at a page of the panel when there is something new on it, and ends them with `draining`.
    pub fn follow_panel(
        &self,
        draining: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        self.watching.clone().run(self.pool.clone(), draining)
    }

    /// Looks now at the system around the panel, and at what sells.
    pub async fn look_around(&self) {
        jobs::board::look(self, true).await;
    }

    /// Tells customers now what happened to their orders; how much that was.
    ///
    /// # Errors
    /// A database is away.
    pub async fn tell_customers(&self) -> sqlx::Result<usize> {
        jobs::inbox::all(self).await
    }

    /// Delivers now what is due to third parties; how many tries that were.
    ///
    /// # Errors
    /// The database is away.
    pub async fn deliver_webhooks(&self) -> sqlx::Result<usize> {
        jobs::webhooks::all(self).await
    }

    /// What the shop is called.
    pub(crate) fn shop_name(&self) -> String {
        let set = self.shop.now().shop_name.clone();
        set.unwrap_or_else(|| self.shop_name.clone())
    }

    /// The currency that the shop sells in.
    pub(crate) fn currency(&self) -> Currency {
        let set = self.shop.now().currency;
        set.unwrap_or(self.defaults.currency)
    }

    /// After how long a paid order that was not shipped is late.
    pub(crate) fn late_after(&self) -> Duration {
        let set = self.shop.now().late_after_hours;
        let hours = set.unwrap_or(self.defaults.late_after_hours);
        Duration::from_secs(u64::from(hours) * 3600)
    }

    /// After how long a work item that nobody took is overdue.
    pub(crate) fn overdue_after(&self) -> Duration {
        let set = self.shop.now().overdue_after_hours;
        let hours = set.unwrap_or(self.defaults.overdue_after_hours);
        Duration::from_secs(u64::from(hours) * 3600)
    }
}

impl Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
