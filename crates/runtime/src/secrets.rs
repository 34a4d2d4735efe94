//! `NAME_FILE`: a setting's value read from a file, as container platforms mount secrets.
//!
//! The value becomes one more `--name=value` argument of this process's own parser, because changing the environment of a
//! running process is unsafe.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Arg;

/// Looks a variable up; the process's environment, or a test's.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The argument that carries the content of `NAME_FILE`, if that is set for this setting.
pub(crate) fn argument(arg: &Arg, lookup: Lookup<'_>) -> Result<Option<OsString>, String> {
    let (Some(name), Some(long)) = (arg.get_env().and_then(|name| name.to_str()), arg.get_long())
    else {
        return Ok(None);
    };
    let Some(path) = lookup(&format!("{name}_FILE")).map(PathBuf::from) else {
        return Ok(None);
    };
    if lookup(name).is_some() {
        return Err(format!(
            "{name} and {name}_FILE are both set: set one of them"
        ));
    }
    let content = std::fs::read_to_string(&path)
        .map_err(|error| format!("{name}_FILE: cannot read {}: {error}", path.display()))?;
    let mut argument = OsString::from(format!("--{long}="));
    argument.push(content.trim_end_matches(['\r', '\n']));
    Ok(Some(argument))
}

/// The arguments for every `NAME_FILE` that is set.
pub(crate) fn arguments<'a>(
    args: impl Iterator<Item = &'a Arg>,
    lookup: Lookup<'_>,
) -> Result<Vec<OsString>, Vec<String>> {
    let (mut found, mut complaints) = (Vec::new(), Vec::new());
    for arg in args {
        match argument(arg, lookup) {
            Ok(argument) => found.extend(argument),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if complaints.is_empty() {
        Ok(found)
    } else {
        Err(complaints)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_the_file_without_its_last_newline() {
        let path = std::env::temp_dir().join(format!("mercato-secret-{}", std::process::id()));
        std::fs::write(&path, "s3cr et\n").unwrap();
        let arg = Arg::new("key").long("stripe-key").env("STRIPE_KEY");
        let file = path.clone().into_os_string();
        let lookup = |name: &str| (name == "STRIPE_KEY_FILE").then(|| file.clone());
        assert_eq!(
            argument(&arg, &lookup),
            Ok(Some(OsString::from("--stripe-key=s3cr et")))
        );

        let both = |name: &str| name.starts_with("STRIPE_KEY").then(|| file.clone());
        assert!(argument(&arg, &both).unwrap_err().contains("both set"));
        let missing = |name: &str| (name == "STRIPE_KEY_FILE").then(|| OsString::from("/nowhere"));
        assert!(argument(&arg, &missing).unwrap_err().contains("/nowhere"));
        assert_eq!(argument(&arg, &|_: &str| None), Ok(None));
        std::fs::remove_file(path).unwrap();
    }
}
