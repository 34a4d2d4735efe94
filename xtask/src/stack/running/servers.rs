//! PostgreSQL, Redis and RabbitMQ.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use devstack::postgres::{self, Durability, Postgres};
use devstack::rabbitmq::{self, Broker};
use devstack::redis;

use super::Stack;
use crate::interrupt;
use crate::stack::progress::{done, step};

impl Stack {
    pub(super) fn start_servers(&mut self) -> Result<()> {
        // The slowest first, in the background.
        self.broker = Some(self.launch_broker()?);
        let data = |name: &str| self.servers_folder.join(name);
        let settings = postgres::Settings {
            port: self.ports.postgres,
            password: self
                .secrets
                .password(&format!("postgres_{}", postgres::SUPERUSER))?,
            durability: if self.options.for_tests {
                Durability::Nothing
            } else {
                Durability::PowerCut
            },
        };
        self.postgres = Some(step(
            &format!("PostgreSQL on 127.0.0.1:{}", self.ports.postgres),
            || {
                Postgres::start(
                    &self.tools,
                    &self.run_as,
                    &data("postgres"),
                    &self.place.log("postgres"),
                    &settings,
                )
            },
        )?);
        let settings = redis::Settings {
            port: self.ports.redis,
            password: self.secrets.password("redis")?,
        };
        self.redis = Some(step(
            &format!("Redis on 127.0.0.1:{}", self.ports.redis),
            || {
                redis::start(
                    &self.tools,
                    &self.run_as,
                    &data("redis"),
                    &self.place.log("redis"),
                    &settings,
                )
            },
        )?);
        step("roles and databases", || {
            let passwords = self.facts().database_passwords()?;
            let postgres = self.postgres.as_ref().context("PostgreSQL does not run")?;
            let mut scripts: Vec<PathBuf> = fs::read_dir(self.project.join("db/init"))?
                .filter_map(|entry| Some(entry.ok()?.path()))
                .collect();
            scripts.retain(|path| path.extension().is_some_and(|extension| extension == "sh"));
            scripts.sort();
            scripts
                .iter()
                .try_for_each(|script| postgres.run_script(script, &passwords).map(drop))
        })
    }

    fn launch_broker(&self) -> Result<Broker> {
        let config =
            fs::read_to_string(self.project.join("rabbitmq/rabbitmq.conf")).unwrap_or_default();
        let (user, password) = self.definitions.user_of(&self.definitions.administrator);
        let settings = rabbitmq::Settings {
            amqp_port: self.ports.amqp,
            management_port: self.ports.rabbitmq,
            user: user.to_owned(),
            password: password.to_owned(),
            config: own_settings(&config),
            definitions: Some(self.definitions.json.clone()),
            plugins: plugins(
                &fs::read_to_string(self.project.join("rabbitmq/enabled_plugins"))
                    .unwrap_or_default(),
            ),
        };
        Broker::launch(
            &self.tools,
            &self.run_as,
            &self.servers_folder.join("rabbitmq"),
            &self.place.log("rabbitmq"),
            settings,
        )
    }

    pub(super) fn wait_for_broker(&mut self, began: Instant) -> Result<()> {
        interrupt::check()?;
        self.broker
            .as_mut()
            .context("the broker was not started")?
            .wait_until_ready()?;
        done(
            &format!(
                "RabbitMQ on 127.0.0.1:{}, management UI on :{}",
                self.ports.amqp, self.ports.rabbitmq
            ),
            began,
        );
        Ok(())
    }
}

/// The shared broker settings without those that this stack decides: where to listen and which definitions to load.
fn own_settings(config: &str) -> String {
    let decided = [
        "listeners.",
        "management.tcp.",
        "management.load_definitions",
        "load_definitions",
        "definitions.",
        "default_user",
        "default_pass",
    ];
    let kept = config.lines().filter(|line| {
        !decided
            .iter()
            .any(|prefix| line.trim_start().starts_with(prefix))
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// The plugins of Erlang's list in `enabled_plugins`; without the file, management only.
fn plugins(list: &str) -> Vec<String> {
    let names = list.trim().trim_end_matches('.').trim_matches(['[', ']']);
    let names: Vec<String> = names
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() {
        vec!["rabbitmq_management".into()]
    } else {
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_decides_where_the_broker_listens() {
        assert_eq!(
            own_settings(
                "a = 1\nlisteners.tcp.default = 5672\nmanagement.load_definitions = /etc/x\nb = 2"
            ),
            "a = 1\nb = 2"
        );
    }

    #[test]
    fn plugins_are_an_erlang_list() {
        assert_eq!(
            plugins("[rabbitmq_management, rabbitmq_prometheus].\n"),
            ["rabbitmq_management", "rabbitmq_prometheus"]
        );
        assert_eq!(plugins(""), ["rabbitmq_management"]);
    }
}
