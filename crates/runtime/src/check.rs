//! `check-config`: everything that is wrong with the settings, at once.

use std::ffi::OsString;

use clap::{Arg, Args, Command};

use crate::Service;
use crate::secrets::{self, Lookup};

/// Every complaint about the settings; the settings themselves if there is none.
pub(crate) fn settings<S: Service>(
    given: &[OsString],
    lookup: Lookup<'_>,
) -> Result<S::Settings, Vec<String>> {
    let settings = arguments::<S::Settings>(given, lookup)?;
    let complaints = S::check(&settings);
    if complaints.is_empty() {
        Ok(settings)
    } else {
        Err(complaints)
    }
}

/// The same for any set of arguments, each looked at alone.
pub(crate) fn arguments<A: Args>(given: &[OsString], lookup: Lookup<'_>) -> Result<A, Vec<String>> {
    let command = A::augment_args(Command::new("settings"));
    let mut complaints = Vec::new();
    for arg in command.get_arguments() {
        complaints.extend(complaint_about(arg, given, lookup));
    }
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let files = secrets::arguments(command.get_arguments(), lookup)?;
    command
        .no_binary_name(true)
        .try_get_matches_from(given.iter().chain(&files))
        .and_then(|matches| A::from_arg_matches(&matches))
        .map_err(|error| vec![first_line(&error)])
}

/// A command with this service's settings as arguments. `--help` names the variables but never prints their values.
pub(crate) fn command_of<S: Service>(name: &'static str) -> Command {
    S::Settings::augment_args(Command::new(name)).mut_args(|arg| arg.hide_env_values(true))
}

/// Tries one setting alone.
fn complaint_about(arg: &Arg, given: &[OsString], lookup: Lookup<'_>) -> Option<String> {
    let name = arg.get_env().map_or_else(
        || arg.get_id().to_string(),
        |name| name.to_string_lossy().into_owned(),
    );
    let mut arguments: Vec<OsString> = match secrets::argument(arg, lookup) {
        Ok(argument) => argument.into_iter().collect(),
        Err(complaint) => return Some(complaint),
    };
    let flag = format!("--{}", arg.get_long().unwrap_or_default());
    let mut given = given.iter();
    while let Some(argument) = given.next() {
        let text = argument.to_string_lossy();
        if text == flag {
            arguments.push(argument.clone());
            arguments.extend(given.next().cloned());
        } else if text.starts_with(&format!("{flag}=")) {
            arguments.push(argument.clone());
        }
    }
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    match Command::new("setting")
        .no_binary_name(true)
        .arg(arg.clone())
        .try_get_matches_from(arguments)
    {
        Ok(_) => None,
        Err(error) if error.kind() == clap::error::ErrorKind::MissingRequiredArgument => {
            Some(format!("{name} is not set: {help}"))
        }
        Err(error) => Some(format!("{name}: {}", first_line(&error))),
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .to_owned()
}
