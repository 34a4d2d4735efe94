//! The servers' programs: found where they are, or installed from Debian's packages without starting anything.
//!
//! In this order: what is installed; as root, `apt-get install`; as another user, the same packages unpacked into a folder; else a message
//! that says what to install.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::process::Spec;

mod browser;

pub use browser::Browser;

/// Names the folder of unpacked packages to processes that cannot be told otherwise (tests).
pub const PREFIX_VARIABLE: &str = "MERCATO_PACKAGES";

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The folder with PostgreSQL's programs.
    pub postgres_bin: PathBuf,
    /// `redis-server`.
    pub redis_server: PathBuf,
    /// `rabbitmq-server`: the real one, not Debian's wrapper, which wants root.
    pub rabbitmq_server: PathBuf,
    /// Erlang's name server.
    pub epmd: PathBuf,
    /// `nginx`.
    pub nginx: PathBuf,
    /// `openssl`, which makes the development certificate.
    pub openssl: PathBuf,
    path: OsString,
    library_path: Option<OsString>,
}

/// One thing that is needed: a Debian package and the program that shows that it is there.
struct Need {
    package: &'static str,
    found: fn(&Places) -> Option<PathBuf>,
}

const NEEDS: [Need; 5] = [
    Need {
        package: "postgresql-15",
        found: postgres_bin,
    },
    Need {
        package: "redis-server",
        found: |places| places.program("redis-server"),
    },
    Need {
        package: "rabbitmq-server",
        found: rabbitmq_server,
    },
    Need {
        package: "nginx-light",
        found: |places| places.program("nginx"),
    },
    Need {
        package: "openssl",
        found: |places| places.program("openssl"),
    },
];

/// The units that Debian's packages enable; those of packages that we install are disabled again.
const UNITS: [(&str, &[&str]); 4] = [
    ("postgresql-15", &["postgresql.service"]),
    ("redis-server", &["redis-server.service"]),
    (
        "rabbitmq-server",
        &["rabbitmq-server.service", "epmd.socket", "epmd.service"],
    ),
    ("nginx-light", &["nginx.service"]),
];

/// Where to look: the system, and perhaps a folder of unpacked packages.
struct Places {
    roots: Vec<PathBuf>,
}

impl Places {
    fn new(prefix: Option<&Path>) -> Self {
        let mut roots = vec![PathBuf::from("/")];
        let prefix = prefix
            .map(Path::to_owned)
            .or_else(|| std::env::var_os(PREFIX_VARIABLE).map(PathBuf::from));
        roots.extend(prefix.filter(|prefix| prefix.is_dir()));
        Self { roots }
    }

    fn first(&self, relative: &str) -> Option<PathBuf> {
        self.roots
            .iter()
            .map(|root| root.join(relative))
            .find(|path| path.exists())
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        ["usr/sbin", "usr/bin", "usr/local/sbin", "usr/local/bin"]
            .iter()
            .find_map(|folder| self.first(&format!("{folder}/{name}")))
    }
}

fn postgres_bin(places: &Places) -> Option<PathBuf> {
    // 15 is what production runs; a newer one does for development.
    (15..=18)
        .find_map(|version| places.first(&format!("usr/lib/postgresql/{version}/bin/postgres")))?
        .parent()
        .map(Path::to_owned)
}

fn rabbitmq_server(places: &Places) -> Option<PathBuf> {
    places
        .program("erl")
        .and(places.first("usr/lib/rabbitmq/bin/rabbitmq-server"))
}

impl Tools {
    /// Finds the programs in the system or in a folder of unpacked packages; says which packages are missing.
    pub fn find(prefix: Option<&Path>) -> Result<Self> {
        let places = Places::new(prefix);
        let missing = missing(&places);
        ensure!(
            missing.is_empty(),
            "missing Debian packages: {0}\n  install them: apt-get install --no-install-recommends {0}",
            missing.join(" ")
        );
        let need =
            |path: Option<PathBuf>| path.context("a program vanished while it was looked for");
        let postgres_bin = need(postgres_bin(&places))?;
        let mut folders = vec![postgres_bin.clone()];
        let mut libraries = Vec::new();
        for root in places.roots.iter().skip(1) {
            folders.extend(["usr/bin", "usr/sbin"].map(|folder| root.join(folder)));
            libraries.extend(library_folders(root));
        }
        if let Some(path) = std::env::var_os("PATH") {
            folders.extend(std::env::split_paths(&path));
        }
        folders.extend(["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from));
        Ok(Self {
            redis_server: need(places.program("redis-server"))?,
            rabbitmq_server: need(rabbitmq_server(&places))?,
            epmd: need(places.program("epmd"))?,
            nginx: need(places.program("nginx"))?,
            openssl: need(places.program("openssl"))?,
            path: std::env::join_paths(folders)?,
            library_path: if libraries.is_empty() {
                None
            } else {
                Some(std::env::join_paths(libraries)?)
            },
            postgres_bin,
        })
    }

    /// Finds the programs, and installs what is missing. `prefix` is the folder for unpacked packages; `say` gets one line for each step;
    /// `may_install` is asked once, with the names of the packages, before anything is changed.
    pub fn ensure(
        prefix: &Path,
        say: &dyn Fn(&str),
        may_install: &dyn Fn(&[&str]) -> bool,
    ) -> Result<Self> {
        let missing = missing(&Places::new(Some(prefix)));
        if missing.is_empty() {
            return Self::find(Some(prefix));
        }
        let manual = format!(
            "install them yourself: apt-get install --no-install-recommends {}",
            missing.join(" ")
        );
        ensure!(
            Path::new("/usr/bin/apt-get").exists(),
            "missing: {}; this is not Debian, so {manual}",
            missing.join(" ")
        );
        ensure!(may_install(&missing), "nothing was installed; {manual}");
        if rustix::process::geteuid().is_root() {
            say(&format!(
                "installing {} (nothing is started)",
                missing.join(" ")
            ));
            install_as_root(&missing).with_context(|| manual.clone())?;
        } else {
            say(&format!(
                "unpacking {} into {} (no root needed)",
                missing.join(" "),
                prefix.display()
            ));
            unpack(prefix, &missing).with_context(|| manual.clone())?;
        }
        Self::find(Some(prefix)).context(manual)
    }

    /// Gives a server the search paths under which it finds its other programs and libraries.
    #[must_use]
    pub fn with_env(&self, mut spec: Spec) -> Spec {
        spec.env.push(("PATH".into(), self.path.clone()));
        if let Some(path) = &self.library_path {
            spec.env.push(("LD_LIBRARY_PATH".into(), path.clone()));
        }
        spec
    }
}

/// Makes sure that `python3 -m venv` works, which Debian splits off; `say` gets a line if something is installed for it.
pub fn ensure_python(say: &dyn Fn(&str)) -> Result<()> {
    const PACKAGE: &str = "python3-venv";
    let works = || {
        let probe = Command::new("python3")
            .args(["-c", "import ensurepip, venv"])
            .output();
        probe.is_ok_and(|output| output.status.success())
    };
    if works() {
        return Ok(());
    }
    let manual = format!("install it yourself: apt-get install --no-install-recommends {PACKAGE}");
    let root = rustix::process::geteuid().is_root() && Path::new("/usr/bin/apt-get").exists();
    ensure!(root, "missing: {PACKAGE}; {manual}");
    say(&format!("installing {PACKAGE}"));
    install_as_root(&[PACKAGE]).with_context(|| manual.clone())?;
    ensure!(
        works(),
        "{PACKAGE} is installed, and python3 still cannot make an environment"
    );
    Ok(())
}

fn missing(places: &Places) -> Vec<&'static str> {
    NEEDS
        .iter()
        .filter(|need| (need.found)(places).is_none())
        .map(|need| need.package)
        .collect()
}

fn library_folders(root: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for base in ["usr/lib", "lib"] {
        let base = root.join(base);
        for entry in fs::read_dir(&base).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().ends_with("-linux-gnu") {
                folders.push(entry.path());
            }
        }
    }
    folders
}

fn run(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if !output.status.success() {
        let error = text(&output.stderr);
        let lines: Vec<&str> = error.lines().collect();
        bail!(
            "{command:?} failed:\n{}",
            lines[lines.len().saturating_sub(10)..].join("\n")
        );
    }
    Ok(text(&output.stdout))
}

/// A file that exists only while packages are installed, unless it was there before.
struct Temporary(Option<PathBuf>);

impl Temporary {
    fn new(path: &str, content: &str, mode: u32) -> Result<Self> {
        let path = PathBuf::from(path);
        if path.exists() {
            return Ok(Self(None));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        crate::user::write_mode(&path, content, mode)?;
        Ok(Self(Some(path)))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
            // The package's own file was laid beside ours.
            for manager in ["conf.ucf-dist", "conf.dpkg-dist"] {
                let _ = fs::rename(path.with_extension(manager), path);
            }
        }
    }
}

fn install_as_root(packages: &[&str]) -> Result<()> {
    // Nothing may be started by the packages' scripts, and no system-wide PostgreSQL cluster is wanted.
    let _no_start = Temporary::new("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)?;
    let _no_cluster = Temporary::new(
        "/etc/postgresql-common/createcluster.conf",
        "create_main_cluster = false\n",
        0o644,
    )?;
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").args([
            "-o",
            "DPkg::Lock::Timeout=600",
            "-qq",
        ]);
        command
    };
    run(apt().arg("update"))?;
    run(apt()
        .args([
            "-o",
            "Dpkg::Options::=--force-confold",
            "install",
            "-y",
            "--no-install-recommends",
        ])
        .args(packages))?;
    for (package, units) in UNITS {
        // Otherwise the next boot would start them. Where there is no systemd there is nothing to disable.
        if packages.contains(&package) && Path::new("/usr/bin/systemctl").exists() {
            let _ = Command::new("systemctl")
                .arg("disable")
                .args(units)
                .output();
        }
    }
    Ok(())
}

/// Downloads the packages and what they need with a private state of apt, and unpacks them.
fn unpack(prefix: &Path, packages: &[&str]) -> Result<()> {
    let state = prefix.join("apt");
    let cache = state.join("cache");
    for folder in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(state.join(folder))?;
    }
    let apt = || {
        let mut command = Command::new("apt-get");
        command.arg("-o").arg(format!(
            "Dir::State::lists={}",
            state.join("lists").display()
        ));
        command
            .arg("-o")
            .arg(format!("Dir::Cache={}", cache.display()));
        command
            .args(["-o", "Debug::NoLocking=1", "-qq"])
            .current_dir(&cache);
        command
    };
    run(apt().arg("update"))?;
    let plan = run(apt()
        .args(["--simulate", "--no-install-recommends", "install"])
        .args(packages))?;
    let names = planned(&plan);
    ensure!(
        !names.is_empty(),
        "apt-get plans to install nothing:\n{plan}"
    );
    run(apt().arg("download").args(&names))?;
    for entry in fs::read_dir(&cache)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg").arg("-x").arg(&path).arg(prefix))?;
            fs::remove_file(path)?;
        }
    }
    let erlang = prefix.join("usr/lib/erlang");
    if erlang.is_dir() {
        relocate_erlang(&erlang)?;
    }
    Ok(())
}

/// The packages that a simulated installation names.
fn planned(plan: &str) -> Vec<&str> {
    plan.lines()
        .filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next())
        .collect()
}

/// Erlang's start scripts hold the path they were built for.
fn relocate_erlang(root: &Path) -> Result<()> {
    let mut folders = vec![root.join("bin")];
    for entry in fs::read_dir(root).with_context(|| format!("no Erlang in {}", root.display()))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("erts-") {
            folders.push(entry.path().join("bin"));
        }
    }
    for folder in folders {
        for script in ["erl", "start"] {
            let path = folder.join(script);
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let target = fs::canonicalize(&path)?;
            fs::write(
                target,
                text.replace(
                    "ROOTDIR=/usr/lib/erlang",
                    &format!("ROOTDIR={}", root.display()),
                ),
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_installation_names_its_packages() {
        let plan = "NOTE: This is only a simulation!\nInst erlang-base (1:25.2.3 Debian:12/stable [amd64])\nInst libx [1.0] (1.1 Debian)\nConf erlang-base (1:25)\n";
        assert_eq!(planned(plan), ["erlang-base", "libx"]);
    }
}
