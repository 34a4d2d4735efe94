use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args as _, FromArgMatches as _};

use crate::{Service, secrets, serve};

/// A subcommand of a service's own. It runs without the service's settings.
pub trait Subcommand: clap::Subcommand {
    /// Does it.
    ///
    /// # Errors
    /// Whatever went wrong, for a person to read.
    fn run(self) -> anyhow::Result<()>;
}

/// The whole program: parses the command line and the environment, and runs the subcommand.
pub fn main<S: Service>() -> ExitCode {
    // Only the first caller in the process may install a provider; in tests that may have been another.
    rustls::crypto::ring::default_provider().install_default().ok();
    match run::<S>(std::env::args_os().collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The logs may not exist yet, or be flushed already.
            let _ = writeln!(std::io::stderr(), "{}: {error:#}", S::NAME);
            ExitCode::FAILURE
        }
    }
}

fn settings_command<S: Service>(name: &'static str, about: &'static str) -> clap::Command {
    S::Settings::augment_args(clap::Command::new(name).about(about))
}

fn command<S: Service>() -> clap::Command {
    let own = clap::Command::new(S::NAME)
        .about(format!("Mercato's {} service. Every setting is an environment variable; NAME_FILE reads NAME from a file.", S::NAME))
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .subcommand(settings_command::<S>("serve", "Runs the service"))
        .subcommand(settings_command::<S>("migrate", "Brings the database to the newest schema, as its owner"))
        .subcommand(settings_command::<S>("check-config", "Checks the settings and says all that is wrong"))
        .subcommand(clap::Command::new("openapi").about("Prints the OpenAPI document"))
        .subcommand(
            clap::Command::new("health").about("Succeeds when the running service is ready; for container health checks").arg(
                clap::Arg::new("internal_addr")
                    .long("internal-addr")
                    .env("INTERNAL_ADDR")
                    .default_value("127.0.0.1:9000")
                    .value_parser(clap::value_parser!(SocketAddr)),
            ),
        );
    <S::Extra as clap::Subcommand>::augment_subcommands(own)
}

fn run<S: Service>(args: Vec<OsString>) -> anyhow::Result<()> {
    let command = command::<S>();
    let name = args.get(1).and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let args = match command.find_subcommand(&name) {
        Some(subcommand) => secrets::with_files(subcommand, args, |name| std::env::var(name).ok())?,
        None => args,
    };
    // A bad or missing setting ends here: clap names it and exits with 2.
    let matches = command.get_matches_from(args);
    let (name, matches_of) = matches.subcommand().context("no subcommand")?;
    match name {
        "serve" => {
            let settings = S::Settings::from_arg_matches(matches_of)?;
            refuse_contradictions::<S>(&settings)?;
            serve::serve::<S>(settings)
        }
        "migrate" => block_on(S::migrate(S::Settings::from_arg_matches(matches_of)?)),
        "check-config" => {
            let settings = S::Settings::from_arg_matches(matches_of)?;
            refuse_contradictions::<S>(&settings)?;
            print("settings are complete\n")
        }
        "openapi" => print(&S::openapi().context("this service has no REST API")?),
        "health" => health(*matches_of.get_one::<SocketAddr>("internal_addr").context("no address")?),
        _ => S::Extra::from_arg_matches(&matches)?.run(),
    }
}

fn refuse_contradictions<S: Service>(settings: &S::Settings) -> anyhow::Result<()> {
    let complaints = S::check(settings);
    if !complaints.is_empty() {
        bail!("the settings contradict each other:\n  {}", complaints.join("\n  "));
    }
    Ok(())
}

fn print(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}

fn block_on(future: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Asks the running process; plain sockets, because an image without a shell has no curl either.
fn health(mut address: SocketAddr) -> anyhow::Result<()> {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let timeout = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&address, timeout).with_context(|| format!("nothing listens on {address}"))?;
    stream.set_read_timeout(Some(timeout))?;
    stream.write_all(b"GET /health/ready HTTP/1.0\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) == Some("200") { Ok(()) } else { bail!("not ready: {}", answer.lines().last().unwrap_or(status)) }
}
