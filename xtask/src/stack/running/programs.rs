//! The programs of the workspace: the services, and what stands in for the internet.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use devstack::process::{Process, Spec};
use devstack::wait;

use super::Stack;
use crate::build;
use crate::stack::plan::{MAILBOX, SERVICES, STRIPE, Service};
use crate::stack::progress::{note, step};
use crate::stack::state::ready;

impl Stack {
    /// A program of the workspace, run as the services' user.
    pub(super) fn program(&self, name: &str, log: &Path) -> Result<Spec> {
        Ok(Spec::new(
            name,
            build::program(&self.project, name, self.options.profile)?,
            &self.service_user,
            &self.servers_folder,
            log,
        ))
    }

    pub(super) fn make_service_keys(&self) -> Result<()> {
        let complete = self.secrets.path("services.jwks.json").exists()
            && SERVICES
                .iter()
                .all(|service| self.secrets.path(&format!("{}.key", service.name)).exists());
        if complete {
            return Ok(());
        }
        step("service keys", || {
            let spec = self
                .program("auth", &self.place.log("auth"))?
                .arg("generate-service-keys")
                .arg("--out")
                .arg(self.secrets.folder());
            spec.run()?;
            self.service_user.own(self.secrets.folder())
        })
    }

    fn service_spec(&self, service: &Service) -> Result<Spec> {
        let mut spec = self.program(service.name, &self.place.log(service.name))?;
        for (name, value) in self.facts().service(service)? {
            spec = spec.env(&name, value);
        }
        Ok(spec)
    }

    pub(super) fn migrate(&self) -> Result<()> {
        std::thread::scope(|scope| {
            let mut running = Vec::new();
            for service in &SERVICES {
                let spec = self.service_spec(service)?.arg("migrate");
                running.push(scope.spawn(move || {
                    spec.run()
                        .with_context(|| format!("migrations of {}", service.name))
                }));
            }
            for thread in running {
                thread
                    .join()
                    .map_err(|_| anyhow::anyhow!("a migration panicked"))??;
            }
            Ok(())
        })
    }

    pub(super) fn start_stand_ins(&mut self) -> Result<()> {
        let mut wanted = vec![(MAILBOX, self.ports.mailbox)];
        match self.facts().stripe_key() {
            Some(_) => note("payments go to Stripe: STRIPE_SECRET_KEY is set"),
            None => wanted.push((STRIPE, self.ports.stripe)),
        }
        for (name, port) in wanted {
            let process = step(&format!("{name} on 127.0.0.1:{port}"), || {
                let mut spec = self.program(name, &self.place.log(name))?;
                let folder = self.servers_folder.join(name);
                fs::create_dir_all(&folder)?;
                self.service_user.own(&folder)?;
                for (name, value) in self.facts().stand_in(name, &folder)? {
                    spec = spec.env(&name, value);
                }
                spec.patience = Duration::from_secs(5);
                let mut process = Process::start(spec)?;
                wait::until_ready(&mut process, Duration::from_secs(30), || {
                    devstack::http::listens(port)
                })?;
                Ok(process)
            })?;
            self.stand_ins.insert(name, process);
        }
        Ok(())
    }

    pub(super) fn start_services(&mut self) -> Result<()> {
        for folder in ["media", "signing-keys"] {
            let path = self.servers_folder.join(folder);
            fs::create_dir_all(&path)?;
            self.service_user.own(&path)?;
        }
        for service in &SERVICES {
            let process = Process::start(self.service_spec(service)?.arg("serve"))?;
            self.services.insert(service.name, process);
        }
        for service in &SERVICES {
            self.wait_for_service(service.name)?;
        }
        Ok(())
    }

    fn wait_for_service(&mut self, name: &str) -> Result<()> {
        let port = self.ports.internal(name)?;
        let process = self
            .services
            .get_mut(name)
            .with_context(|| format!("{name} does not run"))?;
        wait::until_ready(process, Duration::from_secs(60), || ready(port))
    }

    /// Starts a service's new process beside the old one, on the same ports, and stops the old one when the new one is ready: no request
    /// finds nobody.
    pub(super) fn hand_over(&mut self, service: &Service) -> Result<()> {
        self.service_spec(service)?.arg("migrate").run()?;
        let ports: Vec<u16> = self
            .ports
            .public(service.name)
            .into_iter()
            .chain([self.ports.internal(service.name)?])
            .collect();
        let internal = self.ports.internal(service.name)?;
        let mut new = Process::start(self.service_spec(service)?.arg("serve"))?;
        let pid = new.pid();
        wait::until_ready(&mut new, Duration::from_secs(60), || {
            // The kernel gives each connection to either process, so a dozen good answers mean that both are ready.
            ports
                .iter()
                .all(|port| devstack::process::listens(pid, *port))
                && (0..12).all(|_| ready(internal))
        })?;
        if let Some(mut old) = self.services.insert(service.name, new) {
            old.stop()?;
        }
        Ok(())
    }
}
