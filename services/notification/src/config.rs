//! All settings, from the environment.

use std::time::Duration;

use lettre::message::Mailbox;
use runtime::CommonSettings;
use secrecy::SecretString;

/// The settings of the mail worker.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Those that every service has.
    #[command(flatten)]
    pub common: CommonSettings,
    /// The database, as the application role.
    #[arg(long, env = "NOTIFICATION_DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
    /// The database, as the owner; for `migrate` only.
    #[arg(
        long,
        env = "NOTIFICATION_MIGRATION_DATABASE_URL",
        hide_env_values = true
    )]
    pub migration_database_url: Option<SecretString>,
    /// Connections to the database at most, besides the two that listen.
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value_t = 10)]
    pub database_max_connections: u32,
    /// The broker.
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    pub amqp_url: SecretString,
    /// This service's private key (Ed25519, base64 of PKCS#8 DER): signs calls to admin.
    #[arg(long, env = "SERVICE_KEY", hide_env_values = true)]
    pub service_key: SecretString,
    /// The public keys of all services, as a JWKS.
    #[arg(long, env = "SERVICE_JWKS", hide_env_values = true)]
    pub service_jwks: String,
    /// The server that takes mail: `smtp://host:25`, `smtp://user:password@host:587?tls=required`, `smtps://user:password@host:465`.
    #[arg(long, env = "SMTP_URL", hide_env_values = true)]
    pub smtp_url: SecretString,
    /// The sender of all mails, such as `Mercato <shop@mercato.example>`.
    #[arg(long, env = "MAIL_FROM")]
    pub mail_from: Mailbox,
    /// How often a mail is tried before it is marked failed. With the default waits, 20 tries take most of a day.
    #[arg(long, env = "MAIL_MAX_ATTEMPTS", default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=100))]
    pub mail_max_attempts: i32,
    /// How long the first wait between two tries is; it doubles up to an hour.
    #[arg(long, env = "MAIL_RETRY_MILLISECONDS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(10..))]
    pub mail_retry_milliseconds: u64,
    /// For how many days staff can read what a mail about an order said, and send it again.
    #[arg(long, env = "MAIL_KEEP_TEXT_DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub mail_keep_text_days: u32,
}

impl Settings {
    pub(crate) fn keep_texts(&self) -> Duration {
        Duration::from_secs(u64::from(self.mail_keep_text_days) * 24 * 3600)
    }

    pub(crate) fn retry(&self) -> Duration {
        Duration::from_millis(self.mail_retry_milliseconds)
    }
}
