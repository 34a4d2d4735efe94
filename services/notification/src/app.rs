//! Puts the service together.

use messaging::Consumers;
use runtime::{CommonSettings, Listeners, Runtime};
use sqlx::migrate::Migrator;

use crate::config::Settings;
use crate::consumers::KeepMail;
use crate::jobs::send::Sender;
use crate::mail::{self, Postbox};

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
        mail::server(&settings.smtp_url)
            .err()
            .map(|error| format!("SMTP_URL: {error:#}"))
            .into_iter()
            .collect()
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
        let sender = Sender {
            pool: pool.clone(),
            postbox: Postbox::new(&settings.smtp_url, settings.mail_from.clone())?,
            clock: runtime.clock(),
            max_attempts: settings.mail_max_attempts,
            first_wait: settings.retry(),
        };
        runtime.spawn("sender", move |shutdown| sender.run(shutdown));
        runtime.ready_check("database", move || runtime::pg::answers(pool.clone()));
        Ok(Listeners {
            public: None,
            internal: axum::Router::new(),
        })
    }
}
