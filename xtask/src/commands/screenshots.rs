//! `cargo xtask screenshots`

use std::process::ExitCode;

use anyhow::Result;

use crate::project;
use crate::stack::scripts;

pub(crate) fn run() -> Result<ExitCode> {
    scripts::run(&project::root()?, "screenshots.mjs", &[])?;
    Ok(ExitCode::SUCCESS)
}
