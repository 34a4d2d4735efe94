//! Puts the service together.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use auth_token::{Area, DenyList, Exchange, InternalClient, JwksSource, ServiceKeys, Verifier};
use axum::extract::FromRef;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_kit::Limits;
use messaging::{Consumers, Publisher};
use primitives::{Clock, CountryCode, Currency, OrderId, Random};
use runtime::live::Live;
use runtime::{CommonSettings, Listeners, Runtime};
use secrecy::SecretString;
use shop_settings::Shop;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clients::auth::AuthClient;
use crate::clients::product::ProductClient;
use crate::config::{CartSettings, SellerSettings, Settings};
use crate::domain::guest_token::GuestTokens;
use crate::domain::payment::{Capture, ProviderName};
use crate::guest_carts::GuestCarts;
use crate::payments::{BankTransfer, Nothing, PaymentProvider, Stripe};
use crate::store::orders::Order;
use crate::{commands, consumers, http};

/// The program.
pub struct App;

impl runtime::Service for App {
    const NAME: &'static str = "order";
    type Settings = Settings;

    fn common(settings: &Settings) -> &CommonSettings {
        &settings.common
    }

    fn openapi() -> Option<String> {
        http::openapi::json()
    }

    fn check(settings: &Settings) -> Vec<String> {
        let mut complaints = Vec::new();
        let keys = ServiceKeys::new(
            "order",
            &settings.service_key,
            &settings.service_jwks,
            Clock::system(),
        );
        if let Err(error) = keys {
            complaints.push(format!("{error:#}"));
        }
        if settings.unpaid_expiry_seconds == 0 {
            complaints.push("UNPAID_EXPIRY_SECONDS must be more than 0".to_owned());
        }
        if settings.cart.guest_cart_days == 0 {
            complaints.push("GUEST_CART_DAYS must be more than 0".to_owned());
        }
        if settings.reconcile_provider_interval_seconds == 0 {
            complaints.push("RECONCILE_PROVIDER_INTERVAL_SECONDS must be more than 0".to_owned());
        }
        if settings.reconcile_window_hours == 0 {
            complaints.push("RECONCILE_WINDOW_HOURS must be more than 0".to_owned());
        }
        if settings.bank.bank_transfer_iban.is_empty()
            != settings.bank.bank_transfer_holder.is_empty()
        {
            complaints
                .push("BANK_TRANSFER_IBAN and BANK_TRANSFER_HOLDER belong together".to_owned());
        }
        if settings.reconcile_interval_seconds == 0 {
            complaints.push("RECONCILE_INTERVAL_SECONDS must be more than 0".to_owned());
        }
        complaints
    }

    async fn migrate(settings: Settings) -> anyhow::Result<()> {
        let url = settings
            .migration_database_url
            .ok_or_else(|| anyhow::anyhow!("ORDER_MIGRATION_DATABASE_URL is not set"))?;
        runtime::pg::migrate(&url, &MIGRATOR).await
    }

    async fn start(settings: Settings, runtime: &mut Runtime) -> anyhow::Result<Listeners> {
        let app = AppState::new(&settings, runtime.clock(), runtime.random())?;
        let (verifier, redis_url) = (app.verifier.clone(), settings.redis_url.clone());
        runtime.spawn("verifier", move |shutdown| {
            verifier.run(redis_url, shutdown)
        });
        let (pool, amqp_url) = (app.pool.clone(), settings.amqp_url.clone());
        runtime.spawn("relay", move |shutdown| {
            messaging::relay::run(pool, amqp_url, shutdown)
        });
        let (shop, amqp_url) = (app.clone(), settings.amqp_url.clone());
        runtime.spawn("settings", move |shutdown| {
            shop.follow_settings(amqp_url, shutdown)
        });
        let consumers = app.consumers(settings.amqp_url.clone());
        runtime.spawn("consumers", move |shutdown| consumers.run(shutdown));
        let (jobs, interval) = (
            app.clone(),
            Duration::from_secs(settings.reconcile_interval_seconds),
        );
        runtime.spawn("reconcilers", move |shutdown| {
            crate::jobs::run(jobs, interval, shutdown)
        });
        let (jobs, interval) = (
            app.clone(),
            Duration::from_secs(settings.reconcile_provider_interval_seconds),
        );
        runtime.spawn("reconciler", move |shutdown| {
            crate::jobs::reconcile(jobs, interval, shutdown)
        });
        let (live, draining) = (app.follow_timelines(runtime.draining()), runtime.shutdown());
        runtime.spawn("timelines", move |_| async move {
            live.await;
            // They end first, the task with the others.
            draining.cancelled().await;
        });
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

/// The schema.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The two routers. Public for this service's own tests, which run them in process.
pub fn listeners(app: AppState, settings: &Settings) -> Listeners {
    let limits = Limits {
        server_timing: settings.common.server_timing,
        ..Limits::default()
    };
    let (public, _) = http::public().with_state(app.clone()).split_for_parts();
    // Money that moved is heard of, whatever the shop does.
    let public = shop_settings::closable(public, app.shop.clone(), &["/api/webhooks/"]);
    let public = public.layer(axum::middleware::map_response(private));
    let (internal, _) = http::internal().with_state(app.clone()).split_for_parts();
    let keys = app.keys.clone();
    let (staffs, _) = http::staffs().with_state(app).split_for_parts();
    let staffs = auth_token::in_staffs_name(staffs, keys);
    Listeners {
        public: Some(http_kit::public(public, limits)),
        internal: http_kit::internal(internal.nest("/internal", staffs), limits),
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

/// What every handler and workflow works with; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// The parts of [`AppState`].
pub struct Parts {
    pub(crate) pool: PgPool,
    pub(crate) publisher: Publisher,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) product: ProductClient,
    pub(crate) auth: AuthClient,
    pub(crate) stripe: Stripe,
    pub(crate) bank: BankTransfer,
    /// When the money of cards is taken.
    pub(crate) capture: Capture,
    pub(crate) verifier: Verifier,
    pub(crate) keys: ServiceKeys,
    pub(crate) guest_tokens: GuestTokens,
    pub(crate) guest_carts: GuestCarts,
    pub(crate) cart: CartSettings,
    seller: SellerSettings,
    pub(crate) public_url: String,
    pub(crate) country: CountryCode,
    currency: Currency,
    pub(crate) prices_include_tax: bool,
    pub(crate) unpaid_expiry_seconds: u32,
    pub(crate) return_window_days: u16,
    pub(crate) return_address: Option<String>,
    pub(crate) timeline_heartbeat_seconds: u16,
    /// What staff set for the shop.
    shop: Shop,
    admin: InternalClient,
    /// Who follows orders live.
    pub(crate) live: Live<OrderId>,
    /// How far back the comparison with the payment provider looks.
    pub(crate) reconcile_window: Duration,
    /// Wakes the reconcilers: there is work.
    pub(crate) reconcile: Notify,
    /// Wakes the comparison with the payment provider: somebody wishes for one.
    pub(crate) compare: Notify,
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
        anyhow::ensure!(
            Stripe::can_charge(settings.currency),
            "Stripe cannot charge every amount in {}: choose another CURRENCY",
            settings.currency
        );
        let keys = ServiceKeys::new(
            "order",
            &settings.service_key,
            &settings.service_jwks,
            clock.clone(),
        )?;
        let auth = InternalClient::new("order", "auth", &settings.auth_internal_url, keys.clone())?;
        verifier.admit_programs(Area::Orders, Exchange::auth(auth.clone()));
        let admin_keys = keys.clone();
        Ok(Self(Arc::new(Parts {
            pool: runtime::pg::connect(
                &settings.database_url,
                settings.database_max_connections,
                "order",
            )?,
            publisher: Publisher::new("mercato/order", clock.clone(), random.clone()),
            product: ProductClient::new(InternalClient::new(
                "order",
                "product",
                &settings.product_internal_url,
                keys.clone(),
            )?),
            auth: AuthClient::new(auth),
            stripe: Stripe::new(&settings.stripe)?,
            bank: BankTransfer::new(&settings.bank),
            capture: settings.payment_capture,
            verifier,
            keys,
            guest_tokens: GuestTokens::new(&settings.service_key),
            guest_carts: GuestCarts::new(&settings.cart, &settings.redis_url, clock.clone())?,
            cart: settings.cart.clone(),
            seller: settings.seller.clone(),
            public_url: settings.public_url.trim_end_matches('/').to_owned(),
            country: settings.default_country.clone(),
            currency: settings.currency,
            prices_include_tax: settings.prices_include_tax,
            unpaid_expiry_seconds: settings.unpaid_expiry_seconds,
            return_window_days: settings.return_window_days,
            return_address: settings
                .return_address
                .clone()
                .filter(|address| !address.trim().is_empty()),
            timeline_heartbeat_seconds: settings.timeline_heartbeat_seconds,
            shop: Shop::default(),
            admin: InternalClient::new(
                "order",
                "admin",
                &settings.common.admin_internal_url,
                admin_keys,
            )?,
            live: Live::new("order_events", settings.timeline_followers),
            reconcile_window: Duration::from_secs(
                u64::from(settings.reconcile_window_hours) * 3600,
            ),
            reconcile: Notify::new(),
            compare: Notify::new(),
            clock,
            random,
        })))
    }

    /// What staff set for the shop, as far as this process knows.
    #[must_use]
    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    /// What new carts are in, and prices that do not say theirs.
    pub(crate) fn currency(&self) -> Currency {
        self.shop.now().currency.unwrap_or(self.currency)
    }

    /// Who sells, as documents say it from now on.
    pub(crate) fn seller(&self) -> SellerSettings {
        let (set, default) = (self.shop.now(), self.seller.clone());
        SellerSettings {
            seller_name: set.seller_name.clone().unwrap_or(default.seller_name),
            seller_address: set.seller_address.clone().unwrap_or(default.seller_address),
            seller_footer: set.seller_footer.clone().unwrap_or(default.seller_footer),
            ..default
        }
    }

    /// Learns what staff set until `shutdown`.
    pub fn follow_settings(
        &self,
        amqp_url: SecretString,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (shop, admin) = (self.shop.clone(), self.admin.clone());
        shop.follow(amqp_url, shutdown, move || {
            let admin = admin.clone();
            async move { Ok(admin.get("/internal/settings", None).await?) }
        })
    }

    /// What this service does about others' events, once it runs.
    pub fn consumers(&self, amqp_url: SecretString) -> Consumers {
        consumers::all(self, amqp_url)
    }

    /// Tells those who follow timelines when they grow, and ends them with `draining`.
    pub fn follow_timelines(
        &self,
        draining: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        self.live.clone().run(self.pool.clone(), draining)
    }

    /// Who moves a payment's money. A free order has nothing to move: whoever is asked of it finds nothing.
    pub(crate) fn provider(&self, name: ProviderName) -> &dyn PaymentProvider {
        match name {
            ProviderName::Stripe => &self.stripe,
            ProviderName::Manual => &self.bank,
            ProviderName::None => &Nothing,
        }
    }

    /// 256 random bits for a guest's cart.
    pub(crate) fn new_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.random.bytes::<32>())
    }

    /// Where a customer sees the order: a guest's link carries the token.
    pub(crate) fn order_url(&self, order: &Order) -> String {
        let page = format!("{}/orders/{}", self.public_url, order.id);
        match order.guest_token_hash {
            Some(_) => format!("{page}?token={}", self.guest_tokens.of(order.id)),
            None => page,
        }
    }
}

impl Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
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
