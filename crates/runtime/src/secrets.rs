//! Settings that are kept in files: for each setting `NAME`, `NAME_FILE` may hold a path instead (as container platforms
//! mount secrets).

use std::ffi::OsString;

use anyhow::{Context as _, bail};

/// The command line with one argument added for each setting that comes from a file. The environment itself is left
/// alone: changing it is not safe in a process with threads.
///
/// # Errors
/// A file cannot be read, or both `NAME` and `NAME_FILE` are set.
pub fn with_files(
    command: &clap::Command,
    mut args: Vec<OsString>,
    env: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Vec<OsString>> {
    for argument in command.get_arguments() {
        let (Some(name), Some(long)) = (argument.get_env().and_then(|name| name.to_str()), argument.get_long()) else { continue };
        let Some(path) = env(&format!("{name}_FILE")).filter(|path| !path.is_empty()) else { continue };
        if env(name).is_some_and(|value| !value.is_empty()) {
            bail!("both {name} and {name}_FILE are set; set one");
        }
        let value = std::fs::read_to_string(&path).with_context(|| format!("{name}_FILE: cannot read {path}"))?;
        args.push(format!("--{long}={}", value.trim_end_matches(['\r', '\n'])).into());
    }
    Ok(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> clap::Command {
        clap::Command::new("x").arg(clap::Arg::new("key").long("secret-key").env("SECRET_KEY"))
    }

    #[test]
    fn a_secret_comes_from_its_file_without_the_last_line_break() {
        let path = std::env::temp_dir().join(format!("mercato-secret-{}", std::process::id()));
        std::fs::write(&path, "s3cret\n").unwrap();
        let file = path.display().to_string();
        let args = with_files(&command(), vec!["x".into()], |name| (name == "SECRET_KEY_FILE").then(|| file.clone())).unwrap();
        assert_eq!(args, ["x", "--secret-key=s3cret"]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_missing_file_and_a_double_setting_are_told_by_name() {
        let missing = with_files(&command(), vec![], |name| (name == "SECRET_KEY_FILE").then(|| "/nowhere/x".to_owned()));
        assert!(missing.unwrap_err().to_string().contains("SECRET_KEY_FILE"));
        let both = with_files(&command(), vec![], |_| Some("x".to_owned()));
        assert!(both.unwrap_err().to_string().contains("both SECRET_KEY and SECRET_KEY_FILE"));
    }
}
