//! `cargo xtask down`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::project;
use crate::stack::place::Place;
use crate::stack::state::{self, State};
use crate::stack::supervise;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also delete all data, passwords and logs of the stack.
    #[arg(long)]
    wipe: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let place = Place::dev(&project::root()?);
    match state::read::<State>(&place.state()).filter(|state| state.supervisor.is_alive()) {
        Some(state) => {
            say!("stopping the shop (process {})", state.supervisor.pid);
            devstack::process::signal(state.supervisor.pid, false);
            let began = Instant::now();
            while state.supervisor.is_alive() {
                ensure!(
                    began.elapsed() < Duration::from_secs(180),
                    "process {} does not stop; see {}",
                    state.supervisor.pid,
                    place.log("up").display()
                );
                std::thread::sleep(Duration::from_millis(50));
            }
            say!("stopped in {:.1} s", began.elapsed().as_secs_f64());
        }
        None => say!("the shop does not run"),
    }
    if place.root().exists() {
        supervise::clean_up(&place)?;
    }
    if args.wipe {
        place.wipe()?;
        say!("deleted {}", place.root().display());
    }
    Ok(ExitCode::SUCCESS)
}
