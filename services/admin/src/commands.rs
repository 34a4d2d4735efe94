//! Subcommands beside `serve` and `migrate`. They take their settings from the environment, as the service does.

use std::io::Write as _;
use std::time::Duration;

use primitives::{Clock, Random};
use runtime::clap::{Arg, ArgAction, ArgMatches, Args, Command};
use secrecy::SecretString;
use serde_json::json;

use crate::app::AppState;
use crate::config::Settings;
use crate::domain::audit_chain::Anchor;
use crate::workflows::{analytics, verify_audit};

/// So many differences are told one by one: an empty shop's first million would fill the screen.
const TOLD: u64 = 200;

/// How long news may be on its way before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// What `verify-audit` needs.
#[derive(Debug, Args)]
struct VerifySettings {
    /// The database.
    #[arg(long, env = "ADMIN_DATABASE_URL", hide_env_values = true)]
    database_url: SecretString,
}

pub(crate) fn commands() -> Vec<Command> {
    vec![
        Command::new("verify-audit")
            .about("Prove that the audit log (ADMIN_DATABASE_URL) is what was written to it; print each broken link with ids, and exit with 1")
            .arg(
                Arg::new("anchor")
                    .long("anchor")
                    .value_name("ROW:HASH")
                    .action(ArgAction::Append)
                    .value_parser(|text: &str| text.parse::<Anchor>())
                    .help("A head that was printed before and kept elsewhere: the log must still contain it; may be given several times"),
            )
            .arg(
                Arg::new("json")
                    .long("json")
                    .action(ArgAction::SetTrue)
                    .help("Print one JSON object a line: each break, and the verdict last"),
            ),
        Command::new("rebuild-analytics")
            .about("Compare the numbers of the analytics pages with the orders, print the differences and put them right; the panel may run meanwhile")
            .arg(
                Arg::new("check")
                    .long("check")
                    .action(ArgAction::SetTrue)
                    .help("Change nothing, and exit with 1 if anything differs"),
            ),
    ]
}

pub(crate) fn run(name: &str, given: &ArgMatches) -> anyhow::Result<()> {
    match name {
        "verify-audit" => runtime::with_settings(|settings| verify(settings, given)),
        "rebuild-analytics" => {
            runtime::with_settings(|settings| rebuild_analytics(settings, given.get_flag("check")))
        }
        _ => anyhow::bail!("there is no subcommand {name}"),
    }
}

async fn verify(settings: VerifySettings, given: &ArgMatches) -> anyhow::Result<()> {
    let pool = runtime::pg::connect(&settings.database_url, 1, "admin verify-audit")?;
    let json = given.get_flag("json");
    let anchors = given.get_many::<Anchor>("anchor").unwrap_or_default();
    let mut stdout = std::io::stdout();
    let verdict = verify_audit::verify(&pool, anchors.copied().collect(), |found| {
        if json {
            writeln!(stdout, "{}", serde_json::to_string(found)?)?;
        } else {
            writeln!(stdout, "{found}")?;
        }
        Ok(())
    })
    .await?;
    let verify_audit::Verdict { rows, broken, head } = verdict;
    let head = head.map(|head| head.to_string()).unwrap_or_default();
    if json {
        let verdict = json!({ "rows": rows, "broken_links": broken, "head": head });
        writeln!(stdout, "{verdict}")?;
    } else if broken == 0 {
        writeln!(stdout, "{rows} rows: the chain is whole\nhead {head}")?;
    } else {
        writeln!(stdout, "{rows} rows: {broken} broken links")?;
    }
    anyhow::ensure!(broken == 0, "the audit log is not what was written to it");
    Ok(())
}

async fn rebuild_analytics(settings: Settings, check: bool) -> anyhow::Result<()> {
    let app = AppState::new(&settings, Clock::system(), Random::system())?;
    let mut stdout = std::io::stdout();
    let mut told = 0_u64;
    let verdict = analytics::rebuild(&app, !check, PATIENCE, |line| {
        told += 1;
        // Who closes the pipe has seen enough; the work goes on.
        let _ = match told {
            ..=TOLD => writeln!(stdout, "{line}"),
            told if told == TOLD + 1 => writeln!(stdout, "and more, which are counted below"),
            _ => Ok(()),
        };
    })
    .await?;
    writeln!(std::io::stdout(), "{verdict}")?;
    anyhow::ensure!(
        verdict.is_equal() || !check,
        "the numbers are not those of the source"
    );
    Ok(())
}
