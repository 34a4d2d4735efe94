//! Who the servers run as. PostgreSQL refuses to run as root, and nothing else should.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// The system user that is made when root starts the servers.
const USER: &str = "mercato";

/// The user that servers run as: the caller, or a system user when the caller is root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAs {
    account: Option<Account>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Account {
    uid: u32,
    gid: u32,
}

impl RunAs {
    /// Decides, and makes the system user when it is needed and missing.
    pub fn detect() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { account: None });
        }
        if let Some(account) = lookup(USER)? {
            return Ok(Self {
                account: Some(account),
            });
        }
        // Several processes may come here at the same moment, and useradd refuses to wait for another's lock.
        let mut complaint = String::new();
        for _ in 0..50 {
            let made = Command::new("useradd")
                .args([
                    "--system",
                    "--user-group",
                    "--no-create-home",
                    "--home-dir",
                    "/nonexistent",
                    "--shell",
                    "/usr/sbin/nologin",
                    USER,
                ])
                .output()
                .context("cannot run useradd to make the system user that servers run as")?;
            if let Some(account) = lookup(USER)? {
                return Ok(Self {
                    account: Some(account),
                });
            }
            complaint = String::from_utf8_lossy(&made.stderr).trim().to_owned();
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("useradd {USER} failed: {complaint}")
    }

    /// The caller, whoever that is.
    pub fn caller() -> Self {
        Self { account: None }
    }

    /// Whether this is another user than the caller.
    pub fn is_other(&self) -> bool {
        self.account.is_some()
    }

    /// Arguments of `setpriv` that become this user.
    pub(crate) fn setpriv_args(&self) -> Vec<String> {
        match &self.account {
            Some(Account { uid, gid }) => vec![
                format!("--reuid={uid}"),
                format!("--regid={gid}"),
                "--clear-groups".into(),
            ],
            None => Vec::new(),
        }
    }

    /// Whether this user can enter a folder, which needs the right to pass through every parent.
    pub fn can_reach(&self, path: &Path) -> bool {
        let Some(account) = &self.account else {
            return true;
        };
        path.ancestors()
            .filter(|folder| folder.exists())
            .all(|folder| {
                fs::metadata(folder).is_ok_and(|meta| {
                    let mode = meta.permissions().mode();
                    mode & 0o001 != 0
                        || (meta.uid() == account.uid && mode & 0o100 != 0)
                        || (meta.gid() == account.gid && mode & 0o010 != 0)
                })
            })
    }

    /// Makes a folder that belongs to this user, with everything in it. Where the user cannot reach the wanted place (a project under
    /// `/root`), the folder is made under `/var/lib/mercato` instead and the wanted path becomes a link to it.
    pub fn folder(&self, wanted: &Path) -> Result<PathBuf> {
        let wanted = std::path::absolute(wanted)?;
        if let Ok(place) = fs::read_link(&wanted)
            && place.is_dir()
        {
            self.own(&place)?;
            return Ok(place);
        }
        let parent = wanted
            .parent()
            .context("a server's folder needs a parent")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        let place = if self.can_reach(parent)
            || wanted.is_dir() && self.owns(&wanted) && self.can_reach(&wanted)
        {
            wanted
        } else {
            let mut hasher = DefaultHasher::new();
            wanted.hash(&mut hasher);
            let place = Path::new("/var/lib/mercato").join(format!("{:016x}", hasher.finish()));
            if fs::symlink_metadata(&wanted).is_ok_and(|meta| meta.is_symlink()) {
                fs::remove_file(&wanted)?;
            }
            fs::create_dir_all(&place)?;
            std::os::unix::fs::symlink(&place, &wanted)
                .with_context(|| format!("cannot link {}", wanted.display()))?;
            place
        };
        fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
        self.own(&place)?;
        Ok(place)
    }

    /// Gives a file or folder, with everything in it, to this user.
    pub fn own(&self, path: &Path) -> Result<()> {
        let Some(account) = &self.account else {
            return Ok(());
        };
        own(path, account).with_context(|| format!("cannot give {} to user {USER}", path.display()))
    }

    /// Writes a file that only this user (and root) can read.
    pub fn write_private(&self, path: &Path, content: &str) -> Result<()> {
        write_mode(path, content, 0o600)?;
        self.own(path)
    }

    fn owns(&self, path: &Path) -> bool {
        match &self.account {
            Some(account) => fs::metadata(path).is_ok_and(|meta| meta.uid() == account.uid),
            None => true,
        }
    }
}

/// Writes a file with these permissions from its first byte on.
pub fn write_mode(path: &Path, content: &str, mode: u32) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    // A file that exists keeps its old mode when it is opened, so it is made anew.
    let _ = fs::remove_file(path);
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn own(path: &Path, account: &Account) -> std::io::Result<()> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        // Servers delete files while they run.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if meta.uid() != account.uid || meta.gid() != account.gid {
        lchown(path, Some(account.uid), Some(account.gid))?;
    }
    if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            own(&entry?.path(), account)?;
        }
    }
    Ok(())
}

fn lookup(name: &str) -> Result<Option<Account>> {
    Ok(parse_passwd(
        &fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?,
        name,
    ))
}

fn parse_passwd(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        Some(Account {
            uid: fields.nth(1)?.parse().ok()?,
            gid: fields.next()?.parse().ok()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\nmercato2:x:9:9::/:/bin/sh\nmercato:x:998:997::/nonexistent:/usr/sbin/nologin\n";
        assert_eq!(
            parse_passwd(passwd, "mercato"),
            Some(Account { uid: 998, gid: 997 })
        );
        assert_eq!(parse_passwd(passwd, "nobody"), None);
    }
}
