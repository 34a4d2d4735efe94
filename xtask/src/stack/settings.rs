//! The environment of every program of the shop.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::project::Environment;
use crate::stack::broker::Definitions;
use crate::stack::plan::{DATABASES, Ports, SERVICES, STRIPE, Service};
use crate::stack::secrets::Secrets;

/// Everything that settings are made of.
pub(crate) struct Facts<'a> {
    pub(crate) ports: &'a Ports,
    pub(crate) secrets: &'a Secrets,
    pub(crate) broker: &'a Definitions,
    pub(crate) environment: &'a Environment,
    pub(crate) media: PathBuf,
    pub(crate) signing_keys: PathBuf,
}

type Variables = Vec<(String, String)>;

/// What every service is told of the environment or of `.env`.
const ALL: [&str; 7] = [
    "SHOP_NAME",
    "CURRENCY",
    "SELLER_NAME",
    "SELLER_ADDRESS",
    "SELLER_FOOTER",
    "LATE_AFTER_HOURS",
    "OVERDUE_AFTER_HOURS",
];

/// What one service is told besides, as it is.
fn passed_on(service: &str) -> &'static [&'static str] {
    match service {
        "auth" => &[
            "ACCOUNT_DELETION_GRACE_DAYS",
            "STAFF_SECOND_FACTOR",
            "OIDC_PROVIDERS",
            "OIDC_PROVIDERS_FILE",
            "OIDC_RETURN_ORIGINS",
        ],
        "product" => &[
            "IMPORT_MAX_BYTES",
            "IMPORT_MAX_ROWS",
            "IMPORT_WORKERS",
            "IMPORT_RETENTION_DAYS",
            "MEDIA_BASE_URL",
            "MEDIA_STORE_URL",
            "MEDIA_S3_ENDPOINT",
            "MEDIA_S3_REGION",
            "MEDIA_S3_ACCESS_KEY_ID",
            "MEDIA_S3_SECRET_ACCESS_KEY",
            "REVIEWS_MODERATION",
            "CACHE_MEGABYTES",
            "SEARCH_LANGUAGE",
        ],
        "order" => &[
            "GUEST_CART_DAYS",
            "CART_ABANDONED_AFTER_SECONDS",
            "RECONCILE_PROVIDER_INTERVAL_SECONDS",
            "RECONCILE_WINDOW_HOURS",
            "PRICES_INCLUDE_TAX",
            "DEFAULT_COUNTRY",
            "RETURN_WINDOW_DAYS",
            "RETURN_ADDRESS",
            "INVOICE_PREFIX",
            "CREDIT_NOTE_PREFIX",
        ],
        "admin" => &[
            "SHOP_TIME_ZONE",
            "MEDIA_BASE_URL",
            "NOTIFICATION_FOLLOWERS",
            "NOTIFICATION_HEARTBEAT_SECONDS",
            "PANEL_FOLLOWERS",
            "WEBHOOK_TIMEOUT_SECONDS",
        ],
        "notification" => &["MAIL_KEEP_TEXT_DAYS"],
        _ => &[],
    }
}

impl Facts<'_> {
    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.http)
    }

    pub(crate) fn https_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.https)
    }

    /// A database as one of its roles.
    fn database(&self, role: &str, database: &str) -> Result<String> {
        Ok(format!(
            "postgres://{role}:{}@127.0.0.1:{}/{database}",
            self.secrets.password(&format!("postgres_{role}"))?,
            self.ports.postgres
        ))
    }

    /// A database as the superuser of the cluster.
    pub(crate) fn superuser_database(&self, database: &str) -> Result<String> {
        self.database(devstack::postgres::SUPERUSER, database)
    }

    pub(crate) fn redis_url(&self) -> Result<String> {
        Ok(format!(
            "redis://:{}@127.0.0.1:{}",
            self.secrets.password("redis")?,
            self.ports.redis
        ))
    }

    /// The broker as the user of a service.
    pub(crate) fn amqp_url(&self, service: &str) -> String {
        let (user, password) = self.broker.user_of(service);
        format!(
            "amqp://{user}:{password}@127.0.0.1:{}{}",
            self.ports.amqp, self.broker.vhost
        )
    }

    /// The management API as a user who may see everything.
    pub(crate) fn management_url(&self, service: &str) -> String {
        let (user, password) = self.broker.user_of(service);
        format!("http://{user}:{password}@127.0.0.1:{}", self.ports.rabbitmq)
    }

    fn internal_url(&self, service: &str) -> Result<String> {
        Ok(format!(
            "http://127.0.0.1:{}",
            self.ports.internal(service)?
        ))
    }

    /// Passwords of the roles, as `db/init` wants them.
    pub(crate) fn database_passwords(&self) -> Result<Variables> {
        let mut roles = vec!["ecommerce_admin".to_owned()];
        for service in &SERVICES {
            roles.extend([
                format!("{}_owner", service.name),
                format!("{}_service", service.name),
            ]);
        }
        roles
            .into_iter()
            .map(|role| {
                Ok((
                    format!("{}_PASSWORD", role.to_uppercase()),
                    self.secrets.password(&format!("postgres_{role}"))?,
                ))
            })
            .collect()
    }

    /// The real Stripe's key, when there is one.
    pub(crate) fn stripe_key(&self) -> Option<String> {
        self.environment.get("STRIPE_SECRET_KEY")
    }

    /// The settings of a service, for `serve` and `migrate`.
    pub(crate) fn service(&self, service: &Service) -> Result<Variables> {
        let name = service.name;
        let upper = name.to_uppercase();
        let mut variables = Vec::new();
        let mut set = |name: &str, value: String| variables.push((name.to_owned(), value));

        if let Some(port) = self.ports.public(name) {
            set("PUBLIC_ADDR", format!("127.0.0.1:{port}"));
        }
        set(
            "INTERNAL_ADDR",
            format!("127.0.0.1:{}", self.ports.internal(name)?),
        );
        set(
            "LOG",
            self.environment.get("LOG").unwrap_or_else(|| "info".into()),
        );
        set(
            "LOG_FORMAT",
            self.environment
                .get("LOG_FORMAT")
                .unwrap_or_else(|| "pretty".into()),
        );
        if let Some(endpoint) = self.environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") {
            set("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        }
        set("SERVER_TIMING", "true".into());
        // `restart` starts the new process before it stops the old one.
        set("REUSE_PORT", "true".into());
        set(
            &format!("{upper}_DATABASE_URL"),
            self.database(&format!("{name}_service"), service.database)?,
        );
        set(
            &format!("{upper}_MIGRATION_DATABASE_URL"),
            self.database(&format!("{name}_owner"), service.database)?,
        );
        set("REDIS_URL", self.redis_url()?);
        set("AMQP_URL", self.amqp_url(name));
        set("PUBLIC_URL", self.base_url());
        set("ADMIN_INTERNAL_URL", self.internal_url("admin")?);
        set(
            "JWKS_URL",
            format!("{}/internal/jwks.json", self.internal_url("auth")?),
        );
        set(
            "SERVICE_KEY_FILE",
            text(self.secrets.path(&format!("{name}.key")))?,
        );
        set(
            "SERVICE_JWKS_FILE",
            text(self.secrets.path("services.jwks.json"))?,
        );

        // admin shows who sends, notification sends.
        set(
            "MAIL_FROM",
            self.environment
                .get("MAIL_FROM")
                .unwrap_or_else(|| "Mercato <shop@mercato.example>".into()),
        );

        match name {
            "auth" => {
                set("SIGNING_KEYS_DIR", text(self.signing_keys.clone())?);
                // Passkeys are for a name: browsers know none for 127.0.0.1.
                set("WEBAUTHN_RP_ID", "localhost".into());
                let (http, https) = (self.ports.http, self.ports.https);
                set(
                    "WEBAUTHN_ORIGINS",
                    self.environment.get("WEBAUTHN_ORIGINS").unwrap_or_else(|| {
                        format!("http://localhost:{http} https://localhost:{https} http://localhost:3000 http://localhost:5173")
                    }),
                );
                // Everybody who tries the shop here comes from one address.
                set("LIMIT_MAILS_PER_HOUR_AND_CLIENT", "10000".into());
                set("ORDER_INTERNAL_URL", self.internal_url("order")?);
                set("PRODUCT_INTERNAL_URL", self.internal_url("product")?);
                set("ADMIN_EMAIL", email("admin"));
                set(
                    "ADMIN_PASSWORD",
                    self.secrets.typed_password("signin_admin")?,
                );
            }
            "product" => {
                set("MEDIA_DIR", text(self.media.clone())?);
                set("MEDIA_BASE_URL", "/media".into());
                set("AUTH_INTERNAL_URL", self.internal_url("auth")?);
            }
            "order" => {
                set("PRODUCT_INTERNAL_URL", self.internal_url("product")?);
                set("AUTH_INTERNAL_URL", self.internal_url("auth")?);
                match self.stripe_key() {
                    Some(key) => {
                        let need = |name: &str| {
                            self.environment.get(name).with_context(|| format!("STRIPE_SECRET_KEY is set, so {name} must be set too (environment or .env)"))
                        };
                        set("STRIPE_SECRET_KEY", key);
                        set("STRIPE_PUBLISHABLE_KEY", need("STRIPE_PUBLISHABLE_KEY")?);
                        set("STRIPE_WEBHOOK_SECRET", need("STRIPE_WEBHOOK_SECRET")?);
                    }
                    None => {
                        set("STRIPE_SECRET_KEY", self.stand_in_key()?);
                        set("STRIPE_PUBLISHABLE_KEY", self.stand_in_publishable_key()?);
                        set("STRIPE_WEBHOOK_SECRET", self.stand_in_webhook_secret()?);
                        set(
                            "STRIPE_API_URL",
                            format!("http://127.0.0.1:{}/", self.ports.stripe),
                        );
                    }
                }
                // An account that does not exist, so that a demo shop offers bank transfers too.
                for (name, demo) in [
                    ("PAYMENT_CAPTURE", "automatic"),
                    ("BANK_TRANSFER_HOLDER", "Mercato Demo"),
                    ("BANK_TRANSFER_IBAN", "DE02120300000000202051"),
                    ("BANK_TRANSFER_BIC", "BYLADEM1001"),
                    ("BANK_TRANSFER_DAYS", "7"),
                ] {
                    let value = self.environment.get(name);
                    set(name, value.unwrap_or_else(|| demo.to_owned()));
                }
            }
            "admin" => {
                for other in ["auth", "product", "order"] {
                    let upper = other.to_uppercase();
                    set(&format!("{upper}_INTERNAL_URL"), self.internal_url(other)?);
                    set(
                        &format!("{upper}_READ_URL"),
                        self.database("admin_service", &format!("{other}_db"))?,
                    );
                }
                set(
                    "NOTIFICATION_INTERNAL_URL",
                    self.internal_url("notification")?,
                );
                set("RABBITMQ_MANAGEMENT_URL", self.management_url(name));
                // In development a receiver runs on this machine.
                for (name, default) in [
                    ("WEBHOOK_ALLOW_HTTP", "true"),
                    ("WEBHOOK_PORTS", ""),
                    ("WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8"),
                ] {
                    let value = self.environment.get(name);
                    set(name, value.unwrap_or_else(|| default.to_owned()));
                }
            }
            "notification" => {
                set(
                    "SMTP_URL",
                    self.environment
                        .get("SMTP_URL")
                        .unwrap_or_else(|| format!("smtp://127.0.0.1:{}", self.ports.smtp)),
                );
            }
            _ => {}
        }
        for name in ALL.iter().chain(passed_on(name)) {
            if let Some(value) = self.environment.get(name) {
                set(name, value);
            }
        }
        Ok(variables)
    }

    fn stand_in_key(&self) -> Result<String> {
        Ok(format!(
            "sk_test_{}",
            self.secrets.password("stripe_secret")?
        ))
    }

    fn stand_in_publishable_key(&self) -> Result<String> {
        Ok(format!(
            "pk_test_{}",
            self.secrets.password("stripe_publishable")?
        ))
    }

    fn stand_in_webhook_secret(&self) -> Result<String> {
        Ok(format!(
            "whsec_{}",
            self.secrets.password("stripe_webhook")?
        ))
    }

    /// The settings of a stand-in. What it keeps lies in `folder`.
    pub(crate) fn stand_in(&self, name: &str, folder: &Path) -> Result<Variables> {
        let address = |port: u16| format!("127.0.0.1:{port}");
        let variables = if name == STRIPE {
            vec![
                ("STRIPE_STAND_IN_ADDR", address(self.ports.stripe)),
                (
                    "STRIPE_STAND_IN_WEBHOOK_URL",
                    format!("{}/api/webhooks/stripe", self.base_url()),
                ),
                ("STRIPE_STAND_IN_STATE", text(folder.join("state.json"))?),
                ("STRIPE_SECRET_KEY", self.stand_in_key()?),
                ("STRIPE_PUBLISHABLE_KEY", self.stand_in_publishable_key()?),
                ("STRIPE_WEBHOOK_SECRET", self.stand_in_webhook_secret()?),
            ]
        } else {
            vec![
                ("MAILBOX_SMTP_ADDR", address(self.ports.smtp)),
                ("MAILBOX_HTTP_ADDR", address(self.ports.mailbox)),
                ("MAILBOX_DIR", text(folder.to_owned())?),
            ]
        };
        Ok(variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect())
    }

    /// The databases as the superuser, for `status --json`.
    pub(crate) fn databases(&self) -> Result<Vec<(String, String)>> {
        DATABASES
            .iter()
            .map(|database| Ok(((*database).to_owned(), self.superuser_database(database)?)))
            .collect()
    }

    /// The accounts of the demo shop.
    pub(crate) fn sign_ins(&self) -> Result<Vec<(String, String, String)>> {
        ["admin", "support", "seller", "customer"]
            .into_iter()
            .map(|role| {
                Ok((
                    role.to_owned(),
                    email(role),
                    self.secrets.typed_password(&format!("signin_{role}"))?,
                ))
            })
            .collect()
    }
}

fn email(role: &str) -> String {
    format!("{role}@mercato.example")
}

fn text(path: PathBuf) -> Result<String> {
    path.into_os_string()
        .into_string()
        .map_err(|path| anyhow::anyhow!("the path {} is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `.env.example` names and is told in another way: with a value of its own without it, or to another program.
    const OTHERWISE: [&str; 18] = [
        "STRIPE_SECRET_KEY",
        "STRIPE_PUBLISHABLE_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "PAYMENT_CAPTURE",
        "BANK_TRANSFER_HOLDER",
        "BANK_TRANSFER_IBAN",
        "BANK_TRANSFER_BIC",
        "BANK_TRANSFER_DAYS",
        "SMTP_URL",
        "MAIL_FROM",
        "CORS_ORIGINS",
        "WEBAUTHN_ORIGINS",
        "WEBHOOK_ALLOW_HTTP",
        "WEBHOOK_PORTS",
        "WEBHOOK_ALLOWED_NETWORKS",
        "LOG",
        "LOG_FORMAT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ];

    #[test]
    fn every_setting_of_the_example_reaches_a_service() {
        let example = include_str!("../../../.env.example");
        let names = example.lines().filter_map(|line| {
            let (name, _) = line.strip_prefix("# ")?.split_once('=')?;
            let is_name =
                |byte: u8| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit();
            name.bytes().all(is_name).then_some(name)
        });
        let told: Vec<&str> = SERVICES
            .iter()
            .flat_map(|service| passed_on(service.name))
            .chain(&ALL)
            .chain(&OTHERWISE)
            .copied()
            .collect();
        // Addresses of databases are for the compiler.
        let lost: Vec<&str> = names
            .filter(|name| !name.ends_with("_DATABASE_URL") && !told.contains(name))
            .collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}
