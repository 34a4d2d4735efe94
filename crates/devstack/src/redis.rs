//! A private Redis with a password and an append-only file.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::packages::Tools;
use crate::process::{Process, Spec};
use crate::user::RunAs;
use crate::{http, wait};

/// What a server needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The port on loopback.
    pub port: u16,
    /// The password of the default user.
    pub password: String,
}

/// Starts a server and waits until it listens (0.1 s).
pub fn start(
    tools: &Tools,
    run_as: &RunAs,
    folder: &Path,
    log: &Path,
    settings: &Settings,
) -> Result<Process> {
    let folder = run_as.folder(folder)?;
    // In a file, because arguments are visible to everybody.
    let config = folder.join("redis.conf");
    let content = format!(
        "bind 127.0.0.1\nport {}\nrequirepass {}\ndir {}\nappendonly yes\nappendfsync everysec\nsave \"\"\nmaxmemory 256mb\n\
         maxmemory-policy noeviction\ndatabases 64\ndaemonize no\nlogfile \"\"\n",
        settings.port,
        settings.password,
        folder.display()
    );
    run_as.write_private(&config, &content)?;
    let spec = tools
        .with_env(Spec::new(
            "redis",
            &tools.redis_server,
            run_as,
            &folder,
            log,
        ))
        .arg(&config);
    let mut process = Process::start(spec)?;
    wait::until_ready(&mut process, Duration::from_secs(60), || {
        http::listens(settings.port)
    })?;
    Ok(process)
}
