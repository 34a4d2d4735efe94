//! Puts the service together.

use auth_token::{InternalClient, ServiceKeys};
use http_kit::Limits;
use messaging::{Consumers, Publisher};
use primitives::Clock;
use runtime::{CommonSettings, Listeners, Runtime};
use shop_settings::Shop;
use sqlx::migrate::Migrator;

use crate::config::Settings;
use crate::consumers::KeepMail;
use crate::http;
use crate::jobs::forget;
use crate::jobs::send::Sender;
use crate::mail::{self, Brand, Postbox};

/// The migrations of the schema `notification`.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// The program.
pub struct App;

impl runtime::Service for App {
    const NAME: &'static str = "notification";
    type Settings = Settings;

    fn common(settings: &Settings) -> &CommonSettings {
        &settings.common
    }

    fn openapi() -> Option<String> {
        None
    }

    fn check(settings: &Settings) -> Vec<String> {
        let smtp = mail::server(&settings.smtp_url).err();
        let smtp = smtp.map(|error| format!("SMTP_URL: {error:#}"));
        let keys = keys(settings, Clock::system()).and_then(|keys| admin(settings, keys));
        let keys = keys.err();
        let keys = keys.map(|error| format!("{error:#}"));
        smtp.into_iter().chain(keys).collect()
    }

    async fn migrate(settings: Settings) -> anyhow::Result<()> {
        let url = settings
            .migration_database_url
            .ok_or_else(|| anyhow::anyhow!("NOTIFICATION_MIGRATION_DATABASE_URL is not set"))?;
        runtime::pg::migrate(&url, &MIGRATOR).await
    }

    async fn start(settings: Settings, runtime: &mut Runtime) -> anyhow::Result<Listeners> {
        let pool = runtime::pg::connect(
            &settings.database_url,
            settings.database_max_connections,
            Self::NAME,
        )?;
        let consumers =
            Consumers::new(Self::NAME, pool.clone(), settings.amqp_url.clone()).on(KeepMail {
                clock: runtime.clock(),
            });
        runtime.spawn("consumers", move |shutdown| consumers.run(shutdown));
        let keys = keys(&settings, runtime.clock())?;
        let admin = admin(&settings, keys.clone())?;
        let shop = Shop::default();
        let (follower, amqp_url) = (shop.clone(), settings.amqp_url.clone());
        runtime.spawn("settings", move |shutdown| {
            follower.follow(amqp_url, shutdown, move || {
                let admin = admin.clone();
                async move { Ok(admin.get("/internal/settings", None).await?) }
            })
        });
        let brand = Brand {
            shop,
            from: settings.mail_from.clone(),
            shop_name: settings.common.shop_name.clone(),
        };
        let (relayed, amqp_url) = (pool.clone(), settings.amqp_url.clone());
        runtime.spawn("relay", move |shutdown| {
            messaging::relay::run(relayed, amqp_url, shutdown)
        });
        let (texts, clock, keep) = (pool.clone(), runtime.clock(), settings.keep_texts());
        runtime.spawn("forget", move |shutdown| {
            forget::run(texts, clock, keep, shutdown)
        });
        let internal = http::internal(http::State {
            pool: pool.clone(),
            keys,
            brand: brand.clone(),
            publisher: Publisher::new("mercato/notification", runtime.clock(), runtime.random()),
            clock: runtime.clock(),
            random: runtime.random(),
        });
        let sender = Sender {
            pool: pool.clone(),
            postbox: Postbox::new(&settings.smtp_url, brand)?,
            clock: runtime.clock(),
            max_attempts: settings.mail_max_attempts,
            first_wait: settings.retry(),
        };
        runtime.spawn("sender", move |shutdown| sender.run(shutdown));
        runtime.database(&pool);
        Ok(Listeners {
            public: None,
            internal: http_kit::internal(internal, Limits::default()),
        })
    }
}

fn keys(settings: &Settings, clock: Clock) -> anyhow::Result<ServiceKeys> {
    ServiceKeys::new(
        "notification",
        &settings.service_key,
        &settings.service_jwks,
        clock,
    )
}

/// The service that knows what staff set for the shop.
fn admin(settings: &Settings, keys: ServiceKeys) -> anyhow::Result<InternalClient> {
    let url = &settings.common.admin_internal_url;
    InternalClient::new("notification", "admin", url, keys)
}
