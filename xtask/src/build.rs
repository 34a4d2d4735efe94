//! Calls of cargo, always for the same set of packages, so that nothing is built twice.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::{interrupt, project};

/// A cargo command in the project's folder. Queries are checked against the saved descriptions unless the caller says otherwise.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    if std::env::var_os("SQLX_OFFLINE").is_none() {
        command.env("SQLX_OFFLINE", "true");
    }
    // What `cargo run -p xtask` has set for this process is nobody else's business.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || name == "CARGO_MANIFEST_DIR"
                || name == "CARGO_MANIFEST_PATH"
        }) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end; a signal to stop ends it too.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<()> {
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {what}"))?;
    loop {
        if let Some(status) = child.try_wait()? {
            interrupt::check()?;
            ensure!(status.success(), "{what} failed ({status})");
            return Ok(());
        }
        if interrupt::asked() {
            devstack::process::signal(child.id(), false);
            child.wait()?;
            interrupt::check()?;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// How programs are compiled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// Quickly.
    #[default]
    Debug,
    /// To be quick.
    Release,
}

/// Builds the programs of the services and tools.
pub(crate) fn programs(root: &Path, profile: Profile) -> Result<()> {
    let mut command = cargo(root);
    command.args(["build", "--bins"]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    run(&mut command, "cargo build")
}

/// Builds every program and every test in one go, so that both share what they need.
pub(crate) fn everything(root: &Path) -> Result<()> {
    run(
        cargo(root).args(["build", "--workspace", "--all-targets"]),
        "cargo build",
    )
}

/// The path of a program that was built.
pub(crate) fn program(root: &Path, name: &str, profile: Profile) -> Result<PathBuf> {
    let folder = match profile {
        Profile::Debug => "debug",
        Profile::Release => "release",
    };
    let path = project::target(root).join(folder).join(name);
    if !path.exists() {
        bail!(
            "there is no program `{name}` in {}: does the workspace have a package of that name?",
            path.display()
        );
    }
    Ok(path)
}
