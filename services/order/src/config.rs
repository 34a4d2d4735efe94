//! All settings, from the environment.

use std::time::Duration;

use primitives::{CountryCode, Currency};
use runtime::CommonSettings;
use secrecy::SecretString;

use crate::domain::payment::Capture;
use crate::payments::{BankTransferSettings, StripeSettings};

/// The settings of the order service.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Those that every service has.
    #[command(flatten)]
    pub common: CommonSettings,
    /// The database, as the application role.
    #[arg(long, env = "ORDER_DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
    /// The database, as the owner; for `migrate` only.
    #[arg(long, env = "ORDER_MIGRATION_DATABASE_URL", hide_env_values = true)]
    pub migration_database_url: Option<SecretString>,
    /// Connections to the database at most, besides the two that listen.
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value_t = 10)]
    pub database_max_connections: u32,
    /// Redis, where the deny-list of access tokens and guests' carts are.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: SecretString,
    /// The broker.
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    pub amqp_url: SecretString,
    /// The shop's address as customers see it, for links in mails.
    #[arg(long, env = "PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    pub public_url: String,
    /// Where auth publishes the keys that sign access tokens.
    #[arg(
        long,
        env = "JWKS_URL",
        default_value = "http://127.0.0.1:9002/internal/jwks.json"
    )]
    pub jwks_url: String,
    /// This service's private key (Ed25519, base64 of PKCS#8 DER): signs calls to other services and derives guests' order tokens.
    #[arg(long, env = "SERVICE_KEY", hide_env_values = true)]
    pub service_key: SecretString,
    /// The public keys of all services, as a JWKS.
    #[arg(long, env = "SERVICE_JWKS", hide_env_values = true)]
    pub service_jwks: String,
    /// product's internal API.
    #[arg(
        long,
        env = "PRODUCT_INTERNAL_URL",
        default_value = "http://127.0.0.1:9003"
    )]
    pub product_internal_url: String,
    /// auth's internal API.
    #[arg(
        long,
        env = "AUTH_INTERNAL_URL",
        default_value = "http://127.0.0.1:9002"
    )]
    pub auth_internal_url: String,
    /// Baskets.
    #[command(flatten)]
    pub cart: CartSettings,
    /// Who sells, for invoices.
    #[command(flatten)]
    pub seller: SellerSettings,
    /// How payments are taken.
    #[command(flatten)]
    pub stripe: StripeSettings,
    /// Where bank transfers go, if the shop takes any.
    #[command(flatten)]
    pub bank: BankTransferSettings,
    /// Whether the money of cards is taken when customers pay, or only held until staff take it.
    #[arg(long, env = "PAYMENT_CAPTURE", default_value = "automatic")]
    pub(crate) payment_capture: Capture,
    /// How long an order waits for its payment before it is cancelled.
    #[arg(long, env = "UNPAID_EXPIRY_SECONDS", default_value_t = 1800)]
    pub unpaid_expiry_seconds: u32,
    /// How often the reconcilers look for work that nobody told them of.
    #[arg(long, env = "RECONCILE_INTERVAL_SECONDS", default_value_t = 30)]
    pub reconcile_interval_seconds: u64,
    /// For how many days after the last parcel arrived customers may ask to send things back; 0 for never. Staff may always.
    #[arg(long, env = "RETURN_WINDOW_DAYS", default_value_t = 30)]
    pub return_window_days: u16,
    /// Where customers send things back to, for the mail that lets them.
    #[arg(long, env = "RETURN_ADDRESS")]
    pub return_address: Option<String>,
    /// How often payments and refunds are compared with the payment provider.
    #[arg(
        long,
        env = "RECONCILE_PROVIDER_INTERVAL_SECONDS",
        default_value_t = 900
    )]
    pub reconcile_provider_interval_seconds: u64,
    /// How far back that looks; `order reconcile --full` looks at everything.
    #[arg(long, env = "RECONCILE_WINDOW_HOURS", default_value_t = 48)]
    pub reconcile_window_hours: u32,
    /// How many timelines may be followed live at once.
    #[arg(long, env = "TIMELINE_FOLLOWERS", default_value_t = 1000)]
    pub timeline_followers: u16,
    /// How often who follows a timeline is told that nothing happened, and looks whether their token is still good.
    #[arg(long, env = "TIMELINE_HEARTBEAT_SECONDS", default_value_t = 15)]
    pub timeline_heartbeat_seconds: u16,
    /// The country that carts are priced for before there is an address.
    #[arg(long, env = "DEFAULT_COUNTRY", default_value = "DE")]
    pub default_country: CountryCode,
    /// Whether prices include tax, as shops for consumers in Europe show them; otherwise it is added.
    #[arg(long, env = "PRICES_INCLUDE_TAX", default_value_t = false, action = clap::ArgAction::Set)]
    pub prices_include_tax: bool,
    /// The currency that the shop sells in.
    #[arg(long, env = "CURRENCY", default_value = "EUR")]
    pub currency: Currency,
}

/// Settings of carts.
#[derive(Debug, Clone, clap::Args)]
pub struct CartSettings {
    /// How many days a guest's cart is kept after its last use.
    #[arg(long, env = "GUEST_CART_DAYS", default_value_t = 30)]
    pub guest_cart_days: u16,
    /// What the keys of guests' carts in Redis begin with.
    #[arg(long, env = "GUEST_CART_PREFIX", default_value = "order")]
    pub guest_cart_prefix: String,
    /// After how long without a change a cart with something in it counts as abandoned.
    #[arg(long, env = "CART_ABANDONED_AFTER_SECONDS", default_value_t = 4 * 3600)]
    pub cart_abandoned_after_seconds: u32,
}

impl CartSettings {
    /// How long a guest's cart is kept after its last use.
    #[must_use]
    pub fn guest_cart_life(&self) -> Duration {
        Duration::from_secs(u64::from(self.guest_cart_days) * 24 * 3600)
    }
}

/// Who sells, as it stands on invoices, and how these are numbered.
#[derive(Debug, Clone, clap::Args)]
pub struct SellerSettings {
    /// The seller's name.
    #[arg(long, env = "SELLER_NAME", default_value = "Mercato")]
    pub seller_name: String,
    /// What stands below the name, such as the address and the tax number; lines end with `;`.
    #[arg(long, env = "SELLER_ADDRESS", default_value = "")]
    pub seller_address: String,
    /// What stands at the foot of each page, such as the bank and the register; lines end with `;`.
    #[arg(long, env = "SELLER_FOOTER", default_value = "")]
    pub seller_footer: String,
    /// What invoice numbers begin with.
    #[arg(long, env = "INVOICE_PREFIX", default_value = "INV-", value_parser = prefix)]
    pub invoice_prefix: String,
    /// What credit notes' numbers begin with.
    #[arg(long, env = "CREDIT_NOTE_PREFIX", default_value = "CN-", value_parser = prefix)]
    pub credit_note_prefix: String,
}

/// Documents have addresses made of their numbers.
fn prefix(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    match text.bytes().all(fits) {
        true => Ok(text.to_owned()),
        false => Err("may have letters, digits, - and _ only".to_owned()),
    }
}

impl SellerSettings {
    /// The seller's name and address.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        std::iter::once(self.seller_name.clone())
            .chain(split(&self.seller_address))
            .collect()
    }

    /// What stands at the foot.
    #[must_use]
    pub fn footer_lines(&self) -> Vec<String> {
        split(&self.seller_footer).collect()
    }
}

fn split(text: &str) -> impl Iterator<Item = String> {
    let lines = text.split(';').map(str::trim);
    lines.filter(|line| !line.is_empty()).map(str::to_owned)
}
