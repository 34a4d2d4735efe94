//! `cargo xtask scale`: a shop with a long history, and what its panel costs there.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::build;
use crate::project;
use crate::stack::place::Place;
use crate::stack::progress::step;
use crate::stack::scripts;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Fill the running shop: 10 GB; a quarter of an hour on an idle machine, more than an hour on a slow or busy one. `cargo xtask down --wipe` removes it again.
    Generate {
        #[arg(long, default_value_t = 1_000_000)]
        orders: u32,
        #[arg(long, default_value_t = 100_000)]
        products: u32,
        #[arg(long, default_value_t = 200_000)]
        users: u32,
    },
    /// Ask the running shop for every page of the panel and every filter of its lists, and print the table of docs/measurements.md.
    Measure {
        /// So often each.
        #[arg(long, default_value_t = 100)]
        requests: u32,
        /// Only pages with this in their address.
        #[arg(long)]
        only: Option<String>,
    },
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let root = project::root()?;
    match &args.command {
        Command::Generate {
            orders,
            products,
            users,
        } => {
            let database = |service| owners_url(&root, service);
            let (auth, product, order) =
                (database("auth")?, database("product")?, database("order")?);
            let (admin, mails) = (database("admin")?, database("notification")?);
            let many = |name: &'static str, many: &u32| [name.to_owned(), many.to_string()];
            let [_, of] = many("--products", products);
            generate(&root, "user_bench", &auth, &many("--users", users))?;
            generate(
                &root,
                "search_bench",
                &product,
                &many("--products", products),
            )?;
            let [orders, number] = many("--orders", orders);
            generate(
                &root,
                "order_bench",
                &order,
                &[orders, number, "--products".to_owned(), of],
            )?;
            let also = ["--mails".to_owned(), mails, "--orders".to_owned(), order];
            generate(&root, "panel_bench", &admin, &also)?;
            // No event tells of these orders.
            step("analytics counted anew", || rebuild_analytics(&root))?;
        }
        Command::Measure { requests, only } => {
            let mut arguments = vec!["--requests".to_owned(), requests.to_string()];
            if let Some(only) = only {
                arguments.extend(["--only".to_owned(), only.clone()]);
            }
            scripts::run(&root, "scale.mjs", &arguments)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A service's database, as its owner. Notification's part of it is in that of admin.
fn owners_url(root: &Path, service: &str) -> Result<String> {
    let status = scripts::running(root)?;
    let database = match service {
        "notification" => "admin_db".to_owned(),
        service => format!("{service}_db"),
    };
    let known = status
        .databases
        .get(&database)
        .with_context(|| format!("the shop has no {database}"))?;
    let (_, server) = known.url.rsplit_once('@').context("no database URL")?;
    let secret = Place::dev(root)
        .secrets()
        .join(format!("postgres_{service}_owner"));
    let password = std::fs::read_to_string(&secret)
        .with_context(|| format!("cannot read {}", secret.display()))?;
    Ok(format!(
        "postgres://{service}_owner:{}@{server}",
        password.trim()
    ))
}

/// Runs a generator on a database. It vacuums what it made.
fn generate(root: &Path, example: &str, url: &str, arguments: &[String]) -> Result<()> {
    step(&format!("{example} generated"), || {
        let mut command = build::cargo(root);
        command.args(["run", "--quiet", "--example", example, "--"]);
        command.args(["generate", "--database", url]);
        command.args(arguments);
        build::run(&mut command, example)
    })
}

/// Runs the panel's own command with the settings that the running panel has.
fn rebuild_analytics(root: &Path) -> Result<()> {
    let status = scripts::running(root)?;
    let admin = status
        .services
        .get("admin")
        .context("the shop has no admin service")?;
    let process = Path::new("/proc").join(admin.pid.to_string());
    let settings = std::fs::read(process.join("environ")).context("cannot read the settings")?;
    let settings = settings.split(|byte| *byte == 0).filter_map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        Some((halves.next()?, halves.next()?))
    });
    let mut command = std::process::Command::new(process.join("exe"));
    command.env_clear().arg("rebuild-analytics");
    for (name, value) in settings {
        command.env(OsStr::from_bytes(name), OsStr::from_bytes(value));
    }
    build::run(&mut command, "admin rebuild-analytics")
}
