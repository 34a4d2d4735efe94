//! What a running stack writes down: its status for people and tests, its processes for the next command.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use devstack::{http, process};
use serde::{Deserialize, Serialize};

use crate::build::Profile;

/// The answer of `status --json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) base_url: String,
    pub(crate) https_url: String,
    pub(crate) admin_url: String,
    pub(crate) docs_url: String,
    pub(crate) mailbox_url: String,
    pub(crate) rabbitmq_url: String,
    pub(crate) services: BTreeMap<String, ServiceStatus>,
    pub(crate) databases: BTreeMap<String, Database>,
    pub(crate) redis_url: String,
    pub(crate) amqp_url: String,
    pub(crate) nginx: Nginx,
    pub(crate) signins: Vec<SignIn>,
}

/// Where a service listens and whether it is ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ServiceStatus {
    pub(crate) public: Option<String>,
    pub(crate) internal: String,
    pub(crate) pid: u32,
    pub(crate) ready: bool,
}

/// A database, as the administrator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Database {
    pub(crate) url: String,
}

/// nginx's master process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Nginx {
    pub(crate) pid: u32,
}

/// A demo account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SignIn {
    pub(crate) role: String,
    pub(crate) email: String,
    pub(crate) password: String,
}

impl Status {
    /// Asks every service whether it is ready now; true when all are.
    pub(crate) fn refresh(&mut self) -> bool {
        for service in self.services.values_mut() {
            service.ready = port_of(&service.internal).is_some_and(ready);
        }
        let nginx = process::start_time(self.nginx.pid).is_some()
            && port_of(&self.base_url).is_some_and(http::listens);
        nginx && self.services.values().all(|service| service.ready)
    }
}

/// Whether a service says on this internal port that it is ready.
pub(crate) fn ready(port: u16) -> bool {
    http::get(port, "/health/ready", None).is_ok_and(|response| response.status == 200)
}

fn port_of(url: &str) -> Option<u16> {
    url.rsplit_once(':')?.1.trim_end_matches('/').parse().ok()
}

/// A process that can be found again without mistaking another one for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) pid: u32,
    started: u64,
}

impl Known {
    /// Notes a process; nothing when it is gone already.
    pub(crate) fn new(name: &str, pid: u32) -> Option<Self> {
        Some(Self {
            name: name.to_owned(),
            pid,
            started: process::start_time(pid)?,
        })
    }

    pub(crate) fn is_alive(&self) -> bool {
        process::start_time(self.pid) == Some(self.started)
    }
}

/// How far a stack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    Starting,
    Ready,
    Stopping,
}

/// Who runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    /// The process that owns all others.
    pub(crate) supervisor: Known,
    pub(crate) processes: Vec<Known>,
    /// How its programs were compiled.
    #[serde(default)]
    pub(crate) profile: Profile,
}

/// Writes a value for others to read at any moment: they see the old one or the new one, never a half. It holds passwords.
pub(crate) fn write<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let partial = path.with_extension("partial");
    devstack::user::write_mode(
        &partial,
        &(serde_json::to_string_pretty(value)? + "\n"),
        0o600,
    )?;
    fs::rename(&partial, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Reads a value; nothing when the file is not there or not understood.
pub(crate) fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Option<T> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_the_end_of_a_url() {
        assert_eq!(port_of("http://127.0.0.1:8080"), Some(8080));
        assert_eq!(port_of("http://127.0.0.1:8080/"), Some(8080));
        assert_eq!(port_of("http://shop"), None);
    }

    #[test]
    fn a_process_is_known_by_its_id_and_its_start() {
        let me = Known::new("me", std::process::id()).unwrap();
        assert!(me.is_alive());
        let older = Known {
            started: me.started.wrapping_sub(1),
            ..me
        };
        assert!(!older.is_alive());
    }
}
