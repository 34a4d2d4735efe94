//! The scripts of `e2e/browser`, run against the shop of `cargo xtask up`.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use devstack::packages::Browser;

use crate::build;
use crate::stack::place::Place;
use crate::stack::progress::note;
use crate::stack::state::{self, Status};
use crate::stack::test_tools;

/// What runs, or that it does not.
pub(crate) fn running(root: &Path) -> Result<Status> {
    let status = state::read::<Status>(&Place::dev(root).status());
    let running = status.map(|mut status| (status.refresh(), status));
    match running {
        Some((true, status)) => Ok(status),
        _ => anyhow::bail!("the shop does not run; `cargo xtask up` starts it"),
    }
}

/// Runs one to its end.
pub(crate) fn run(root: &Path, script: &str, arguments: &[String]) -> Result<()> {
    running(root)?;
    test_tools::ensure(root)?;
    let browser = Browser::ensure(&Place::packages(root), &note)?;
    let tools = root.join(test_tools::FOLDER);
    let path = root.join("e2e/browser").join(script);
    ensure!(path.exists(), "there is no {}", path.display());
    let mut command = Command::new(tools.join("node"));
    command
        .arg(path)
        .args(arguments)
        .current_dir(root)
        .env("MERCATO_CHROMIUM", browser.program())
        .env("MERCATO_STATUS", Place::dev(root).status())
        .env(test_tools::VARIABLE, tools)
        .envs(browser.env().iter().map(|(name, value)| (name, value)));
    build::run(&mut command, script)
}
