//! The process that owns a running stack: watches its children, answers `restart`, stops everything when it is told to.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use devstack::packages::Tools;

use crate::interrupt;
use crate::stack::follow::Follower;
use crate::stack::place::Place;
use crate::stack::plan::SERVICES;
use crate::stack::running::{Options, Stack};
use crate::stack::state::{self, Known, Phase, State};

/// Runs a stack until somebody asks it to stop or a part of it dies. `when_ready` is called once.
pub(crate) fn run(
    project: &Path,
    place: &Place,
    tools: Tools,
    options: Options,
    follow: bool,
    when_ready: impl FnOnce(&Stack) -> Result<()>,
) -> Result<()> {
    place.make()?;
    let lock = File::create(place.lock())?;
    if lock.try_lock().is_err() {
        bail!(
            "the shop runs already; `cargo xtask status` says where, `cargo xtask down` stops it"
        );
    }
    clean_up(place)?;
    let mut stack = Stack::prepare(project, place, tools, options)?;
    write_state(place, &mut stack, Phase::Starting)?;
    let result = start_and_watch(&mut stack, place, follow, when_ready);
    if let Err(error) = &result
        && !interrupt::asked()
    {
        eprintln!("\nerror: {error:#}\n");
        say!("stopping the rest");
    } else {
        say!("stopping");
    }
    write_state(place, &mut stack, Phase::Stopping)?;
    stack.stop()?;
    let _ = fs::remove_file(place.state());
    // An interruption is the usual end.
    if interrupt::asked() || result.is_ok() {
        return Ok(());
    }
    bail!(
        "the shop was stopped for the reason above; its data is kept, its logs are in {}.\n\
         When the cause is gone: `cargo xtask up`",
        place.root().join("logs").display()
    )
}

fn start_and_watch(
    stack: &mut Stack,
    place: &Place,
    follow: bool,
    when_ready: impl FnOnce(&Stack) -> Result<()>,
) -> Result<()> {
    stack.start()?;
    write_state(place, stack, Phase::Ready)?;
    when_ready(stack)?;
    let mut follower = follow.then(|| {
        Follower::new(
            SERVICES
                .iter()
                .map(|service| (service.name.to_owned(), place.log(service.name))),
        )
    });
    while !interrupt::asked() {
        if let Some(report) = stack.dead()? {
            bail!(report);
        }
        for name in requests(place) {
            let answer = match stack.restart(&name) {
                Ok(()) => "ok".to_owned(),
                Err(error) => format!("{error:#}"),
            };
            write_state(place, stack, Phase::Ready)?;
            let _ = fs::remove_file(place.request(&name));
            fs::write(place.answer(&name), answer)?;
        }
        if let Some(follower) = &mut follower {
            follower.poll();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn write_state(place: &Place, stack: &mut Stack, phase: Phase) -> Result<()> {
    let supervisor =
        Known::new("supervisor", std::process::id()).context("this process has no start time")?;
    state::write(
        &place.state(),
        &State {
            phase,
            supervisor,
            processes: stack.known(),
            profile: stack.profile(),
        },
    )
}

/// The parts that somebody wants restarted.
fn requests(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.root().join("requests"))
        .into_iter()
        .flatten()
        .flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.ends_with(".done"))
        .collect()
}

/// Kills what a stack has left behind whose supervisor is gone.
pub(crate) fn clean_up(place: &Place) -> Result<()> {
    if let Some(state) = state::read::<State>(&place.state()) {
        for known in state.processes.iter().filter(|known| known.is_alive()) {
            say!(
                "           {} (process {}) was left behind: killed",
                known.name,
                known.pid
            );
            devstack::process::signal(known.pid, true);
        }
    }
    let _ = fs::remove_file(place.state());
    let _ = fs::remove_file(place.status());
    for name in requests(place) {
        let _ = fs::remove_file(place.request(&name));
    }
    Ok(())
}
