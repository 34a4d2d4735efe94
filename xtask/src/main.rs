//! The project's own commands: `cargo xtask up` runs the whole shop, `cargo xtask test` tests it, `cargo xtask tidy` checks the house rules.
//!
//! Must never enter: crates that take long to compile. Everybody's first command waits for this one.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Writes a line to standard output. Unlike `println!` it goes on when nobody reads any more, as after `| head`: what was begun
/// must still be stopped in order.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod build;
mod commands;
mod interrupt;
mod project;
mod stack;

/// Runs, tests and checks Mercato on this machine.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what is missing, build, start, seed and follow everything; Ctrl-C stops it all.
    Up(commands::up::Args),
    /// Say whether the shop runs, and where. Exit code 0: everything is ready.
    Status(commands::status::Args),
    /// Show and follow the logs of all services, or of one.
    Logs(commands::logs::Args),
    /// Stop everything.
    Down(commands::down::Args),
    /// Build one service again and restart it.
    Restart(commands::restart::Args),
    /// Start a separate stack and run every test against it.
    Test(commands::test::Args),
    /// Check the rules of the house that no compiler checks.
    Tidy,
    /// Write the services' OpenAPI documents and the merged one.
    Openapi(commands::openapi::Args),
    /// Fill the running shop with a million orders, or measure the panel on them.
    Scale(commands::scale::Args),
    /// Take the documents' pictures of the running shop's panel.
    Screenshots,
    /// Let Lighthouse judge the main pages of the running shop's panel, or others.
    Lighthouse(commands::lighthouse::Args),
    /// Prepare or check the services' saved query descriptions.
    Sqlx(commands::sqlx::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Up(args) => commands::up::run(&args),
        Command::Status(args) => commands::status::run(&args),
        Command::Logs(args) => commands::logs::run(&args),
        Command::Down(args) => commands::down::run(&args),
        Command::Restart(args) => commands::restart::run(&args),
        Command::Test(args) => commands::test::run(&args),
        Command::Tidy => commands::tidy::run(),
        Command::Openapi(args) => commands::openapi::run(&args),
        Command::Scale(args) => commands::scale::run(&args),
        Command::Screenshots => commands::screenshots::run(),
        Command::Lighthouse(args) => commands::lighthouse::run(&args),
        Command::Sqlx(args) => commands::sqlx::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
