//! Where everything is.

use std::collections::BTreeMap;

use anyhow::Result;
use devstack::process::Process;

use super::Stack;
use crate::stack::plan::SERVICES;
use crate::stack::state::{self, Database, Nginx, ServiceStatus, SignIn, Status};

impl Stack {
    pub(super) fn write_status(&self) -> Result<()> {
        state::write(&self.place.status(), &self.status()?)
    }

    /// The stack's addresses.
    pub(crate) fn status(&self) -> Result<Status> {
        let facts = self.facts();
        let mut services = BTreeMap::new();
        for service in &SERVICES {
            services.insert(
                service.name.to_owned(),
                ServiceStatus {
                    public: self
                        .ports
                        .public(service.name)
                        .map(|port| format!("http://127.0.0.1:{port}")),
                    internal: format!("http://127.0.0.1:{}", self.ports.internal(service.name)?),
                    pid: self.services.get(service.name).map_or(0, Process::pid),
                    ready: self.services.contains_key(service.name),
                },
            );
        }
        let administrator = &self.definitions.administrator;
        Ok(Status {
            base_url: facts.base_url(),
            https_url: facts.https_url(),
            admin_url: format!("{}/admin", facts.https_url()),
            docs_url: format!("{}/docs", facts.base_url()),
            mailbox_url: format!("http://127.0.0.1:{}", self.ports.mailbox),
            rabbitmq_url: format!("http://127.0.0.1:{}", self.ports.rabbitmq),
            services,
            databases: facts
                .databases()?
                .into_iter()
                .map(|(name, url)| (name, Database { url }))
                .collect(),
            redis_url: facts.redis_url()?,
            amqp_url: facts.amqp_url(administrator),
            nginx: Nginx {
                pid: self.nginx.as_ref().map_or(0, Process::pid),
            },
            signins: facts
                .sign_ins()?
                .into_iter()
                .map(|(role, email, password)| SignIn {
                    role,
                    email,
                    password,
                })
                .collect(),
        })
    }

    /// The broker's sign-in, for people.
    pub(crate) fn broker_sign_in(&self) -> (&str, &str) {
        self.definitions.user_of(&self.definitions.administrator)
    }
}
