//! Chromium, in which tests look at pages. Nothing else needs it, so [`Tools`](super::Tools) does without.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::{Places, install_as_root, library_folders, unpack};

/// Chromium without the window that its new headless mode draws unseen: the same pages take about half the processor's time.
const PACKAGE: &str = "chromium-headless-shell";

/// An installed browser.
#[derive(Debug, Clone)]
pub struct Browser {
    program: PathBuf,
    env: Vec<(&'static str, OsString)>,
}

impl Browser {
    /// Finds it in the system or in a folder of unpacked packages.
    pub fn find(prefix: Option<&Path>) -> Result<Self> {
        let places = Places::new(prefix);
        let program = program(&places).with_context(|| {
            format!(
                "missing: {PACKAGE}; install it: apt-get install --no-install-recommends {PACKAGE}"
            )
        })?;
        let unpacked = places
            .roots
            .iter()
            .skip(1)
            .find(|root| program.starts_with(root));
        Ok(Self {
            env: unpacked.map_or_else(|| Ok(Vec::new()), |root| environment(root))?,
            program,
        })
    }

    /// Finds it, and installs it where it is missing: as root into the system, else into `prefix`. `say` gets a line for that.
    pub fn ensure(prefix: &Path, say: &dyn Fn(&str)) -> Result<Self> {
        if let Ok(browser) = Self::find(Some(prefix)) {
            return Ok(browser);
        }
        let manual =
            format!("install it yourself: apt-get install --no-install-recommends {PACKAGE}");
        ensure!(
            Path::new("/usr/bin/apt-get").exists(),
            "missing: {PACKAGE}; this is not Debian, so {manual}"
        );
        if rustix::process::geteuid().is_root() {
            say(&format!("installing {PACKAGE} for the tests of pages"));
            install_as_root(&[PACKAGE]).with_context(|| manual.clone())?;
        } else {
            say(&format!(
                "unpacking {PACKAGE} into {} for the tests of pages",
                prefix.display()
            ));
            unpack(prefix, &[PACKAGE]).with_context(|| manual.clone())?;
        }
        Self::find(Some(prefix)).context(manual)
    }

    /// What to start.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The variables without which it does not find its libraries and fonts.
    pub fn env(&self) -> &[(&'static str, OsString)] {
        &self.env
    }
}

/// The program itself, or whatever browser of the kind there is: Debian's wrapper of it looks for everything in the system.
fn program(places: &Places) -> Option<PathBuf> {
    let own = places.first("usr/lib/chromium/chromium-headless-shell");
    own.or_else(|| places.first("usr/lib/chromium/chromium"))
        .or_else(|| {
            ["chromium", "google-chrome"]
                .iter()
                .find_map(|name| places.program(name))
        })
}

fn environment(root: &Path) -> Result<Vec<(&'static str, OsString)>> {
    let mut libraries = vec![root.join("usr/lib/chromium")];
    for folder in library_folders(root) {
        libraries.push(folder.join("nss"));
        libraries.push(folder);
    }
    let mut env = vec![("LD_LIBRARY_PATH", std::env::join_paths(libraries)?)];
    let fonts = root.join("etc/fonts/fonts.conf");
    if fonts.exists() {
        env.push(("FONTCONFIG_FILE", fonts.into()));
        // The configuration names the fonts of the user beside the system's.
        env.push(("XDG_DATA_HOME", root.join("usr/share").into()));
    }
    Ok(env)
}
