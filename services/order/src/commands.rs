//! Subcommands beside `serve` and `migrate`. They take their settings from the environment, as the service does.

use std::io::Write as _;

use runtime::clap::{Arg, ArgAction, ArgMatches, Args, Command};
use secrecy::SecretString;

use crate::workflows;

/// What `verify-ledger` needs.
#[derive(Debug, Args)]
struct VerifySettings {
    /// The database.
    #[arg(long, env = "ORDER_DATABASE_URL", hide_env_values = true)]
    database_url: SecretString,
}

pub(crate) fn commands() -> Vec<Command> {
    vec![
        Command::new("verify-ledger")
            .about("Prove on the live database (ORDER_DATABASE_URL) that all money adds up; print what does not, with ids, and exit with 1")
            .arg(
                Arg::new("json")
                    .long("json")
                    .action(ArgAction::SetTrue)
                    .help("Print the verdict as JSON"),
            ),
    ]
}

pub(crate) fn run(name: &str, given: &ArgMatches) -> anyhow::Result<()> {
    match name {
        "verify-ledger" => runtime::with_settings(|settings| verify_ledger(settings, given)),
        _ => anyhow::bail!("there is no subcommand {name}"),
    }
}

async fn verify_ledger(settings: VerifySettings, given: &ArgMatches) -> anyhow::Result<()> {
    let pool = runtime::pg::connect(&settings.database_url, 1, "order verify-ledger")?;
    let verdict = workflows::verify::verify(&pool).await?;
    let mut stdout = std::io::stdout();
    if given.get_flag("json") {
        writeln!(stdout, "{}", serde_json::to_string_pretty(&verdict)?)?;
    } else {
        writeln!(stdout, "{verdict}")?;
    }
    anyhow::ensure!(verdict.is_good(), "the books are not in order");
    Ok(())
}
