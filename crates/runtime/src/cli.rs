use std::ffi::OsString;
use std::future::Future;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Arg, Args, Command};
use primitives::{Clock, Random};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{CommonSettings, Runtime, Service, check, lifecycle, telemetry};

/// The whole of a service's `main`: its command line, settings, telemetry and life.
pub fn main<S: Service>() -> ExitCode {
    crate::install_tls_provider();
    match dispatch::<S>(std::env::args_os().collect()) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{}: {error:#}", S::NAME);
            ExitCode::FAILURE
        }
    }
}

fn dispatch<S: Service>(arguments: Vec<OsString>) -> anyhow::Result<ExitCode> {
    let command = command::<S>();
    let name = arguments
        .get(1)
        .and_then(|name| name.to_str())
        .unwrap_or_default()
        .to_owned();
    let given = arguments.get(2..).unwrap_or_default().to_vec();
    let wants_help = given
        .iter()
        .any(|argument| argument == "--help" || argument == "-h");
    let lookup = |name: &str| std::env::var_os(name);

    // Settings are taken apart one by one, so that every complaint is told; all else is clap's.
    if !wants_help && matches!(name.as_str(), "serve" | "migrate" | "check-config") {
        let settings = match check::settings::<S>(&given, &lookup) {
            Ok(settings) => settings,
            Err(complaints) => {
                let mut stderr = std::io::stderr();
                for complaint in &complaints {
                    let _ = writeln!(stderr, "{}: {complaint}", S::NAME);
                }
                return Ok(ExitCode::from(2));
            }
        };
        return match name.as_str() {
            "serve" => serve::<S>(settings),
            "migrate" => migrate::<S>(settings),
            _ => {
                writeln!(std::io::stdout(), "{}: the settings are good", S::NAME)?;
                Ok(ExitCode::SUCCESS)
            }
        };
    }
    let matches = command.get_matches_from(&arguments);
    match matches.subcommand() {
        Some(("openapi", _)) => {
            let document = S::openapi().with_context(|| format!("{} has no HTTP API", S::NAME))?;
            writeln!(std::io::stdout(), "{}", document.trim_end())?;
        }
        Some(("health", given)) => return health(given),
        Some((name, given)) => S::run_command(name, given)?,
        None => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn command<S: Service>() -> Command {
    let settings = |name, about| check::command_of::<S>(name).about(about);
    Command::new(S::NAME)
        .about(format!("Mercato's {} service", S::NAME))
        .after_help("Every setting is an environment variable; NAME_FILE instead of NAME reads it from a file.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand(settings("serve", "Serve until a signal to stop"))
        .subcommand(settings("migrate", "Bring the database's tables up to date"))
        .subcommand(settings("check-config", "Tell everything that is wrong with the settings"))
        .subcommand(Command::new("openapi").about("Print the OpenAPI document"))
        .subcommand(
            Command::new("health")
                .about("Exit with 0 if this service is ready (for container health checks)")
                .arg(internal_addr().required(true)),
        )
        .subcommands(S::commands())
}

/// The one common setting that `health` needs.
fn internal_addr() -> Arg {
    let common = CommonSettings::augment_args(Command::new("common"));
    common
        .get_arguments()
        .find(|arg| arg.get_id() == "internal_addr")
        .cloned()
        .unwrap_or_else(|| {
            Arg::new("internal_addr")
                .long("internal-addr")
                .env("INTERNAL_ADDR")
                .value_parser(clap::value_parser!(SocketAddr))
        })
}

/// For a subcommand of a service's own: takes what it needs from the environment, `NAME_FILE`s included, and runs it.
///
/// # Errors
/// A setting is missing or malformed (all of them are named), or what the subcommand answers.
pub fn with_settings<A: Args, F: Future<Output = anyhow::Result<()>>>(
    work: impl FnOnce(A) -> F,
) -> anyhow::Result<()> {
    let settings = check::arguments::<A>(&[], &|name| std::env::var_os(name))
        .map_err(|complaints| anyhow::anyhow!(complaints.join("; ")))?;
    tokio_runtime()?.block_on(work(settings))
}

fn tokio_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")
}

fn migrate<S: Service>(settings: S::Settings) -> anyhow::Result<ExitCode> {
    let telemetry = telemetry::init(S::NAME, S::common(&settings))?;
    let result = tokio_runtime()?.block_on(S::migrate(settings));
    telemetry.flush();
    result.map(|()| ExitCode::SUCCESS)
}

fn serve<S: Service>(settings: S::Settings) -> anyhow::Result<ExitCode> {
    let common = S::common(&settings).clone();
    let telemetry = telemetry::init(S::NAME, &common)?;
    let result = tokio_runtime()?.block_on(async {
        let (soft, hard) = signals()?;
        let mut rt = Runtime::new(Clock::system(), Random::system());
        let sockets = lifecycle::bind(&common).await?;
        let listeners = tokio::select! {
            listeners = S::start(settings, &mut rt) => listeners?,
            () = soft.cancelled() => return Ok(()),
        };
        lifecycle::run(rt, listeners, sockets, common.drain(), soft, hard).await
    });
    if let Err(error) = &result {
        tracing::error!(error = format!("{error:#}"), "the service failed");
    }
    telemetry.flush();
    result.map(|()| ExitCode::SUCCESS)
}

/// The first SIGTERM or SIGINT stops softly, the second at once.
fn signals() -> anyhow::Result<(CancellationToken, CancellationToken)> {
    let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
    let (mut term, mut int) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let (first, second) = (soft.clone(), hard.clone());
    tokio::spawn(async move {
        for token in [first, second] {
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
            token.cancel();
        }
    });
    Ok((soft, hard))
}

fn health(given: &clap::ArgMatches) -> anyhow::Result<ExitCode> {
    let mut addr = *given
        .get_one::<SocketAddr>("internal_addr")
        .context("INTERNAL_ADDR is not set")?;
    if addr.ip().is_unspecified() {
        addr.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let limit = Duration::from_secs(3);
    let mut stream = TcpStream::connect_timeout(&addr, limit).context("not listening")?;
    stream.set_read_timeout(Some(limit))?;
    write!(
        stream,
        "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let ready = answer.split(' ').nth(1) == Some("200");
    writeln!(
        std::io::stdout(),
        "{}",
        answer.lines().last().unwrap_or_default()
    )?;
    Ok(if ready {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Listeners;

    #[derive(clap::Args, Clone)]
    struct Settings {
        #[command(flatten)]
        common: CommonSettings,
        /// The database.
        #[arg(long, env = "TEST_CLI_DATABASE_URL")]
        database_url: secrecy::SecretString,
        /// A number.
        #[arg(long, env = "TEST_CLI_NUMBER", default_value_t = 3)]
        number: u8,
    }

    struct App;

    impl Service for App {
        const NAME: &'static str = "test";
        type Settings = Settings;
        fn common(settings: &Settings) -> &CommonSettings {
            &settings.common
        }
        fn openapi() -> Option<String> {
            None
        }
        fn check(settings: &Settings) -> Vec<String> {
            if settings.number == 9 {
                vec!["nine is not allowed".into()]
            } else {
                vec![]
            }
        }
        async fn migrate(_: Settings) -> anyhow::Result<()> {
            Ok(())
        }
        async fn start(_: Settings, _: &mut Runtime) -> anyhow::Result<Listeners> {
            anyhow::bail!("not in this test")
        }
    }

    fn check_with(given: &[&str]) -> Result<Settings, Vec<String>> {
        let given: Vec<OsString> = given.iter().map(OsString::from).collect();
        check::settings::<App>(&given, &|_| None)
    }

    #[test]
    fn every_complaint_is_told_at_once() {
        let complaints = check_with(&["--internal-addr", "nowhere", "--number=300"])
            .err()
            .unwrap();
        assert_eq!(complaints.len(), 3, "{complaints:?}");
        assert!(
            complaints.iter().any(|c| c.starts_with("INTERNAL_ADDR: ")),
            "{complaints:?}"
        );
        assert!(
            complaints
                .iter()
                .any(|c| c.starts_with("TEST_CLI_DATABASE_URL is not set")),
            "{complaints:?}"
        );
        assert!(
            complaints
                .iter()
                .any(|c| c.starts_with("TEST_CLI_NUMBER: ")),
            "{complaints:?}"
        );
    }

    #[test]
    fn settings_that_do_not_fit_together_are_told() {
        let given = [
            "--internal-addr=127.0.0.1:1",
            "--database-url=x",
            "--number",
            "9",
        ];
        assert_eq!(check_with(&given).err().unwrap(), ["nine is not allowed"]);
    }

    #[test]
    fn help_never_shows_a_value() {
        let help = check::command_of::<App>("serve")
            .render_long_help()
            .to_string();
        assert!(
            help.contains("TEST_CLI_DATABASE_URL") && help.contains("INTERNAL_ADDR"),
            "{help}"
        );
        assert!(!help.contains("TEST_CLI_DATABASE_URL="), "{help}");
        assert!(check_with(&["--internal-addr=127.0.0.1:1", "--database-url=x"]).is_ok());
    }
}
