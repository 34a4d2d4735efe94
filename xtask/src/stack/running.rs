//! Brings the shop up and takes it down.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use devstack::packages::Tools;
use devstack::postgres::{self, Durability, Postgres};
use devstack::process::{Process, Spec};
use devstack::rabbitmq::{self, Broker};
use devstack::user::RunAs;
use devstack::{nginx as nginx_server, redis, wait};

use crate::build::Profile;
use crate::project::Environment;
use crate::stack::broker::Definitions;
use crate::stack::place::Place;
use crate::stack::plan::{MAILBOX, Ports, SERVICES, STRIPE, Service};
use crate::stack::progress::{done, note, step};
use crate::stack::secrets::Secrets;
use crate::stack::settings::Facts;
use crate::stack::state::{Database, Known, Nginx, ServiceStatus, SignIn, Status, ready};
use crate::stack::{certificate, nginx};
use crate::{build, interrupt, project};

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

    fn start_servers(&mut self) -> Result<()> {
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

    fn wait_for_broker(&mut self, began: Instant) -> Result<()> {
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

    /// A program of the workspace, run as the services' user.
    fn program(&self, name: &str, log: &Path) -> Result<Spec> {
        Ok(Spec::new(
            name,
            build::program(&self.project, name, self.options.profile)?,
            &self.service_user,
            &self.servers_folder,
            log,
        ))
    }

    fn make_service_keys(&self) -> Result<()> {
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

    fn migrate(&self) -> Result<()> {
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

    fn start_stand_ins(&mut self) -> Result<()> {
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

    fn start_services(&mut self) -> Result<()> {
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

    fn start_nginx(&mut self, limits: bool) -> Result<()> {
        if let Some(mut process) = self.nginx.take() {
            process.stop()?;
        }
        let folder = self.servers_folder.join("nginx");
        let (certificate, key) =
            certificate::ensure(&self.tools, &self.run_as, &self.servers_folder.join("tls"))?;
        let _ = fs::remove_dir_all(folder.join("snippets"));
        nginx::copy(&self.project.join("nginx/html"), &folder.join("html"))?;
        let media = self.servers_folder.join("media");
        let server = |service: &str| {
            self.ports
                .public(service)
                .map(|port| format!("server 127.0.0.1:{port} max_fails=0;"))
                .unwrap_or_default()
        };
        let variables = BTreeMap::from([
            ("NGINX_WORKERS", "2".to_owned()),
            ("NGINX_ERROR_LOG", "stderr".to_owned()),
            (
                "NGINX_ACCESS_LOG",
                folder.join("access.log").display().to_string(),
            ),
            ("NGINX_TRUSTED_PROXY", "unix:".to_owned()),
            (
                "NGINX_HTTP_LISTEN",
                format!("127.0.0.1:{}", self.ports.http),
            ),
            (
                "NGINX_HTTPS_LISTEN",
                format!("127.0.0.1:{}", self.ports.https),
            ),
            (
                "NGINX_RATE_LIMITS",
                if limits { "on" } else { "off" }.to_owned(),
            ),
            (
                "NGINX_CORS_ORIGINS",
                self.environment
                    .get("CORS_ORIGINS")
                    .unwrap_or_else(|| "http://localhost:3000 http://localhost:5173".into()),
            ),
            ("NGINX_HSTS", String::new()),
            ("NGINX_HTML_DIR", folder.join("html").display().to_string()),
            ("NGINX_MEDIA_DIR", media.display().to_string()),
            ("NGINX_ADMIN_ALLOW", "all".to_owned()),
            ("NGINX_TLS_CERTIFICATE", certificate.display().to_string()),
            ("NGINX_TLS_CERTIFICATE_KEY", key.display().to_string()),
            ("NGINX_AUTH_SERVERS", server("auth")),
            ("NGINX_PRODUCT_SERVERS", server("product")),
            ("NGINX_ORDER_SERVERS", server("order")),
            ("NGINX_ADMIN_SERVERS", server("admin")),
        ]);
        nginx::render(&self.project.join("nginx/templates"), &folder, &variables)?;
        let ports = [self.ports.http, self.ports.https];
        self.nginx = Some(nginx_server::start(
            &self.tools,
            &self.run_as,
            &folder,
            "nginx.conf",
            &self.place.log("nginx"),
            &ports,
        )?);
        Ok(())
    }

    /// Fills the demo shop, once.
    fn seed(&mut self) -> Result<()> {
        let log = self.place.log("seed");
        let began = Instant::now();
        let mut spec = self
            .program("seed", &log)?
            .arg("--base-url")
            .arg(self.facts().base_url())
            .arg("--status")
            .arg(self.place.status());
        if self.options.for_tests {
            spec = spec.env("SEED_LIGHT", "true");
        }
        // The status file is the caller's.
        spec.run_as = RunAs::caller();
        let mut follower = crate::stack::follow::Follower::new([("seed".to_owned(), log)]);
        let mut process = Process::start(spec)?;
        let status = loop {
            follower.poll();
            if let Some(status) = process.exited()? {
                follower.poll();
                break status;
            }
            if interrupt::asked() {
                process.stop()?;
                interrupt::check()?;
            }
            if let Some(report) = self.dead()? {
                process.stop()?;
                bail!(report);
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        ensure!(
            status.success(),
            "the demo shop could not be made ({status})\n{}",
            process.last_lines(15)
        );
        fs::write(self.place.seeded(), "")?;
        done("demo shop seeded", began);
        Ok(())
    }

    fn write_status(&self) -> Result<()> {
        crate::stack::state::write(&self.place.status(), &self.status()?)
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

    /// Starts a service's new process beside the old one, on the same ports, and stops the old one when the new one is ready: no request
    /// finds nobody.
    fn hand_over(&mut self, service: &Service) -> Result<()> {
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
