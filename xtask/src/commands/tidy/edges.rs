//! Which package may need which.

use super::{Package, Violation};

/// What each shared crate may need. A crate that is not here may need nothing of the workspace.
const CRATES: [(&str, &[&str]); 8] = [
    ("contracts", &["primitives"]),
    ("runtime", &["primitives"]),
    ("http-kit", &["primitives", "runtime"]),
    (
        "auth-token",
        &["primitives", "contracts", "runtime", "http-kit"],
    ),
    ("messaging", &["primitives", "contracts", "runtime"]),
    ("shop-settings", &["contracts", "http-kit", "messaging"]),
    (
        "testkit",
        &[
            "primitives",
            "contracts",
            "devstack",
            "runtime",
            "http-kit",
            "auth-token",
            "messaging",
        ],
    ),
    ("xtask", &["devstack"]),
];

/// What a service may need besides its tests' `testkit`.
const SERVICE: [&str; 7] = [
    "primitives",
    "contracts",
    "runtime",
    "http-kit",
    "auth-token",
    "messaging",
    "shop-settings",
];

/// What a stand-in or the seeder may need: they stand for the world outside, which shares types with nobody.
const TOOL: [&str; 1] = ["primitives"];

pub(super) fn check(packages: &[Package]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let folder_of = |name: &str| {
        packages
            .iter()
            .find(|package| package.name == name)
            .map(|package| package.folder.clone())
            .unwrap_or_default()
    };
    for package in packages {
        let place = package.folder.join("Cargo.toml").display().to_string();
        for (needed, only_tests) in &package.edges {
            if folder_of(needed).starts_with("services") {
                violations.push(Violation::new(
                    &place,
                    format!("needs the service `{needed}`, but services are leaves"),
                ));
            } else if *only_tests
                && package.folder.starts_with("services")
                && folder_of(needed).starts_with("tools")
            {
                // A stand-in in the test's own process is the world outside, as it is in the real stack.
            } else if !allowed(package, needed, *only_tests) {
                violations.push(Violation::new(
                    &place,
                    format!(
                        "may not need `{needed}` (the table is in xtask/src/commands/tidy/edges.rs)"
                    ),
                ));
            }
        }
    }
    violations
}

fn allowed(package: &Package, needed: &str, only_tests: bool) -> bool {
    // Tests may start servers of their own, to kill them.
    if only_tests && ["testkit", "contracts", "primitives", "devstack"].contains(&needed) {
        return true;
    }
    if package.folder.starts_with("services") {
        SERVICE.contains(&needed)
    } else if package.folder.starts_with("tools") {
        TOOL.contains(&needed)
    } else if package.name == "e2e" {
        // It knows the shop only through nginx, as a client does.
        ["testkit", "primitives", "devstack"].contains(&needed)
    } else {
        CRATES
            .iter()
            .any(|(name, needs)| *name == package.name && needs.contains(&needed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, folder: &str, edges: &[(&str, bool)]) -> Package {
        Package {
            name: name.into(),
            folder: format!("{folder}/{name}").into(),
            edges: edges
                .iter()
                .map(|(needed, dev)| ((*needed).to_owned(), *dev))
                .collect(),
            tests: Vec::new(),
        }
    }

    #[test]
    fn services_are_leaves_and_low_crates_stay_low() {
        let packages = [
            package("primitives", "crates", &[("runtime", false)]),
            package(
                "runtime",
                "crates",
                &[("primitives", false), ("testkit", true)],
            ),
            package(
                "order",
                "services",
                &[("messaging", false), ("testkit", true)],
            ),
            package("admin", "services", &[("order", false)]),
        ];
        let messages: Vec<String> = check(&packages)
            .into_iter()
            .map(|violation| violation.message)
            .collect();
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(messages[0].contains("may not need `runtime`"));
        assert!(messages[1].contains("services are leaves"));
    }
}
