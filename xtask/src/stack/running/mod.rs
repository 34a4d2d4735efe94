//! Brings the shop up and takes it down.

mod front;
mod programs;
mod report;
mod seeding;
mod servers;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use devstack::packages::Tools;
use devstack::postgres::Postgres;
use devstack::process::Process;
use devstack::rabbitmq::Broker;
use devstack::user::RunAs;

use crate::build::Profile;
use crate::project::Environment;
use crate::stack::broker::Definitions;
use crate::stack::place::Place;
use crate::stack::plan::{Ports, SERVICES};
use crate::stack::progress::{done, note, step};
use crate::stack::secrets::Secrets;
use crate::stack::settings::Facts;
use crate::stack::state::Known;
use crate::{build, project};

/// How a stack differs from the usual one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Lift nginx's limits per address.
    pub(crate) no_rate_limits: bool,
    /// Only PostgreSQL, Redis and RabbitMQ.
    pub(crate) servers_only: bool,
    /// A throw-away stack on ports that clash with nothing.
    pub(crate) for_tests: bool,
    /// The programs were built a moment ago.
    pub(crate) built: bool,
    /// How they are compiled.
    pub(crate) profile: Profile,
}

/// A stack, as far as it has come.
pub(crate) struct Stack {
    project: PathBuf,
    place: Place,
    options: Options,
    tools: Tools,
    /// Who the servers run as.
    run_as: RunAs,
    /// Who the services run as.
    service_user: RunAs,
    servers_folder: PathBuf,
    ports: Ports,
    secrets: Secrets,
    definitions: Definitions,
    environment: Environment,
    // In the order in which they stop. Dropping kills, in the same order.
    nginx: Option<Process>,
    services: BTreeMap<&'static str, Process>,
    stand_ins: BTreeMap<&'static str, Process>,
    broker: Option<Broker>,
    redis: Option<Process>,
    postgres: Option<Postgres>,
}

impl Stack {
    /// Prepares folders, secrets and ports. Starts nothing.
    pub(crate) fn prepare(
        project: &Path,
        place: &Place,
        tools: Tools,
        options: Options,
    ) -> Result<Self> {
        let run_as = RunAs::detect()?;
        place.make()?;
        place.begin_logs()?;
        let servers_folder = run_as.folder(&place.servers())?;
        // Where root has a project that nobody else can enter, the services have to run as root too.
        let reachable =
            run_as.can_reach(place.root()) && run_as.can_reach(&project::target(project));
        let service_user = if reachable {
            run_as.clone()
        } else {
            RunAs::caller()
        };
        let secrets = Secrets::open(&place.secrets(), &service_user)?;
        let definitions = Definitions::load(&project.join("rabbitmq/definitions.json"), &secrets)?;
        let ports = if options.for_tests {
            Ports::any()?
        } else {
            Ports::preferred()?
        };
        let environment = if options.for_tests {
            Environment::default()
        } else {
            Environment::load(project)
        };
        Ok(Self {
            project: project.to_owned(),
            place: place.clone(),
            options,
            tools,
            run_as,
            service_user,
            servers_folder,
            ports,
            secrets,
            definitions,
            environment,
            nginx: None,
            services: BTreeMap::new(),
            stand_ins: BTreeMap::new(),
            broker: None,
            redis: None,
            postgres: None,
        })
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            ports: &self.ports,
            secrets: &self.secrets,
            broker: &self.definitions,
            environment: &self.environment,
            media: self.servers_folder.join("media"),
            signing_keys: self.servers_folder.join("signing-keys"),
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn profile(&self) -> Profile {
        self.options.profile
    }

    /// Starts everything and waits until it is ready. On an error what has started still runs: call [`Self::stop`].
    pub(crate) fn start(&mut self) -> Result<()> {
        for (wanted, got) in self.ports.moved() {
            if !self.options.for_tests {
                note(&format!(
                    "port {wanted} is taken by another program, using {got}"
                ));
            }
        }
        self.start_servers()?;
        if self.options.servers_only {
            return self.wait_for_broker(Instant::now());
        }
        let broker_began = Instant::now();
        if !self.options.built {
            step("programs built", || {
                build::programs(&self.project, self.options.profile)
            })?;
        }
        self.make_service_keys()?;
        step("migrations", || self.migrate())?;
        self.wait_for_broker(broker_began)?;
        self.start_stand_ins()?;
        step("services ready", || self.start_services())?;
        let limits = !self.options.no_rate_limits;
        // Seeding is a hundred requests a second from one address.
        let seeding = !self.place.seeded().exists();
        step(
            &format!(
                "nginx on 127.0.0.1:{} and :{}",
                self.ports.http, self.ports.https
            ),
            || self.start_nginx(limits && !seeding),
        )?;
        self.write_status()?;
        if seeding {
            self.seed()?;
            if limits {
                self.start_nginx(limits)?;
            }
        }
        self.write_status()
    }

    /// Every process that runs, the ones that stop first in front.
    fn processes(&mut self) -> Vec<&mut Process> {
        let mut all: Vec<&mut Process> = self.nginx.iter_mut().collect();
        all.extend(self.services.values_mut());
        all.extend(self.stand_ins.values_mut());
        all.extend(self.broker.iter_mut().filter_map(Broker::process));
        all.extend(self.redis.iter_mut());
        all.extend(self.postgres.iter_mut().map(Postgres::process));
        all
    }

    /// Every process, to be found again by another command.
    pub(crate) fn known(&mut self) -> Vec<Known> {
        self.processes()
            .into_iter()
            .filter_map(|process| Known::new(process.name(), process.pid()))
            .collect()
    }

    /// A report when a process has died by itself.
    pub(crate) fn dead(&mut self) -> Result<Option<String>> {
        for process in self.processes() {
            if let Some(status) = process.exited()? {
                return Ok(Some(format!(
                    "{} died ({status}). Its last lines:\n{}  The whole log: {}",
                    process.name(),
                    process.last_lines(15),
                    process.log().display()
                )));
            }
        }
        Ok(None)
    }

    /// Stops and starts one part; services are migrated in between. The parts keep their ports.
    pub(crate) fn restart(&mut self, name: &str) -> Result<()> {
        if let Some(service) = SERVICES.iter().find(|service| service.name == name) {
            ensure!(self.services.contains_key(name), "{name} does not run");
            self.hand_over(service)?;
        } else if name == "rabbitmq" {
            let broker = self.broker.as_mut().context("rabbitmq does not run")?;
            broker.stop()?;
            broker.start_again()?;
        } else if name == "nginx" {
            self.start_nginx(!self.options.no_rate_limits)?;
        } else {
            let process = self
                .processes()
                .into_iter()
                .find(|process| process.name() == name)
                .with_context(|| format!("{name} does not run"))?;
            process.restart()?;
        }
        if !self.options.servers_only {
            self.write_status()?;
        }
        Ok(())
    }

    /// Stops everything that runs, in order: first who takes requests, last who keeps data.
    pub(crate) fn stop(&mut self) -> Result<()> {
        if let Some(mut process) = self.nginx.take() {
            step_down("nginx", || process.stop());
        }
        for processes in [&mut self.services, &mut self.stand_ins] {
            for process in processes.values_mut() {
                process.ask_to_stop()?;
            }
            for (name, process) in &mut *processes {
                step_down(name, || process.stop());
            }
            processes.clear();
        }
        if let Some(mut broker) = self.broker.take() {
            step_down("rabbitmq", || broker.stop());
        }
        if let Some(mut process) = self.redis.take() {
            step_down("redis", || process.stop());
        }
        if let Some(mut postgres) = self.postgres.take() {
            step_down("postgres", || postgres.process().stop());
        }
        let _ = fs::remove_file(self.place.status());
        Ok(())
    }
}

/// One part that cannot be stopped well must not keep the others running.
fn step_down(name: &str, stop: impl FnOnce() -> Result<()>) {
    let began = Instant::now();
    match stop() {
        Ok(()) => done(&format!("{name} stopped"), began),
        Err(error) => say!("           {name}: {error:#}"),
    }
}
