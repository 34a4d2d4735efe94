//! `cargo xtask sqlx`: what the database says about every query is kept in each service's `.sqlx`, so that building needs no database.
//!
//! A private PostgreSQL gets the committed migrations; then the compiler checks one service after the other against it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use devstack::postgres::Postgres;

use crate::commands::up::tools;
use crate::stack::place::Place;
use crate::stack::plan::SERVICES;
use crate::stack::progress::step;
use crate::{build, interrupt, project};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Subcommand)]
enum Action {
    /// Write `.sqlx` of every service.
    Prepare,
    /// Fail when a `.sqlx` is not what the migrations and queries say, or clippy has a word to say.
    Check,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    interrupt::install()?;
    let root = project::root()?;
    tools(&root, true)?;
    let place = root.join(".data/sqlx");
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place)?;
    let result = with_database(args, &root, &place);
    let _ = fs::remove_dir_all(&place);
    result
}

fn with_database(args: &Args, root: &Path, place: &Path) -> Result<ExitCode> {
    let (mut postgres, url) = step("PostgreSQL", || {
        Postgres::start_for_test(place, Some(&Place::packages(root)))
    })?;
    let result = compare(args.action, root, place, &postgres, &url);
    postgres.process().stop()?;
    result
}

/// Describes every query anew, and keeps what is new or says what differs.
fn compare(
    action: Action,
    root: &Path,
    place: &Path,
    postgres: &Postgres,
    superuser: &str,
) -> Result<ExitCode> {
    let variables = step("migrations", || migrate(root, postgres))?;
    let everybody = place.join("everybody");
    fs::create_dir_all(&everybody)?;
    if action == Action::Check {
        for service in &SERVICES {
            touch_service(root, service.name)?;
        }
    }
    // Whoever has changed since the last build writes too: that must not be while one service is looked at.
    step("everything that changed", || {
        describe(action, root, &everybody, superuser, &variables)
    })?;
    match action {
        Action::Prepare => prepare(root, place, superuser, &variables),
        Action::Check => check(root, &read_all(&everybody)?),
    }
}

/// Writes each service's descriptions, which takes one look at each.
fn prepare(
    root: &Path,
    place: &Path,
    superuser: &str,
    variables: &[(String, String)],
) -> Result<ExitCode> {
    for service in &SERVICES {
        let committed = descriptions(root, service.name);
        let fresh = place.join(service.name);
        fs::create_dir_all(&fresh)?;
        step(&format!("queries of {}", service.name), || {
            // Every service has queries. When none was written, another cargo (an editor's) has looked at the service first.
            for _ in 0..5 {
                touch_service(root, service.name)?;
                describe(Action::Prepare, root, &fresh, superuser, variables)?;
                if !read_all(&fresh)?.is_empty() {
                    return Ok(());
                }
            }
            bail!("the compiler was never asked: does another cargo run in this folder?")
        })?;
        let new = read_all(&fresh)?;
        if read_all(&committed)? != new {
            replace(&committed, &new)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the services' descriptions are together what was found: that each service has its own is shown by building it without a database.
fn check(root: &Path, found: &BTreeMap<String, String>) -> Result<ExitCode> {
    let mut missing = found.clone();
    let mut drifted = false;
    for service in &SERVICES {
        let committed = read_all(&descriptions(root, service.name))?;
        if committed
            .iter()
            .any(|(name, text)| found.get(name) != Some(text))
        {
            drifted = true;
            say!(
                "services/{}/.sqlx: is not what its migrations and queries say",
                service.name
            );
        }
        missing.retain(|name, _| !committed.contains_key(name));
    }
    for name in missing.keys() {
        drifted = true;
        say!("no service has {name}");
    }
    if !drifted {
        return Ok(ExitCode::SUCCESS);
    }
    say!("run `cargo xtask sqlx prepare`");
    Ok(ExitCode::FAILURE)
}

fn descriptions(root: &Path, service: &str) -> PathBuf {
    root.join("services").join(service).join(".sqlx")
}

/// Makes the roles, the databases and the tables; gives the environment in which queries are checked.
fn migrate(root: &Path, postgres: &Postgres) -> Result<Vec<(String, String)>> {
    // The database lives for a minute and listens on loopback; nothing in it is worth a better password.
    let password = "sqlx";
    let mut passwords = vec![("ECOMMERCE_ADMIN_PASSWORD".to_owned(), password.to_owned())];
    for service in &SERVICES {
        let upper = service.name.to_uppercase();
        passwords.extend(
            ["OWNER", "SERVICE"]
                .map(|role| (format!("{upper}_{role}_PASSWORD"), password.to_owned())),
        );
    }
    postgres.run_script(&root.join("db/init/10-roles-and-databases.sh"), &passwords)?;
    let mut variables = Vec::new();
    for service in &SERVICES {
        let folder = root.join("services").join(service.name).join("migrations");
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
        files.sort();
        for file in files {
            postgres.apply(
                service.database,
                &format!("{}_owner", service.name),
                password,
                &file,
            )?;
        }
        let url = format!(
            "postgres://{}_service:{password}@127.0.0.1:{}/{}",
            service.name,
            postgres.port(),
            service.database
        );
        variables.push((format!("{}_DATABASE_URL", service.name.to_uppercase()), url));
    }
    Ok(variables)
}

/// Lets the compiler look at what has changed; the macros write what they learn into `folder`.
fn describe(
    action: Action,
    root: &Path,
    folder: &Path,
    superuser: &str,
    variables: &[(String, String)],
) -> Result<()> {
    let mut command = build::cargo(root);
    // The check is clippy's, too, so that `.ci/run` compiles once for both.
    match action {
        Action::Prepare => command.args(["check", "--workspace", "--all-targets", "--quiet"]),
        Action::Check => command.args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]),
    };
    command
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", folder)
        .env("DATABASE_URL", superuser);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    build::run(&mut command, "checking the queries")
}

/// Cargo looks at a service again when a source is new.
fn touch_service(root: &Path, service: &str) -> Result<()> {
    let path = root.join("services").join(service).join("src/lib.rs");
    #[expect(
        clippy::disallowed_methods,
        reason = "a file's time is compared with other files' times by cargo, never by Mercato"
    )]
    let now = SystemTime::now();
    fs::File::options()
        .append(true)
        .open(&path)
        .and_then(|file| file.set_modified(now))
        .with_context(|| format!("cannot touch {}", path.display()))
}

fn read_all(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str())
            && name.starts_with("query-")
        {
            files.insert(name.to_owned(), fs::read_to_string(&path)?);
        }
    }
    Ok(files)
}

fn replace(folder: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    for (name, text) in files {
        fs::write(folder.join(name), text)?;
    }
    say!("{}: {} queries written", folder.display(), files.len());
    Ok(())
}
