//! Manifests: everything that can be said once is said in the root; test targets have names of their own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::{Package, Violation};

pub(super) fn check(root: &Path, packages: &[Package]) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for package in packages {
        let path = package.folder.join("Cargo.toml");
        violations.extend(check_manifest(
            &path.display().to_string(),
            &fs::read_to_string(root.join(&path))?,
        ));
        if package.folder.file_name().and_then(|name| name.to_str()) != Some(package.name.as_str())
        {
            violations.push(Violation::new(
                path.display().to_string(),
                format!("the folder of `{}` must have the same name", package.name),
            ));
        }
        if package.folder.starts_with("services") {
            violations.extend(check_service(root, package));
        }
    }
    let workspace = fs::read_to_string(root.join("Cargo.toml"))?;
    if workspace
        .lines()
        .any(|line| line.trim_start().starts_with("[patch"))
    {
        violations.push(Violation::new("Cargo.toml", "`[patch]` is not for keeps"));
    }
    if root.join(".sqlx").exists() {
        violations.push(Violation::new(
            ".sqlx",
            "each service has a `.sqlx` of its own, the root has none",
        ));
    }
    violations.extend(check_tests(packages));
    Ok(violations)
}

fn check_manifest(place: &str, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut section = "";
    let mut lints = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            section = line;
        } else if section == "[lints]" && line.replace(' ', "") == "workspace=true" {
            lints = true;
        } else if section.ends_with("dependencies]")
            && line.contains('=')
            && !line.starts_with('#')
            && !line.replace(' ', "").contains("workspace=true")
        {
            violations.push(Violation::new(
                format!("{place}:{}", index + 1),
                "dependencies inherit their version: `name.workspace = true`",
            ));
        }
    }
    if !lints {
        violations.push(Violation::new(
            place,
            "does not inherit the lints: `[lints] workspace = true`",
        ));
    }
    violations
}

fn check_service(root: &Path, package: &Package) -> Vec<Violation> {
    let folder = root.join(&package.folder);
    let place = |file: &str| package.folder.join(file).display().to_string();
    let mut violations = Vec::new();
    for file in ["build.rs", "sqlx.toml", "src/lib.rs"] {
        if !folder.join(file).exists() {
            violations.push(Violation::new(place(file), "every service has one"));
        }
    }
    let lines = fs::read_to_string(folder.join("src/main.rs"))
        .unwrap_or_default()
        .lines()
        .count();
    if lines > 40 {
        violations.push(Violation::new(
            place("src/main.rs"),
            format!("{lines} lines; a service's main has at most 40"),
        ));
    }
    violations
}

/// Databases of tests are named after the target, so that two targets of one name would share them.
fn check_tests(packages: &[Package]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for package in packages {
        let place = package.folder.join("tests").display().to_string();
        for test in &package.tests {
            if let Some(other) = seen.insert(test, &package.name) {
                violations.push(Violation::new(
                    &place,
                    format!("the test target `{test}` exists in `{other}` too"),
                ));
            }
            let wanted = format!("{}_it", package.name.replace('-', "_"));
            if package.folder.starts_with("services") && *test != wanted {
                violations.push(Violation::new(
                    &place,
                    format!("the test target `{test}` must be `{wanted}`, the only one"),
                ));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_inherits() {
        let good = "[package]\nname = \"x\"\n[lints]\nworkspace = true\n[dependencies]\na.workspace = true\nb = { workspace = true, features = [] }\n";
        assert_eq!(check_manifest("x", good), []);
        let bad = "[package]\nname = \"x\"\n[dev-dependencies]\na = \"1\"\n";
        let places: Vec<String> = check_manifest("x", bad)
            .into_iter()
            .map(|violation| violation.place)
            .collect();
        assert_eq!(places, ["x:4", "x"]);
    }

    #[test]
    fn test_targets_have_unique_names() {
        let package = |name: &str, folder: &str, test: &str| Package {
            name: name.into(),
            folder: folder.into(),
            edges: Vec::new(),
            tests: vec![test.into()],
        };
        let packages = [
            package("order", "services/order", "order_it"),
            package("a", "crates/a", "it"),
            package("b", "crates/b", "it"),
        ];
        assert_eq!(check_tests(&packages).len(), 1);
        assert_eq!(
            check_tests(&[package("auth", "services/auth", "api")]).len(),
            1
        );
    }
}
