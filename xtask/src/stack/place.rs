//! Where a stack keeps its things.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Files in memory, and how much must be free there: tests take a tenth of it.
const MEMORY: &str = "/dev/shm";
const ROOM: u64 = 4 << 30;

/// The folder of one stack: `.data/dev` or `.data/test`.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    root: PathBuf,
}

impl Place {
    /// The stack of `up`.
    pub(crate) fn dev(project: &Path) -> Self {
        Self {
            root: project.join(".data/dev"),
        }
    }

    /// The stack of `test`.
    pub(crate) fn test(project: &Path) -> Self {
        Self {
            root: project.join(".data/test"),
        }
    }

    /// Packages that were unpacked because nobody was root; shared by all stacks.
    pub(crate) fn packages(project: &Path) -> PathBuf {
        project.join(".data/packages")
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The servers' data, the certificate, uploaded media and signing keys: belongs to the user that servers run as.
    pub(crate) fn servers(&self) -> PathBuf {
        self.root.join("servers")
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.root.join("secrets")
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.root.join("logs").join(format!("{name}.log"))
    }

    /// What `status --json` answers, without the answer to "is it ready now".
    pub(crate) fn status(&self) -> PathBuf {
        self.root.join("status.json")
    }

    /// Who runs: for `down`, `restart` and the next `up`.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("state.json")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// A file here is a request to the supervisor.
    pub(crate) fn request(&self, service: &str) -> PathBuf {
        self.root.join("requests").join(service)
    }

    /// The supervisor's answer to a request.
    pub(crate) fn answer(&self, service: &str) -> PathBuf {
        self.root.join("requests").join(format!("{service}.done"))
    }

    /// Exists once the demo shop is complete.
    pub(crate) fn seeded(&self) -> PathBuf {
        self.root.join("seeded")
    }

    /// Makes the folders.
    pub(crate) fn make(&self) -> Result<()> {
        for folder in [
            &self.root,
            &self.root.join("logs"),
            &self.root.join("requests"),
        ] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok(())
    }

    /// Keeps the servers' folder in memory where there is room, for a stack that ends with its process. Each test makes and drops a database of
    /// hundreds of files, and ext4 looks at each file deleted in the last minutes before it makes another.
    pub(crate) fn keep_servers_in_memory(&self) -> Result<()> {
        let room =
            rustix::fs::statvfs(MEMORY).map_or(0, |memory| memory.f_bavail * memory.f_frsize);
        if room < ROOM {
            return Ok(());
        }
        let mut hasher = DefaultHasher::new();
        self.root.hash(&mut hasher);
        let folder = Path::new(MEMORY).join(format!("mercato-{:016x}", hasher.finish()));
        remove(&folder)?;
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        std::os::unix::fs::symlink(&folder, self.servers())
            .with_context(|| format!("cannot link {}", self.servers().display()))
    }

    /// Begins every log anew and keeps the previous one as `NAME.log.1`. `up.log` was begun by who started the supervisor.
    pub(crate) fn begin_logs(&self) -> Result<()> {
        for entry in fs::read_dir(self.root.join("logs"))? {
            let path = entry?.path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if name.ends_with(".log") && name != "up.log" {
                fs::rename(&path, path.with_extension("log.1"))?;
            }
        }
        Ok(())
    }

    /// Removes everything, also where the servers' folder is a link to a place outside the project.
    pub(crate) fn wipe(&self) -> Result<()> {
        self.wipe_servers()?;
        remove(&self.root)
    }

    /// Removes what the servers keep, and nothing else.
    pub(crate) fn wipe_servers(&self) -> Result<()> {
        let servers = self.servers();
        if let Ok(target) = fs::read_link(&servers) {
            remove(&target)?;
            return fs::remove_file(&servers)
                .with_context(|| format!("cannot remove {}", servers.display()));
        }
        remove(&servers)
    }
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
