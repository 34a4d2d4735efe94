//! The project's folder and its `.env`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The folder with the workspace's `Cargo.toml`.
pub(crate) fn root() -> Result<PathBuf> {
    // Cargo says where xtask's manifest is; a binary started by hand falls back to where it was compiled.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = manifest.parent().context("xtask has no parent folder")?;
    Ok(root.to_owned())
}

/// Where cargo puts what it builds.
pub(crate) fn target(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}

/// The variables of the root `.env`, overridden by the environment where both have one.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    file: BTreeMap<String, String>,
}

impl Environment {
    /// Reads `.env`, if there is one.
    pub(crate) fn load(root: &Path) -> Self {
        let text = std::fs::read_to_string(root.join(".env")).unwrap_or_default();
        Self { file: parse(&text) }
    }

    /// A variable that is set to something.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        std::env::var(name)
            .ok()
            .or_else(|| self.file.get(name).cloned())
            .filter(|value| !value.is_empty())
    }
}

fn parse(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| {
            let line = line.trim();
            let (name, value) = line
                .strip_prefix("export ")
                .unwrap_or(line)
                .split_once('=')?;
            if name.starts_with('#') {
                return None;
            }
            let value = value.trim();
            let bare = value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'));
            let bare = bare.or_else(|| {
                value
                    .strip_prefix('\'')
                    .and_then(|value| value.strip_suffix('\''))
            });
            Some((name.trim().to_owned(), bare.unwrap_or(value).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_env_file_has_comments_quotes_and_equal_signs() {
        let parsed = parse("# A=1\nB = two\nexport C=\"a b\"\nURL=postgres://x?y=z\n\nnothing\n");
        let pairs: Vec<_> = parsed
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [("B", "two"), ("C", "a b"), ("URL", "postgres://x?y=z")]
        );
    }
}
