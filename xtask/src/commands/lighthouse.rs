//! `cargo xtask lighthouse`

use std::process::ExitCode;

use anyhow::Result;

use crate::project;
use crate::stack::{scripts, test_tools};

pub(crate) fn run() -> Result<ExitCode> {
    let root = project::root()?;
    test_tools::ensure_lighthouse(&root)?;
    scripts::run(&root, "lighthouse.mjs", &[])?;
    Ok(ExitCode::SUCCESS)
}
