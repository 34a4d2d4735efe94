use std::path::PathBuf;

use primitives::EmailAddress;
use runtime::CommonSettings;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::federation::provider::{self, ProviderConfig};
use crate::domain::federation::return_to::ReturnOrigins;

use crate::domain::webauthn::RelyingParty;

/// Whether staff need a second factor.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffSecondFactor {
    /// As they like.
    Optional,
    /// Until they have one and used it, their role counts for nothing.
    Required,
}

/// The settings of auth.
#[derive(clap::Args, Clone, Debug)]
pub struct Settings {
    /// What every service has.
    #[command(flatten)]
    pub common: CommonSettings,

    /// auth_db as the application role.
    #[arg(long, env)]
    pub auth_database_url: SecretString,

    /// auth_db as the owner role; only `migrate` needs it.
    #[arg(long, env)]
    pub auth_migration_database_url: Option<SecretString>,

    /// The most connections to the database, besides the one that listens.
    #[arg(long, env, default_value_t = 10)]
    pub database_max_connections: u32,

    /// Redis, where revoked tokens are told.
    #[arg(long, env)]
    pub redis_url: SecretString,

    /// RabbitMQ, where events go.
    #[arg(long, env)]
    pub amqp_url: SecretString,

    /// The shop's address, for links in mails.
    #[arg(long, env)]
    pub public_url: url::Url,

    /// The domain that passkeys are for; by default PUBLIC_URL's host. They work on it and on what is below it. Changing it makes
    /// all passkeys useless.
    #[arg(long, env)]
    pub webauthn_rp_id: Option<String>,

    /// The origins of the pages that ask for passkeys, separated by one space; by default PUBLIC_URL's.
    #[arg(long, env, value_delimiter = ' ')]
    pub webauthn_origins: Vec<String>,

    /// This service's private key: base64 of PKCS#8 DER (see `generate-service-keys`).
    #[arg(long, env)]
    pub service_key: SecretString,

    /// The public keys of all services as a JWKS.
    #[arg(long, env)]
    pub service_jwks: String,

    /// order's internal API, which is asked for what a user takes along.
    #[arg(long, env, default_value = "http://127.0.0.1:9004")]
    pub order_internal_url: String,

    /// product's internal API, likewise.
    #[arg(long, env, default_value = "http://127.0.0.1:9003")]
    pub product_internal_url: String,

    /// The folder of the keys that sign access tokens; the first key is made if there is none.
    #[arg(long, env)]
    pub signing_keys_dir: PathBuf,

    /// Whether staff may do without a second factor.
    #[arg(long, env, default_value = "optional")]
    pub staff_second_factor: StaffSecondFactor,

    /// How many days an account is kept after its owner asked for its deletion; signing in takes it back.
    #[arg(long, env, default_value_t = 14)]
    pub account_deletion_grace_days: u32,

    /// The first admin, made at start if there is none yet.
    #[arg(long, env)]
    pub admin_email: Option<EmailAddress>,

    /// The first admin's password.
    #[arg(long, env)]
    pub admin_password: Option<SecretString>,

    /// The identity providers that may sign people in: a JSON array of
    /// `{"id", "name", "issuer", "client_id", "client_secret"?, "scopes"?, "audiences"?, "algorithms"?, "roles"?, "trust_email"?, "trust_mfa"?, "entra"?}`.
    #[arg(long, env, default_value = "", hide_default_value = true)]
    pub oidc_providers: SecretString,

    /// The origins of pages, besides PUBLIC_URL, that a sign-in by an identity provider may return to, separated by commas.
    #[arg(long, env, default_value = "")]
    pub oidc_return_origins: String,

    /// How long an identity provider may take to answer.
    #[arg(long, env, default_value_t = 5000)]
    pub oidc_timeout_milliseconds: u64,

    /// How often somebody may fail or ask for mails.
    #[command(flatten)]
    pub limits: LimitSettings,
}

/// What is limited, counted in Redis by all processes together.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct LimitSettings {
    /// So many failures to prove who one is are free for each account; then delays grow. One is forgiven an hour.
    #[arg(long, env, default_value_t = 5)]
    pub limit_free_failures: u32,

    /// The same for each client address (IPv6: /64) over all accounts. One is forgiven every five minutes.
    #[arg(long, env, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit_free_failures_per_client: u32,

    /// So many mails an hour can be asked for to one address: registration, forgotten passwords and the like.
    #[arg(long, env, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit_mails_per_hour: u32,

    /// So many mails an hour can be asked for by one client address (IPv6: /64).
    #[arg(long, env, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit_mails_per_hour_and_client: u32,
}

impl Settings {
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.admin_email.is_some() != self.admin_password.is_some() {
            complaints.push(
                "ADMIN_EMAIL and ADMIN_PASSWORD belong together: set both or neither".to_owned(),
            );
        }
        if !matches!(self.public_url.scheme(), "http" | "https") {
            complaints.push("PUBLIC_URL: must begin with http:// or https://".to_owned());
        }
        complaints.extend(self.identity_providers().err().into_iter().flatten());
        complaints.extend(self.return_origins().err().into_iter().flatten());
        if let Err(complaint) = self.relying_party() {
            complaints.push(complaint);
        }
        if let Err(error) = auth_token::ServiceKeys::new(
            "auth",
            &self.service_key,
            &self.service_jwks,
            primitives::Clock::system(),
        ) {
            complaints.push(format!("{error:#}"));
        }
        complaints
    }

    pub(crate) fn identity_providers(&self) -> Result<Vec<ProviderConfig>, Vec<String>> {
        provider::parse(self.oidc_providers.expose_secret())
    }

    pub(crate) fn return_origins(&self) -> Result<ReturnOrigins, Vec<String>> {
        ReturnOrigins::new(&self.public_url, &self.oidc_return_origins)
    }

    /// For whom passkeys are made, and on which pages.
    pub(crate) fn relying_party(&self) -> Result<RelyingParty, String> {
        let id = self.webauthn_rp_id.as_deref();
        let id = id.filter(|id| !id.is_empty());
        let id = id.or(self.public_url.host_str()).unwrap_or_default();
        let mut origins = self.webauthn_origins.clone();
        origins.retain(|origin| !origin.is_empty());
        if origins.is_empty() {
            origins.push(self.public_url.origin().ascii_serialization());
        }
        RelyingParty::new(id.to_owned(), origins)
    }

    /// A link into the shop, with a token.
    pub(crate) fn link(&self, page: &str, token: &str) -> String {
        format!("{}?token={token}", self.page(page))
    }

    /// A page of the shop.
    pub(crate) fn page(&self, page: &str) -> String {
        format!("{}/{page}", self.public_url.as_str().trim_end_matches('/'))
    }
}
