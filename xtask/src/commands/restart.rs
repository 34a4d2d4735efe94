//! `cargo xtask restart`

use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::stack::place::Place;
use crate::stack::plan::{MAILBOX, SERVICES, STRIPE};
use crate::stack::state::{self, State};
use crate::{build, project};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A service, or postgres, redis, rabbitmq, nginx, stripe-stand-in, mailbox.
    service: String,
    /// Start the program that is there.
    #[arg(long)]
    no_build: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let root = project::root()?;
    let place = Place::dev(&root);
    let running =
        || state::read::<State>(&place.state()).filter(|state| state.supervisor.is_alive());
    let name = &args.service;
    let state = running().context("the shop does not run; `cargo xtask up` starts it")?;
    if !state.processes.iter().any(|process| process.name == *name) {
        let names: Vec<&str> = state
            .processes
            .iter()
            .map(|process| process.name.as_str())
            .collect();
        bail!(
            "there is no `{name}` to restart, only: {}",
            names.join(", ")
        );
    }
    let ours =
        SERVICES.iter().any(|service| service.name == name) || name == STRIPE || name == MAILBOX;
    if ours && !args.no_build {
        build::programs(&root, state.profile)?;
    }
    let began = Instant::now();
    let _ = fs::remove_file(place.answer(name));
    fs::write(place.request(name), "")?;
    loop {
        if let Ok(answer) = fs::read_to_string(place.answer(name))
            && !answer.is_empty()
        {
            let _ = fs::remove_file(place.answer(name));
            if answer != "ok" {
                bail!("{name}: {answer}");
            }
            say!("{name} restarted in {:.1} s", began.elapsed().as_secs_f64());
            return Ok(ExitCode::SUCCESS);
        }
        running().context(
            "the shop stopped while it was asked to restart a part; see `cargo xtask logs up`",
        )?;
        std::thread::sleep(Duration::from_millis(50));
    }
}
