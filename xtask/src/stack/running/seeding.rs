//! The demo shop.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use devstack::process::Process;
use devstack::user::RunAs;

use super::Stack;
use crate::interrupt;
use crate::stack::follow::Follower;
use crate::stack::progress::done;

impl Stack {
    /// Fills the demo shop, once.
    pub(super) fn seed(&mut self) -> Result<()> {
        let log = self.place.log("seed");
        let began = Instant::now();
        let mut spec = self
            .program("seed", &log)?
            .arg("--base-url")
            .arg(self.facts().base_url())
            .arg("--status")
            .arg(self.place.status());
        if self.options.for_tests {
            spec = spec.env("SEED_LIGHT", "true");
        }
        // The status file is the caller's.
        spec.run_as = RunAs::caller();
        let mut follower = Follower::new([("seed".to_owned(), log)]);
        let mut process = Process::start(spec)?;
        let status = loop {
            follower.poll();
            if let Some(status) = process.exited()? {
                follower.poll();
                break status;
            }
            if interrupt::asked() {
                process.stop()?;
                interrupt::check()?;
            }
            if let Some(report) = self.dead()? {
                process.stop()?;
                bail!(report);
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        ensure!(
            status.success(),
            "the demo shop could not be made ({status})\n{}",
            process.last_lines(15)
        );
        fs::write(self.place.seeded(), "")?;
        done("demo shop seeded", began);
        Ok(())
    }
}
