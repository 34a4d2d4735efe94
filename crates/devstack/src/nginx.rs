//! A private nginx with a configuration that somebody else has written.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::packages::Tools;
use crate::process::{Process, Spec, Stop};
use crate::user::RunAs;
use crate::{http, wait};

/// Checks the configuration, starts nginx and waits until it listens on these ports. `folder` holds `config` (a path relative to it), and is
/// nginx's prefix, so that relative paths in the configuration stay inside.
pub fn start(
    tools: &Tools,
    run_as: &RunAs,
    folder: &Path,
    config: &str,
    log: &Path,
    ports: &[u16],
) -> Result<Process> {
    let folder = run_as.folder(folder)?;
    let spec = || {
        let mut spec = tools
            .with_env(Spec::new("nginx", &tools.nginx, run_as, &folder, log))
            .arg("-e")
            .arg("stderr")
            .arg("-p")
            .arg(&folder)
            .arg("-c")
            .arg(folder.join(config));
        spec.stop = Stop::Quit;
        spec.patience = Duration::from_secs(10);
        spec
    };
    spec()
        .arg("-t")
        .arg("-q")
        .run()
        .context("nginx refuses its configuration")?;
    let mut process = Process::start(spec().arg("-g").arg("daemon off;"))?;
    wait::until_ready(&mut process, Duration::from_secs(20), || {
        ports.iter().all(|port| http::listens(*port))
    })?;
    Ok(process)
}
