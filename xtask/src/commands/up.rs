//! `cargo xtask up`

use std::fs::File;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use devstack::packages::Tools;

use crate::build::Profile;
use crate::stack::follow::Follower;
use crate::stack::place::Place;
use crate::stack::progress;
use crate::stack::running::{Options, Stack};
use crate::stack::state::{self, Phase, State, Status};
use crate::stack::supervise;
use crate::{interrupt, project};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Return when everything is ready, and leave it running.
    #[arg(long)]
    detach: bool,
    /// Lift nginx's limits per address, for load tests.
    #[arg(long)]
    no_rate_limits: bool,
    /// Run programs that are compiled to be quick, for measurements.
    #[arg(long)]
    release: bool,
    /// Install missing packages without asking.
    #[arg(long)]
    yes: bool,
    /// Start PostgreSQL, Redis and RabbitMQ only, to run services by hand.
    #[arg(long)]
    servers_only: bool,
    /// Internal: this process is the one that stays.
    #[arg(long, hide = true)]
    supervise: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let root = project::root()?;
    let place = Place::dev(&root);
    interrupt::install()?;
    if let Some(state) = state::read::<State>(&place.state())
        && state.supervisor.is_alive()
        && !args.supervise
    {
        say!(
            "the shop runs already (process {}); `cargo xtask down` stops it",
            state.supervisor.pid
        );
        if let Some(status) = state::read::<Status>(&place.status()) {
            print_table(&status, None);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let began = Instant::now();
    let tools = tools(&root, args.yes)?;
    if args.detach {
        return detach(args, &place);
    }
    let options = Options {
        no_rate_limits: args.no_rate_limits,
        servers_only: args.servers_only,
        profile: if args.release {
            Profile::Release
        } else {
            Profile::Debug
        },
        ..Options::default()
    };
    supervise::run(&root, &place, tools, options, !args.supervise, |stack| {
        progress::done("everything is ready", began);
        report(stack, args);
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Finds the servers' programs and installs what is missing.
pub(crate) fn tools(root: &Path, yes: bool) -> Result<Tools> {
    let ask = |packages: &[&str]| {
        if yes || !std::io::stdin().is_terminal() {
            return true;
        }
        print!(
            "Install {} from Debian's packages? Nothing of the system is started or configured. [Y/n] ",
            packages.join(" ")
        );
        let _ = std::io::stdout().flush();
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).is_ok()
            && !answer.trim().to_lowercase().starts_with('n')
    };
    let began = Instant::now();
    let tools = Tools::ensure(&Place::packages(root), &progress::note, &ask)?;
    if began.elapsed() > Duration::from_secs(1) {
        progress::done("PostgreSQL, Redis, RabbitMQ, nginx are installed", began);
    }
    Ok(tools)
}

/// Starts a supervisor in a session of its own and waits until it is ready.
fn detach(args: &Args, place: &Place) -> Result<ExitCode> {
    place.make()?;
    let log = place.log("up");
    let output = File::create(&log)?;
    // `setsid`, so that the terminal's end does not reach it.
    let mut command = Command::new("setsid");
    command
        .arg(std::env::current_exe()?)
        .args(["up", "--supervise", "--yes"]);
    for (given, flag) in [
        (args.no_rate_limits, "--no-rate-limits"),
        (args.servers_only, "--servers-only"),
        (args.release, "--release"),
    ] {
        if given {
            command.arg(flag);
        }
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .context("cannot start setsid")?;
    let mut shown = Shown::new(&log);
    let mut asked = false;
    loop {
        shown.print_new()?;
        if let Some(status) = child.try_wait()? {
            shown.print_new()?;
            bail!(
                "the shop did not start ({status}); the whole log: {}",
                log.display()
            );
        }
        let ready = state::read::<State>(&place.state())
            .is_some_and(|state| state.supervisor.pid == child.id() && state.phase == Phase::Ready);
        if ready && shown.text.contains(END) {
            say!(
                "It runs in the background. `cargo xtask logs` follows it, `cargo xtask down` stops it."
            );
            return Ok(ExitCode::SUCCESS);
        }
        if interrupt::asked() && !asked {
            asked = true;
            devstack::process::signal(child.id(), false);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The last line of the table.
const END: &str = "Ctrl-C or `cargo xtask down` stops everything; the data stays.";

/// What of a growing file has been shown.
struct Shown {
    path: std::path::PathBuf,
    text: String,
}

impl Shown {
    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            text: String::new(),
        }
    }

    fn print_new(&mut self) -> Result<()> {
        let text = String::from_utf8_lossy(&std::fs::read(&self.path)?).into_owned();
        if let Some(new) = text.strip_prefix(self.text.as_str()) {
            print!("{new}");
            std::io::stdout().flush()?;
        }
        self.text = text;
        Ok(())
    }
}

fn report(stack: &Stack, args: &Args) {
    if args.servers_only {
        let facts = stack.facts();
        let show =
            |name: &str, value: Result<String>| say!("  {name:<14} {}", value.unwrap_or_default());
        show("PostgreSQL", facts.superuser_database("postgres"));
        show("Redis", facts.redis_url());
        show("RabbitMQ", Ok(facts.amqp_url("")));
        show("RabbitMQ UI", Ok(facts.management_url("")));
        say!("\n{END}");
        return;
    }
    if let Ok(status) = stack.status() {
        print_table(&status, Some(stack.broker_sign_in()));
    }
}

/// The addresses and sign-ins.
pub(crate) fn print_table(status: &Status, broker: Option<(&str, &str)>) {
    let sign_in = |role: &str| {
        status
            .signins
            .iter()
            .find(|sign_in| sign_in.role == role)
            .map(|sign_in| format!("{}  {}", sign_in.email, sign_in.password))
            .unwrap_or_default()
    };
    let broker = match broker {
        Some((user, password)) => format!("{user}  {password}"),
        // The AMQP URL names the same user.
        None => status
            .amqp_url
            .strip_prefix("amqp://")
            .and_then(|rest| rest.split_once('@'))
            .map(|(user, _)| user.replacen(':', "  ", 1))
            .unwrap_or_default(),
    };
    say!();
    for (name, address, sign_in) in [
        ("Shop", status.base_url.as_str(), String::new()),
        ("", status.https_url.as_str(), String::new()),
        ("Admin panel", status.admin_url.as_str(), sign_in("admin")),
        ("API docs", status.docs_url.as_str(), String::new()),
        ("RabbitMQ UI", status.rabbitmq_url.as_str(), broker),
        ("Mailbox", status.mailbox_url.as_str(), String::new()),
    ] {
        say!("  {name:<12} {address:<32} {sign_in}");
    }
    say!();
    for role in ["support", "seller", "customer"] {
        say!("  {:<12} {}", role, sign_in(role));
    }
    say!("\n{END}");
}

/// Follows logs until Ctrl-C.
pub(crate) fn follow(mut follower: Follower) {
    while !interrupt::asked() {
        follower.poll();
        std::thread::sleep(Duration::from_millis(100));
    }
}
