//! A private PostgreSQL cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::packages::Tools;
use crate::process::{Process, Spec, Stop};
use crate::user::RunAs;
use crate::{ports, wait};

/// The superuser of every cluster.
pub const SUPERUSER: &str = "postgres";

/// What was committed outlives this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing: most tests do without.
    Nothing,
    /// The death of the server, not that of the machine: the disk is not waited for, which takes recovery many seconds.
    ServerCrash,
    /// A power cut of the machine.
    PowerCut,
}

/// What a cluster needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The port on loopback.
    pub port: u16,
    /// The superuser's password, used when the cluster is made.
    pub password: String,
    /// What committed data has to survive.
    pub durability: Durability,
}

/// A running cluster. Dropping it kills it.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    port: u16,
    client: Spec,
}

impl Postgres {
    /// Makes the cluster if the folder has none, starts it and waits until it answers (1–3 s).
    pub fn start(
        tools: &Tools,
        run_as: &RunAs,
        folder: &Path,
        log: &Path,
        settings: &Settings,
    ) -> Result<Self> {
        let folder = run_as.folder(folder)?;
        let data = folder.join("data");
        let spec = |name: &str, program: &str| {
            tools
                .with_env(Spec::new(
                    name,
                    tools.postgres_bin.join(program),
                    run_as,
                    &folder,
                    log,
                ))
                .env("LC_ALL", "C.UTF-8")
                .env("HOME", &folder)
        };
        if !data.join("PG_VERSION").exists() {
            // A half-made cluster of an interrupted run.
            let _ = fs::remove_dir_all(&data);
            let password = folder.join("password");
            run_as.write_private(&password, &settings.password)?;
            // To prove a password by SCRAM takes a debug build a tenth of a second for each connection; many tests make dozens.
            // The server checks what it is told against the same secret.
            let method = match settings.durability {
                Durability::Nothing | Durability::ServerCrash => "password",
                Durability::PowerCut => "scram-sha-256",
            };
            let made = spec("initdb", "initdb")
                .arg("--pgdata")
                .arg(&data)
                .arg("--username")
                .arg(SUPERUSER)
                .arg("--pwfile")
                .arg(&password)
                .arg(format!("--auth={method}"))
                .arg("--encoding=UTF8")
                .arg("--locale=C.UTF-8")
                .arg("--no-sync")
                .run();
            let _ = fs::remove_file(&password);
            made?;
        }
        let on_if = |condition| if condition { "on" } else { "off" };
        let synced = on_if(settings.durability == Durability::PowerCut);
        let written = on_if(settings.durability != Durability::Nothing);
        let mut server = spec("postgres", "postgres").arg("-D").arg(&data);
        for (name, value) in [
            ("port", settings.port.to_string()),
            ("listen_addresses", "127.0.0.1".into()),
            ("unix_socket_directories", String::new()),
            ("max_connections", "200".into()),
            // DROP DATABASE waits for whoever is just signing in. A test that ends while its pool connects is both, and
            // would hold up all other tests for the default minute.
            ("authentication_timeout", "5s".into()),
            ("shared_buffers", "128MB".into()),
            ("fsync", synced.into()),
            ("full_page_writes", synced.into()),
            ("synchronous_commit", written.into()),
            ("timezone", "UTC".into()),
            ("log_timezone", "UTC".into()),
        ] {
            server = server.arg("-c").arg(format!("{name}={value}"));
        }
        // Counts statements, which measurements ask for; part of Debian's package.
        let counter = tools.postgres_bin.join("../lib/pg_stat_statements.so");
        if settings.durability == Durability::PowerCut && counter.exists() {
            server = server
                .arg("-c")
                .arg("shared_preload_libraries=pg_stat_statements");
        }
        server.stop = Stop::Int;
        let mut process = Process::start(server)?;
        let ready = spec("pg_isready", "pg_isready")
            .arg("-q")
            .arg("-h")
            .arg("127.0.0.1")
            .arg("-p")
            .arg(settings.port.to_string());
        wait::until_ready(&mut process, Duration::from_secs(60), || {
            ready.run().is_ok()
        })?;
        // Clients run as the caller, who can read the project's scripts wherever it lies.
        let client = tools
            .with_env(Spec::new(
                "psql",
                tools.postgres_bin.join("psql"),
                &RunAs::caller(),
                Path::new("/"),
                log,
            ))
            .env("LC_ALL", "C.UTF-8")
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", settings.port.to_string())
            .env("PGUSER", SUPERUSER)
            .env("PGPASSWORD", &settings.password);
        Ok(Self {
            process,
            port: settings.port,
            client,
        })
    }

    /// Starts an empty cluster on a free port for one test, with programs of the system or of a folder of unpacked packages.
    pub fn start_for_test(folder: &Path, packages: Option<&Path>) -> Result<(Self, String)> {
        let settings = Settings {
            port: ports::any()?,
            password: crate::random::password()?,
            durability: Durability::Nothing,
        };
        let log = folder.join("postgres.log");
        let cluster = Self::start(
            &Tools::find(packages)?,
            &RunAs::detect()?,
            &folder.join("postgres"),
            &log,
            &settings,
        )?;
        let url = format!(
            "postgres://{SUPERUSER}:{}@127.0.0.1:{}/postgres",
            settings.password, settings.port
        );
        Ok((cluster, url))
    }

    /// Runs a shell script as the superuser, with more environment variables.
    pub fn run_script(&self, script: &Path, env: &[(String, String)]) -> Result<String> {
        let mut spec = self.client.clone();
        spec.name = script.display().to_string();
        spec.program = PathBuf::from("sh");
        spec = spec.arg(script);
        spec.env
            .extend(env.iter().map(|(name, value)| (name.clone(), value.into())));
        spec.run()
    }

    /// Runs a file of SQL as some role, in one transaction unless its first line says `-- no-transaction`, as sqlx does.
    pub fn apply(&self, database: &str, role: &str, password: &str, file: &Path) -> Result<()> {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut spec = self
            .client
            .clone()
            .env("PGUSER", role)
            .env("PGPASSWORD", password)
            .env("PGOPTIONS", "-c client_min_messages=warning");
        spec.name = file.display().to_string();
        if !text.starts_with("-- no-transaction") {
            spec = spec.arg("-1");
        }
        spec.arg("-Xq")
            .arg("-v")
            .arg("ON_ERROR_STOP=1")
            .arg("-d")
            .arg(database)
            .arg("-f")
            .arg(file)
            .run()
            .map(drop)
    }

    /// Runs one statement as the superuser and gives its rows as unaligned text.
    pub fn query(&self, database: &str, statement: &str) -> Result<String> {
        self.client
            .clone()
            .arg("-XAtq")
            .arg("-v")
            .arg("ON_ERROR_STOP=1")
            .arg("-d")
            .arg(database)
            .arg("-c")
            .arg(statement)
            .run()
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}
