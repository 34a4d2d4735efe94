//! `cargo xtask status`

use std::process::ExitCode;

use anyhow::Result;

use crate::commands::up::print_table;
use crate::project;
use crate::stack::place::Place;
use crate::stack::state::{self, Phase, State, Status};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print it for programs.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let place = Place::dev(&project::root()?);
    let running = state::read::<State>(&place.state()).filter(|state| state.supervisor.is_alive());
    let (Some(running), Some(mut status)) =
        (running.as_ref(), state::read::<Status>(&place.status()))
    else {
        match running {
            Some(running) => eprintln!("the shop is {}", phase(running.phase)),
            None => eprintln!("the shop does not run; `cargo xtask up` starts it"),
        }
        return Ok(ExitCode::FAILURE);
    };
    let healthy = status.refresh();
    if args.json {
        say!("{}", serde_json::to_string_pretty(&status)?);
    } else {
        say!(
            "the shop is {} (process {})",
            phase(running.phase),
            running.supervisor.pid
        );
        for (name, service) in &status.services {
            let state = if service.ready { "ready" } else { "NOT READY" };
            let memory = devstack::process::memory(service.pid).unwrap_or_default();
            let address = service.public.as_deref().unwrap_or(&service.internal);
            say!(
                "  {name:<14} {state:<10} process {:<8} {memory:>4} MiB  {address}",
                service.pid
            );
        }
        print_table(&status, None);
    }
    Ok(if healthy && running.phase == Phase::Ready {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Ready => "running",
        Phase::Stopping => "stopping",
    }
}
