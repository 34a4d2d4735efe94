//! What belongs to the shop and on which ports it listens.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use devstack::ports;

/// A service of the shop: a binary of the same name.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    /// The design's public port; the internal one is 1000 higher.
    pub(crate) public: Option<u16>,
    pub(crate) internal: u16,
    /// The database it lives in.
    pub(crate) database: &'static str,
}

/// Every service, in the order in which they are shown.
pub(crate) const SERVICES: [Service; 5] = [
    Service {
        name: "auth",
        public: Some(8002),
        internal: 9002,
        database: "auth_db",
    },
    Service {
        name: "product",
        public: Some(8003),
        internal: 9003,
        database: "product_db",
    },
    Service {
        name: "order",
        public: Some(8004),
        internal: 9004,
        database: "order_db",
    },
    Service {
        name: "admin",
        public: Some(8000),
        internal: 9000,
        database: "admin_db",
    },
    Service {
        name: "notification",
        public: None,
        internal: 9005,
        database: "admin_db",
    },
];

/// The stand-ins for the internet.
pub(crate) const STRIPE: &str = "stripe-stand-in";
/// The local mailbox.
pub(crate) const MAILBOX: &str = "mailbox";

/// The databases of the design.
pub(crate) const DATABASES: [&str; 4] = ["auth_db", "product_db", "order_db", "admin_db"];

/// The port of everything, all on loopback.
#[derive(Debug, Clone)]
pub(crate) struct Ports {
    pub(crate) http: u16,
    pub(crate) https: u16,
    pub(crate) postgres: u16,
    pub(crate) redis: u16,
    pub(crate) amqp: u16,
    pub(crate) rabbitmq: u16,
    pub(crate) stripe: u16,
    pub(crate) smtp: u16,
    pub(crate) mailbox: u16,
    services: BTreeMap<&'static str, (Option<u16>, u16)>,
}

impl Ports {
    /// The design's ports, or the next free ones.
    pub(crate) fn preferred() -> Result<Self> {
        Self::choose(ports::next_free)
    }

    /// Ports that clash with nothing.
    pub(crate) fn any() -> Result<Self> {
        Self::choose(|_| ports::any())
    }

    fn choose(port: impl Fn(u16) -> Result<u16>) -> Result<Self> {
        let mut services = BTreeMap::new();
        for service in &SERVICES {
            services.insert(
                service.name,
                (
                    service.public.map(&port).transpose()?,
                    port(service.internal)?,
                ),
            );
        }
        Ok(Self {
            http: port(8080)?,
            https: port(8443)?,
            postgres: port(5432)?,
            redis: port(6379)?,
            amqp: port(5672)?,
            rabbitmq: port(15672)?,
            stripe: port(12111)?,
            smtp: port(1025)?,
            mailbox: port(8025)?,
            services,
        })
    }

    pub(crate) fn public(&self, service: &str) -> Option<u16> {
        self.services.get(service).and_then(|ports| ports.0)
    }

    pub(crate) fn internal(&self, service: &str) -> Result<u16> {
        self.services
            .get(service)
            .map(|ports| ports.1)
            .with_context(|| format!("there is no service {service}"))
    }

    /// The ports that are not the design's, because somebody has those.
    pub(crate) fn moved(&self) -> Vec<(u16, u16)> {
        let mut pairs = vec![
            (8080, self.http),
            (8443, self.https),
            (5432, self.postgres),
            (6379, self.redis),
            (5672, self.amqp),
            (15672, self.rabbitmq),
            (12111, self.stripe),
            (1025, self.smtp),
            (8025, self.mailbox),
        ];
        for service in &SERVICES {
            if let Some((public, internal)) = self.services.get(service.name) {
                pairs.extend(service.public.zip(*public));
                pairs.push((service.internal, *internal));
            }
        }
        pairs.retain(|(wanted, got)| wanted != got);
        pairs
    }
}
