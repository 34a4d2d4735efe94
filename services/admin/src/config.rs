//! All settings, from the environment.

use std::time::Duration;

use anyhow::Context as _;
use primitives::Currency;
use runtime::CommonSettings;
use secrecy::SecretString;

use crate::domain::webhooks::target::Rules;

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
    /// Connections to each database at most, besides the five to its own that listen.
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value_t = 5)]
    pub database_max_connections: u32,
    /// The time zone whose days, weeks and months the numbers of the shop are of, by its IANA name such as `Europe/Berlin`.
    #[arg(long, env = "SHOP_TIME_ZONE", default_value = "UTC")]
    pub time_zone: String,
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
    /// Where auth publishes the keys that sign access tokens.
    #[arg(
        long,
        env = "JWKS_URL",
        default_value = "http://127.0.0.1:9002/internal/jwks.json"
    )]
    pub jwks_url: String,
    /// How many may follow their notifications live at once.
    #[arg(long, env = "NOTIFICATION_FOLLOWERS", default_value_t = 1000)]
    pub notification_followers: u16,
    /// How often who follows their notifications is told that nothing happened, and looks whether their token is still good.
    #[arg(long, env = "NOTIFICATION_HEARTBEAT_SECONDS", default_value_t = 15)]
    pub notification_heartbeat_seconds: u16,
    /// How many may look at a page of the panel that brings itself up to date.
    #[arg(long, env = "PANEL_FOLLOWERS", default_value_t = 200)]
    pub panel_followers: u16,
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
    /// notification's internal API.
    #[arg(
        long,
        env = "NOTIFICATION_INTERNAL_URL",
        default_value = "http://127.0.0.1:9005"
    )]
    pub notification_internal_url: String,
    /// Where browsers find the shop's pictures, as product's setting of the same name says.
    #[arg(long, env = "MEDIA_BASE_URL", default_value = "/media")]
    pub media_base_url: String,
    /// Webhooks of third parties.
    #[command(flatten)]
    pub webhooks: WebhookSettings,
    /// What holds where staff set nothing.
    #[command(flatten)]
    pub defaults: Defaults,
}

/// Where webhooks may go.
#[derive(Debug, Clone, clap::Args)]
pub struct WebhookSettings {
    /// Whether plain HTTP is good enough, as in development.
    #[arg(long, env = "WEBHOOK_ALLOW_HTTP", default_value_t = false, action = clap::ArgAction::Set)]
    pub webhook_allow_http: bool,
    /// The ports that may be asked, with commas between them; empty for all.
    #[arg(long, env = "WEBHOOK_PORTS", default_value = "443,8443")]
    pub webhook_ports: String,
    /// Networks that may be reached besides the public internet, such as `10.1.2.0/24`, with commas between them.
    #[arg(long, env = "WEBHOOK_ALLOWED_NETWORKS", default_value = "")]
    pub webhook_allowed_networks: String,
    /// How long a third party may take to answer.
    #[arg(long, env = "WEBHOOK_TIMEOUT_SECONDS", default_value_t = 15)]
    pub webhook_timeout_seconds: u16,
}

impl WebhookSettings {
    pub(crate) fn rules(&self) -> anyhow::Result<Rules> {
        let ports: Result<_, _> = words(&self.webhook_ports).map(str::parse).collect();
        let networks = words(&self.webhook_allowed_networks).map(|text| {
            text.parse()
                .map_err(|why| anyhow::anyhow!("WEBHOOK_ALLOWED_NETWORKS: {text} {why}"))
        });
        Ok(Rules {
            http: self.webhook_allow_http,
            ports: ports.context("WEBHOOK_PORTS must be numbers with commas between them")?,
            networks: networks.collect::<anyhow::Result<_>>()?,
        })
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.webhook_timeout_seconds.max(1).into())
    }
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

/// What the page of settings shows where staff set nothing. The services that use a value read the same variable, so give all of them the same.
#[derive(Debug, Clone, clap::Args)]
pub struct Defaults {
    /// The currency that the shop sells in.
    #[arg(long, env = "CURRENCY", default_value = "EUR")]
    pub currency: Currency,
    /// The sender of all mails, such as `Mercato <shop@mercato.example>`.
    #[arg(long, env = "MAIL_FROM", default_value = "")]
    pub mail_from: String,
    /// Who sells, on invoices.
    #[arg(long, env = "SELLER_NAME", default_value = "Mercato")]
    pub seller_name: String,
    /// What stands below the name; lines end with `;`.
    #[arg(long, env = "SELLER_ADDRESS", default_value = "")]
    pub seller_address: String,
    /// What stands at the foot of each page; lines end with `;`.
    #[arg(long, env = "SELLER_FOOTER", default_value = "")]
    pub seller_footer: String,
    /// With how many units left a new variant counts as running low. product's own, and no variable.
    #[arg(skip = 5u32)]
    pub low_stock_threshold: u32,
    /// After how many hours a paid order that was not shipped is late.
    #[arg(long, env = "LATE_AFTER_HOURS", default_value_t = 48)]
    pub late_after_hours: u32,
    /// After how many hours a work item that nobody took is overdue.
    #[arg(long, env = "OVERDUE_AFTER_HOURS", default_value_t = 24)]
    pub overdue_after_hours: u32,
}

impl Defaults {
    /// The name in `MAIL_FROM`.
    pub(crate) fn mail_name(&self) -> &str {
        self.mail_from.split('<').next().unwrap_or_default().trim()
    }

    /// The address in it.
    pub(crate) fn mail_address(&self) -> &str {
        let address = self.mail_from.rsplit('<').next().unwrap_or_default();
        address.trim_end_matches('>').trim()
    }
}
