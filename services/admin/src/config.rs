//! All settings, from the environment.

use runtime::CommonSettings;
use secrecy::SecretString;

/// The settings of the admin service.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Those that every service has.
    #[command(flatten)]
    pub common: CommonSettings,
    /// The panel's own database, as the application role.
    #[arg(long, env = "ADMIN_DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
    /// The panel's own database, as its owner; for `migrate` only.
    #[arg(long, env = "ADMIN_MIGRATION_DATABASE_URL", hide_env_values = true)]
    pub migration_database_url: Option<SecretString>,
    /// Connections to each database at most.
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value_t = 5)]
    pub database_max_connections: u32,
    /// auth's database, read-only.
    #[arg(long, env = "AUTH_READ_URL", hide_env_values = true)]
    pub auth_read_url: SecretString,
    /// product's database, read-only.
    #[arg(long, env = "PRODUCT_READ_URL", hide_env_values = true)]
    pub product_read_url: SecretString,
    /// order's database, read-only.
    #[arg(long, env = "ORDER_READ_URL", hide_env_values = true)]
    pub order_read_url: SecretString,
    /// Redis, for the sessions of staff.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: SecretString,
    /// The broker.
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    pub amqp_url: SecretString,
    /// The broker's management API, with user and password.
    #[arg(long, env = "RABBITMQ_MANAGEMENT_URL", hide_env_values = true)]
    pub rabbitmq_management_url: SecretString,
    /// This service's private key (Ed25519, base64 of PKCS#8 DER): signs calls to other services.
    #[arg(long, env = "SERVICE_KEY", hide_env_values = true)]
    pub service_key: SecretString,
    /// The public keys of all services, as a JWKS.
    #[arg(long, env = "SERVICE_JWKS", hide_env_values = true)]
    pub service_jwks: String,
    /// auth's internal API.
    #[arg(
        long,
        env = "AUTH_INTERNAL_URL",
        default_value = "http://127.0.0.1:9002"
    )]
    pub auth_internal_url: String,
    /// product's internal API.
    #[arg(
        long,
        env = "PRODUCT_INTERNAL_URL",
        default_value = "http://127.0.0.1:9003"
    )]
    pub product_internal_url: String,
    /// order's internal API.
    #[arg(
        long,
        env = "ORDER_INTERNAL_URL",
        default_value = "http://127.0.0.1:9004"
    )]
    pub order_internal_url: String,
}
