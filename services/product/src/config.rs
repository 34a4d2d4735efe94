//! Settings.

use runtime::CommonSettings;
use secrecy::SecretString;

use crate::cache::CacheSettings;
use crate::domain::review::Moderation;
use crate::media::MediaSettings;

/// All settings of the product service.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// What every service has.
    #[command(flatten)]
    pub common: CommonSettings,
    /// The service's database, as its application role.
    #[arg(long, env = "PRODUCT_DATABASE_URL", hide_env_values = true)]
    pub product_database_url: SecretString,
    /// The service's database, as its owner; only `migrate` uses it.
    #[arg(long, env = "PRODUCT_MIGRATION_DATABASE_URL", hide_env_values = true)]
    pub product_migration_database_url: Option<SecretString>,
    /// The most connections to the database, besides the one that listens.
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value_t = 10)]
    pub database_max_connections: u32,
    /// Redis, where the deny-list of access tokens is.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: SecretString,
    /// The message broker.
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    pub amqp_url: SecretString,
    /// Where auth publishes the keys of access tokens.
    #[arg(
        long,
        env = "JWKS_URL",
        default_value = "http://127.0.0.1:9002/internal/jwks.json"
    )]
    pub jwks_url: String,
    /// auth's internal API.
    #[arg(
        long,
        env = "AUTH_INTERNAL_URL",
        default_value = "http://127.0.0.1:9002"
    )]
    pub auth_internal_url: String,
    /// This service's private key: Ed25519, base64 of PKCS#8 DER.
    #[arg(long, env = "SERVICE_KEY", hide_env_values = true)]
    pub service_key: SecretString,
    /// The public keys of all services, as a JWKS.
    #[arg(long, env = "SERVICE_JWKS")]
    pub service_jwks: String,
    /// Where pictures are kept and found.
    #[command(flatten)]
    pub media: MediaSettings,
    /// How many reservations of the same variant one transaction serves when they come at once; 1: each its own.
    #[arg(long, env = "RESERVATIONS_AT_ONCE", default_value_t = 64, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=256))]
    pub reservations_at_once: usize,
    /// The biggest file that may be imported, in bytes; nginx refuses what is bigger than 65 MiB.
    #[arg(long, env = "IMPORT_MAX_BYTES", default_value_t = 64 * 1024 * 1024)]
    pub import_max_bytes: u64,
    /// The most rows that such a file may have.
    #[arg(long, env = "IMPORT_MAX_ROWS", default_value_t = 250_000, value_parser = clap::value_parser!(i32).range(1..=2_000_000))]
    pub import_max_rows: i32,
    /// How many batches of an import are applied at a time.
    #[arg(long, env = "IMPORT_WORKERS", default_value_t = 2)]
    pub import_workers: usize,
    /// How many days an import can be looked at.
    #[arg(long, env = "IMPORT_RETENTION_DAYS", default_value_t = 30)]
    pub import_retention_days: u64,
    /// The shop's currency: of prices in a file that does not say theirs.
    #[arg(long, env = "CURRENCY", default_value = "EUR")]
    pub currency: String,
    /// Answers kept ready.
    #[command(flatten)]
    pub cache: CacheSettings,
    /// How often holds past their time are looked for.
    #[arg(long, env = "RECONCILE_INTERVAL_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub reconcile_interval_seconds: u64,
    /// Where the shop is, for links in mails.
    #[arg(long, env = "PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    pub public_url: String,
    /// Whether reviews are shown at once and hidden if need be (`after`), or when staff published them (`before`).
    #[arg(long, env = "REVIEWS_MODERATION", value_enum, default_value_t = Moderation::After)]
    pub reviews_moderation: Moderation,
    /// The language of titles and descriptions, as PostgreSQL calls it (`english`, `german`, …; `simple` for any). After a change all
    /// documents are built anew, at some hundred a second.
    #[arg(long, env = "SEARCH_LANGUAGE", default_value = "english", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub search_language: String,
    /// How often recommendations take in what was bought and changed.
    #[arg(long, env = "RECOMMENDATIONS_INTERVAL_SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    pub recommendations_interval_seconds: u64,
}
