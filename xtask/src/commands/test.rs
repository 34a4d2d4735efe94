//! `cargo xtask test`

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};
use devstack::packages::{Browser, PREFIX_VARIABLE};

use crate::commands::up::tools;
use crate::stack::place::Place;
use crate::stack::progress::{done, note, step};
use crate::stack::running::{Options, Stack};
use crate::stack::{supervise, test_tools};
use crate::{build, interrupt, project};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only PostgreSQL, Redis and RabbitMQ: for everything but the end-to-end tests.
    #[arg(long)]
    servers_only: bool,
    /// Keep the stack's folder (`.data/test`) for a look at its logs.
    #[arg(long)]
    keep: bool,
    /// Given to `cargo nextest run` (or `cargo test`).
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    interrupt::install()?;
    let root = project::root()?;
    let place = Place::test(&root);
    let tools = tools(&root, true)?;
    let nextest = has_nextest();
    place.make()?;
    let lock = std::fs::File::create(place.root().with_extension("lock"))?;
    anyhow::ensure!(
        lock.try_lock().is_ok(),
        "another `cargo xtask test` runs in this project"
    );
    supervise::clean_up(&place)?;
    // Every run starts from nothing.
    place.wipe()?;
    place.make()?;
    place.keep_servers_in_memory()?;
    test_tools::ensure(&root)?;
    if !args.servers_only {
        Browser::ensure(&Place::packages(&root), &note)?;
    }

    step("programs and tests built", || build::everything(&root))?;

    let options = Options {
        servers_only: args.servers_only,
        for_tests: true,
        built: true,
        no_rate_limits: true,
        profile: build::Profile::Debug,
    };
    let mut stack = Stack::prepare(&root, &place, tools, options)?;
    let result = stack
        .start()
        .and_then(|()| run_tests(&stack, &root, &args.arguments, nextest));
    if let Ok(Some(report)) = stack.dead() {
        eprintln!("error: while the tests ran, {report}");
    }
    stack.stop()?;
    if !args.keep {
        place.wipe_servers()?;
    }
    let passed = result?;
    if passed && !args.keep {
        place.wipe()?;
    } else {
        say!(
            "the stack's logs are in {}",
            place.root().join("logs").display()
        );
    }
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn has_nextest() -> bool {
    let found = Command::new("cargo")
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success())
}

fn run_tests(stack: &Stack, root: &Path, arguments: &[String], nextest: bool) -> Result<bool> {
    let runner: &[&str] = if nextest {
        &["nextest", "run", "--workspace"]
    } else {
        // Examples in documentation are text.
        &["test", "--workspace", "--all-targets"]
    };
    let began = Instant::now();
    let facts = stack.facts();
    let mut command = build::cargo(root);
    command
        .args(runner)
        .args(arguments)
        .env("DATABASE_URL", facts.superuser_database("postgres")?)
        .env("REDIS_URL", facts.redis_url()?)
        .env("AMQP_URL", facts.amqp_url(""))
        .env("RABBITMQ_MANAGEMENT_URL", facts.management_url(""))
        .env(PREFIX_VARIABLE, Place::packages(root))
        .env(test_tools::VARIABLE, root.join(test_tools::FOLDER));
    for (name, value) in facts.database_passwords()? {
        command.env(name, value);
    }
    if stack.place().status().exists() {
        command.env("MERCATO_STATUS", stack.place().status());
    }
    let mut child = command.spawn().context("cannot start the tests")?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if interrupt::asked() {
            devstack::process::signal(child.id(), false);
            child.wait()?;
            interrupt::check()?;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    done(
        if status.success() {
            "all tests passed"
        } else {
            "tests FAILED"
        },
        began,
    );
    Ok(status.success())
}
