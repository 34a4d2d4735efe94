//! The service, put together.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use auth_token::{Area, DenyList, Exchange, InternalClient, JwksSource, ServiceKeys, Verifier};
use axum::extract::FromRef;
use http_kit::Limits;
use messaging::{Consumers, Publisher};
use primitives::{Clock, Currency, Random};
use runtime::{CommonSettings, Listeners, Runtime, Service};
use secrecy::SecretString;
use shop_settings::Shop;
use sqlx::PgPool;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::cache::Cache;
use crate::clients::auth::AuthClient;
use crate::config::Settings;
use crate::domain::link_token::UnsubscribeTokens;
use crate::domain::links::Links;
use crate::domain::review::Moderation;
use crate::domain::search::snapshot::Snapshot;
use crate::jobs::imports::Pace;
use crate::media::Media;
use crate::store::search::facets::Known;
use crate::workflows::imports::Work;
use crate::workflows::queues::Queues;
use crate::workflows::wishes::Mailer;
use crate::{MIGRATOR, consumers, http, jobs};

/// What workflows, consumers and jobs need.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) pool: PgPool,
    pub(crate) publisher: Publisher,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    /// Rings when files of pictures are to be removed.
    pub(crate) leftovers: Arc<Notify>,
    pub(crate) queues: Queues,
    /// What staff set for the shop.
    pub(crate) shop: Shop,
}

impl Context {
    /// On a database, with queues that are served by so many at once.
    pub(crate) fn new(pool: PgPool, clock: Clock, random: Random, at_once: usize) -> Self {
        Self {
            pool,
            publisher: Publisher::new("mercato/product", clock.clone(), random.clone()),
            clock,
            random,
            leftovers: Arc::default(),
            queues: Queues::new(at_once),
            shop: Shop::default(),
        }
    }
}

/// When a new variant counts as running low, if nobody says.
const LOW_STOCK_THRESHOLD: i32 = 5;

impl Context {
    /// When a new variant counts as running low.
    pub(crate) fn low_stock_threshold(&self) -> i32 {
        let set = self.shop.now().low_stock_threshold;
        set.and_then(|units| units.try_into().ok())
            .unwrap_or(LOW_STOCK_THRESHOLD)
    }
}

/// What handlers need.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) context: Context,
    pub(crate) media: Media,
    pub(crate) cache: Cache,
    pub(crate) reviews_moderation: Moderation,
    pub(crate) links: Links,
    pub(crate) known_values: Known,
    pub(crate) snapshots: jobs::search_upkeep::Snapshots,
    pub(crate) imports: ImportLimits,
    /// Each holds a connection while a client reads.
    pub(crate) exports: Arc<Semaphore>,
    verifier: Verifier,
    services: ServiceKeys,
    admin: InternalClient,
}

/// What may be imported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ImportLimits {
    pub(crate) max_bytes: u64,
    pub(crate) max_rows: i32,
    /// Of prices that come without one.
    pub(crate) currency: Currency,
}

/// Exports that one process makes at a time.
const EXPORTS: usize = 2;

impl AppState {
    /// Of prices that come without one.
    pub(crate) fn currency(&self) -> Currency {
        let set = self.context.shop.now().currency;
        set.unwrap_or(self.imports.currency)
    }
}

impl FromRef<AppState> for Verifier {
    fn from_ref(state: &AppState) -> Self {
        state.verifier.clone()
    }
}

impl FromRef<AppState> for ServiceKeys {
    fn from_ref(state: &AppState) -> Self {
        state.services.clone()
    }
}

/// The product service.
pub struct App {
    state: AppState,
    mailer: Mailer,
    limits: Limits,
    snapshots: watch::Sender<Option<Arc<Snapshot>>>,
    search_language: String,
    pace: Pace,
}

impl App {
    /// Puts the service together. Nothing is connected yet.
    ///
    /// # Errors
    /// A setting is malformed.
    pub fn build(
        settings: &Settings,
        verifier: Verifier,
        clock: Clock,
        random: Random,
    ) -> anyhow::Result<Self> {
        let pool = runtime::pg::connect(
            &settings.product_database_url,
            settings.database_max_connections,
            Self::NAME,
        )?;
        let context = Context::new(pool, clock.clone(), random, settings.reservations_at_once);
        let media = Media::new(&settings.media)?;
        let services = ServiceKeys::new(
            Self::NAME,
            &settings.service_key,
            &settings.service_jwks,
            clock,
        )?;
        let auth = InternalClient::new(
            Self::NAME,
            "auth",
            &settings.auth_internal_url,
            services.clone(),
        )?;
        verifier.admit_programs(Area::Catalogue, Exchange::auth(auth.clone()));
        let links = Links::new(&settings.public_url);
        let mailer = Mailer {
            cx: context.clone(),
            auth: AuthClient::new(auth),
            links: links.clone(),
            tokens: UnsubscribeTokens::new(&settings.service_key)?,
        };
        let limits = Limits {
            server_timing: settings.common.server_timing,
            ..Limits::default()
        };
        let (snapshots, newest) = watch::channel(None);
        Ok(Self {
            snapshots,
            search_language: settings.search_language.clone(),
            state: AppState {
                known_values: Known::default(),
                snapshots: newest,
                context,
                media,
                cache: Cache::new(&settings.cache),
                reviews_moderation: settings.reviews_moderation,
                links,
                imports: ImportLimits {
                    max_bytes: settings.import_max_bytes,
                    max_rows: settings.import_max_rows,
                    currency: settings.currency.parse().context("CURRENCY")?,
                },
                exports: Arc::new(Semaphore::new(EXPORTS)),
                admin: InternalClient::new(
                    Self::NAME,
                    "admin",
                    &settings.common.admin_internal_url,
                    services.clone(),
                )?,
                verifier,
                services,
            },
            mailer,
            limits,
            pace: Pace {
                workers: settings.import_workers,
                kept: Duration::from_secs(settings.import_retention_days * 24 * 60 * 60),
            },
        })
    }

    /// What it answers on its two ports.
    pub fn listeners(&self) -> Listeners {
        let (public, _) = http::public()
            .with_state(self.state.clone())
            .split_for_parts();
        let (internal, _) = http::internal()
            .with_state(self.state.clone())
            .split_for_parts();
        let (staffs, _) = http::staffs()
            .with_state(self.state.clone())
            .split_for_parts();
        let staffs = auth_token::in_staffs_name(staffs, self.state.services.clone());
        let public = shop_settings::closable(public, self.shop().clone(), &[]);
        Listeners {
            public: Some(http_kit::public(public, self.limits)),
            internal: http_kit::internal(internal.nest("/internal", staffs), self.limits),
        }
    }

    /// What it does about other services' events.
    pub fn consumers(&self, amqp_url: SecretString) -> Consumers {
        consumers::all(&self.state.context, amqp_url)
    }

    /// What staff set for the shop, as far as this process knows.
    pub fn shop(&self) -> &Shop {
        &self.state.context.shop
    }

    /// Learns what staff set until `shutdown`.
    pub fn follow_settings(
        &self,
        amqp_url: SecretString,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (shop, admin) = (self.shop().clone(), self.state.admin.clone());
        shop.follow(amqp_url, shutdown, move || {
            let admin = admin.clone();
            async move { Ok(admin.get("/internal/settings", None).await?) }
        })
    }

    /// Hears until `shutdown` what others change, so that no kept answer is older than it may be.
    pub fn follow_changes(
        &self,
        amqp_url: SecretString,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (cache, pool) = (self.state.cache.clone(), self.state.context.pool.clone());
        async move { cache.follow(&pool, amqp_url, shutdown).await }
    }

    /// Shares kept answers with the other replicas until `shutdown`.
    pub fn share_answers(
        &self,
        redis_url: SecretString,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let cache = self.state.cache.clone();
        async move { cache.share(redis_url, shutdown).await }
    }

    /// Whether every change is heard now, and whether answers are shared now.
    pub fn cache_state(&self) -> (bool, bool) {
        self.state.cache.state()
    }

    /// Publishes and unpublishes what is due now; answers how many products.
    ///
    /// # Errors
    /// The database is away.
    pub async fn keep_schedules(&self) -> anyhow::Result<usize> {
        Ok(jobs::schedule::all(&self.state.context, &CancellationToken::new()).await?)
    }

    /// Adds up the changes of the categories' counts; answers in how many categories there were any.
    ///
    /// # Errors
    /// The database is away.
    pub async fn add_up_counts(&self) -> sqlx::Result<u64> {
        let mut db = self.state.context.pool.acquire().await?;
        crate::store::categories::add_up_counts(&mut db).await
    }

    /// Has all news of what people wish for mailed that is due now.
    ///
    /// # Errors
    /// The database or auth is away.
    pub async fn tell_wishes(&self) -> anyhow::Result<()> {
        jobs::wishes::all(&self.mailer, &CancellationToken::new()).await
    }

    /// Applies all files that wait now; answers how many.
    ///
    /// # Errors
    /// The database is away.
    pub async fn apply_imports(&self) -> anyhow::Result<usize> {
        jobs::imports::all(&self.state.context, self.pace, &CancellationToken::new()).await
    }

    /// Takes an import, applies so many batches of it and gives no sign of life any more, as a process that was killed.
    ///
    /// # Errors
    /// The database is away.
    pub async fn abandon_import(&self, batches: usize) -> anyhow::Result<()> {
        if let Some(work) = Work::claim(&self.state.context).await? {
            for _ in 0..batches {
                work.batch().await?;
            }
        }
        Ok(())
    }

    /// Lets go of every hold that is past its time now; answers how many.
    ///
    /// # Errors
    /// The database is away.
    pub async fn expire_holds(&self) -> sqlx::Result<usize> {
        jobs::expire_holds::all(&self.state.context, &CancellationToken::new()).await
    }

    /// Removes the files of pictures that are due now; answers of how many pictures.
    ///
    /// # Errors
    /// The database or the store is away.
    pub async fn remove_leftovers(&self) -> anyhow::Result<usize> {
        jobs::remove_leftovers::all(&self.state.context, &self.state.media).await
    }

    /// Builds what the search waits for, counts sales and words, and reads a big shop's facts now; answers how many documents were
    /// built.
    ///
    /// # Errors
    /// The database is away.
    pub async fn keep_up_search(&self) -> sqlx::Result<usize> {
        use jobs::search_upkeep as job;
        let (cx, language) = (&self.state.context, &self.search_language);
        let built = job::once(cx, language, Duration::ZERO, &CancellationToken::new()).await?;
        self.snapshots.send_replace(job::read(cx).await?);
        Ok(built)
    }

    /// Brings recommendations up to date now.
    ///
    /// # Errors
    /// The database is away.
    pub async fn recommend(&self) -> sqlx::Result<()> {
        jobs::recommend::all(
            &self.state.context,
            Duration::ZERO,
            &CancellationToken::new(),
        )
        .await
    }
}

impl Service for App {
    const NAME: &'static str = "product";
    type Settings = Settings;

    fn common(settings: &Settings) -> &CommonSettings {
        &settings.common
    }

    fn openapi() -> Option<String> {
        let mut document = http::public().into_openapi();
        http_kit::openapi::complete(&mut document);
        document.to_pretty_json().ok().map(|json| json + "\n")
    }

    fn check(settings: &Settings) -> Vec<String> {
        let mut complaints = Vec::new();
        if settings.common.public_addr.is_none() {
            complaints.push("PUBLIC_ADDR is not set".to_owned());
        }
        if let Err(error) = ServiceKeys::new(
            Self::NAME,
            &settings.service_key,
            &settings.service_jwks,
            Clock::system(),
        ) {
            complaints.push(format!("{error:#}"));
        }
        if let Err(error) = Media::check(&settings.media) {
            complaints.push(format!("{error:#}"));
        }
        complaints
    }

    async fn migrate(settings: Settings) -> anyhow::Result<()> {
        let url = settings
            .product_migration_database_url
            .context("PRODUCT_MIGRATION_DATABASE_URL is not set")?;
        runtime::pg::migrate(&url, &MIGRATOR).await
    }

    async fn start(settings: Settings, runtime: &mut Runtime) -> anyhow::Result<Listeners> {
        let verifier = Verifier::new(
            JwksSource::url(&settings.jwks_url)?,
            DenyList::default(),
            runtime.clock(),
        );
        let app = Self::build(
            &settings,
            verifier.clone(),
            runtime.clock(),
            runtime.random(),
        )?;
        let context = app.state.context.clone();

        let redis_url = settings.redis_url.clone();
        runtime.spawn("shared_cache", |shutdown| {
            app.share_answers(redis_url, shutdown)
        });
        let amqp_url = settings.amqp_url.clone();
        runtime.spawn("cache", |shutdown| app.follow_changes(amqp_url, shutdown));
        let amqp_url = settings.amqp_url.clone();
        runtime.spawn("settings", |shutdown| {
            app.follow_settings(amqp_url, shutdown)
        });
        runtime.spawn("verifier", |shutdown| {
            verifier.run(settings.redis_url, shutdown)
        });
        let (pool, amqp_url) = (context.pool.clone(), settings.amqp_url.clone());
        runtime.spawn("relay", |shutdown| {
            messaging::relay::run(pool, amqp_url, shutdown)
        });
        let consumers = app.consumers(settings.amqp_url);
        runtime.spawn("consumers", |shutdown| consumers.run(shutdown));
        let (cx, every) = (
            context.clone(),
            Duration::from_secs(settings.reconcile_interval_seconds),
        );
        runtime.spawn("expire_holds", move |shutdown| {
            jobs::expire_holds::run(cx, every, shutdown)
        });
        let (cx, media) = (context.clone(), app.state.media.clone());
        runtime.spawn("remove_leftovers", move |shutdown| {
            jobs::remove_leftovers::run(cx, media, every, shutdown)
        });
        let cx = context.clone();
        let often = Duration::from_secs(settings.recommendations_interval_seconds);
        runtime.spawn("recommend", move |shutdown| {
            jobs::recommend::run(cx, often, shutdown)
        });

        let (cx, language, snapshots) = (
            context.clone(),
            app.search_language.clone(),
            app.snapshots.clone(),
        );
        runtime.spawn("search_upkeep", move |shutdown| {
            jobs::search_upkeep::run(cx, language, snapshots, every, shutdown)
        });
        let cx = context.clone();
        runtime.spawn("schedule", move |shutdown| {
            jobs::schedule::run(cx, every, shutdown)
        });
        let cx = context.clone();
        runtime.spawn("category_counts", move |shutdown| {
            jobs::category_counts::run(cx, every, shutdown)
        });

        let (mailer, every) = (
            app.mailer.clone(),
            Duration::from_secs(settings.reconcile_interval_seconds),
        );
        runtime.spawn("wishes", move |shutdown| {
            jobs::wishes::run(mailer, every, shutdown)
        });
        let (cx, pace) = (context.clone(), app.pace);
        runtime.spawn("imports", move |shutdown| {
            jobs::imports::run(cx, pace, shutdown)
        });

        runtime.database(&context.pool);
        Ok(app.listeners())
    }
}
