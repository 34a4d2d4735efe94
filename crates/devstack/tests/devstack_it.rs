//! Starts real servers. Needs their Debian packages.

use std::path::{Path, PathBuf};

use devstack::postgres::Postgres;
use devstack::rabbitmq::Broker;
use devstack::{http, process};

/// A new folder below the system's temporary folder, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("devstack-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_broker_keeps_its_queues_when_it_is_killed_and_leaves_nothing_behind() {
    let folder = Folder::new("broker").unwrap();
    let mut broker = Broker::start(folder.path()).unwrap();
    let port = broker
        .management_url
        .rsplit_once(':')
        .unwrap()
        .1
        .parse()
        .unwrap();
    let definitions =
        || http::get(port, "/api/vhosts", Some(("guest", "guest"))).map(|response| response.status);
    assert_eq!(definitions().unwrap(), 200);

    broker.kill().unwrap();
    assert!(definitions().is_err());

    broker.start_again().unwrap();
    assert_eq!(definitions().unwrap(), 200);

    let pids = broker.pids();
    assert!(pids.iter().all(|pid| process::start_time(*pid).is_some()));
    drop(broker);
    assert!(pids.iter().all(|pid| process::start_time(*pid).is_none()));
}

#[test]
fn a_cluster_asks_for_its_password_and_answers() {
    let folder = Folder::new("postgres").unwrap();
    let (mut cluster, url) = Postgres::start_for_test(folder.path(), None).unwrap();
    assert!(url.starts_with("postgres://postgres:"));
    assert_eq!(
        cluster.query("postgres", "SELECT 40 + 2").unwrap().trim(),
        "42"
    );
    cluster.process().stop().unwrap();
    assert!(cluster.query("postgres", "SELECT 1").is_err());
}
