//! `cargo xtask lighthouse`

use std::process::ExitCode;

use anyhow::Result;

use crate::project;
use crate::stack::{scripts, test_tools};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Paths such as `/admin/coupons`; without any, the main pages.
    paths: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let root = project::root()?;
    test_tools::ensure_lighthouse(&root)?;
    scripts::run(&root, "lighthouse.mjs", &args.paths)?;
    Ok(ExitCode::SUCCESS)
}
