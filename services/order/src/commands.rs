//! Subcommands beside `serve` and `migrate`. They take their settings from the environment, as the service does.

use std::io::Write as _;

use anyhow::Context as _;
use primitives::{Clock, Random};
use runtime::clap::{Arg, ArgAction, ArgMatches, Args, Command};
use secrecy::SecretString;

use crate::app::AppState;
use crate::config::Settings;
use crate::workflows::reconcile::Span;
use crate::{store, workflows};

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
        Command::new("reconcile")
            .about("Compare payments and refunds with the payment provider, with the settings of the service; mend what is safe, print the rest and exit with 1")
            .arg(
                Arg::new("full")
                    .long("full")
                    .action(ArgAction::SetTrue)
                    .help("Everything, not only the last RECONCILE_WINDOW_HOURS"),
            ),
    ]
}

pub(crate) fn run(name: &str, given: &ArgMatches) -> anyhow::Result<()> {
    match name {
        "verify-ledger" => runtime::with_settings(|settings| verify_ledger(settings, given)),
        "reconcile" => runtime::with_settings(|settings| reconcile(settings, given)),
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

async fn reconcile(settings: Settings, given: &ArgMatches) -> anyhow::Result<()> {
    let app = AppState::new(&settings, Clock::system(), Random::system())?;
    let span = if given.get_flag("full") {
        Span::Full
    } else {
        Span::Window
    };
    let summary = workflows::reconcile::run(&app, span)
        .await?
        .context("another process is comparing just now")?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{summary}")?;
    let mut after = None;
    loop {
        let mut conn = app.pool.acquire().await?;
        let found = store::reconciliations::differences(&mut conn, summary.id, after, 500).await?;
        let Some(last) = found.last() else { break };
        after = Some(last.id);
        for it in &found {
            let reference = it.reference.as_deref().unwrap_or("-");
            writeln!(
                stdout,
                "{} {} {} {reference}\n  here:  {}\n  there: {}",
                it.outcome, it.kind, it.subject, it.ours, it.theirs
            )?;
        }
    }
    let raised = summary.counts.raised;
    anyhow::ensure!(
        raised == 0,
        "{raised} differences need a person: see the work items"
    );
    Ok(())
}
