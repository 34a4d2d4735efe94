//! `cargo xtask tidy`: one line for each violation of a rule that no compiler checks.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{build, project};

mod architecture;
mod edges;
mod manifests;
mod sources;

/// What is wrong and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    place: String,
    message: String,
}

impl Violation {
    fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
        }
    }
}

/// A package of the workspace.
struct Package {
    name: String,
    /// Its folder, relative to the root.
    folder: PathBuf,
    /// The packages of the workspace that it needs, and whether only its tests do.
    edges: Vec<(String, bool)>,
    /// The names of its integration test targets.
    tests: Vec<String>,
}

pub(crate) fn run() -> Result<ExitCode> {
    let root = project::root()?;
    let packages = packages(&root)?;
    let files = files(&root)?;
    let mut violations = Vec::new();
    violations.extend(edges::check(&packages));
    violations.extend(manifests::check(&root, &packages)?);
    violations.extend(architecture::check(&root));
    for file in &files {
        let Ok(text) = std::fs::read_to_string(root.join(file)) else {
            continue;
        };
        violations.extend(sources::check(file, &text));
    }
    violations.sort();
    for violation in &violations {
        say!("{}: {}", violation.place, violation.message);
    }
    say!(
        "tidy: {} files, {} packages, {} violations",
        files.len(),
        packages.len(),
        violations.len()
    );
    Ok(if violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn packages(root: &Path) -> Result<Vec<Package>> {
    let output = build::cargo(root)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .output()?;
    ensure!(
        output.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    list(&metadata, "packages")
        .iter()
        .map(|package| {
            let manifest = PathBuf::from(text(package, "manifest_path"));
            let folder = manifest.parent().context("a manifest has no folder")?;
            let dependencies = list(package, "dependencies");
            let inner = dependencies
                .iter()
                .filter(|dependency| dependency["path"].is_string());
            let targets = list(package, "targets");
            let tests = targets.iter().filter(|target| target["kind"][0] == "test");
            Ok(Package {
                name: text(package, "name"),
                folder: folder.strip_prefix(root).unwrap_or(folder).to_owned(),
                edges: inner
                    .map(|dependency| (text(dependency, "name"), dependency["kind"] == "dev"))
                    .collect(),
                tests: tests.map(|target| text(target, "name")).collect(),
            })
        })
        .collect()
}

/// The project's own text files, without what is built, generated or recorded.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if entry.file_type()?.is_dir() {
                if ![
                    "target",
                    ".git",
                    ".data",
                    ".sqlx",
                    "node_modules",
                    "snapshots",
                ]
                .contains(&name.as_ref())
                {
                    folders.push(path);
                }
            } else if [".rs", ".sql", ".toml"]
                .iter()
                .any(|ending| name.ends_with(ending))
                || name == ".env"
            {
                found.push(path.strip_prefix(root)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}
