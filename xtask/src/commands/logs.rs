//! `cargo xtask logs`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};

use crate::commands::up::follow;
use crate::stack::follow::Follower;
use crate::stack::place::Place;
use crate::stack::plan::SERVICES;
use crate::stack::state::{self, State};
use crate::{interrupt, project};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A service, or postgres, redis, rabbitmq, nginx, stripe-stand-in, mailbox, seed, up.
    service: Option<String>,
    /// How many old lines to show first.
    #[arg(long, default_value_t = 50)]
    lines: usize,
    /// Show what is there and return.
    #[arg(long)]
    no_follow: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let place = Place::dev(&project::root()?);
    let logs: Vec<(String, PathBuf)> = match &args.service {
        Some(name) => {
            let path = place.log(name);
            ensure!(
                path.exists(),
                "there is no log of `{name}` in {}",
                place.root().join("logs").display()
            );
            vec![(name.clone(), path)]
        }
        None => SERVICES
            .iter()
            .map(|service| (service.name.to_owned(), place.log(service.name)))
            .collect(),
    };
    let follower = Follower::new(logs);
    follower.print_last(args.lines);
    let runs =
        state::read::<State>(&place.state()).is_some_and(|state| state.supervisor.is_alive());
    if runs && !args.no_follow {
        interrupt::install()?;
        follow(follower);
    }
    Ok(ExitCode::SUCCESS)
}
