//! Passwords of a stack: made once, kept in files that only their owner can read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use devstack::random;
use devstack::user::RunAs;

/// The folder of secrets.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    folder: PathBuf,
    owner: RunAs,
}

impl Secrets {
    /// Makes the folder, which belongs to whom the services run as.
    pub(crate) fn open(folder: &Path, owner: &RunAs) -> Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        owner.own(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            owner: owner.clone(),
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A password for machines, made when it is asked for first.
    pub(crate) fn password(&self, name: &str) -> Result<String> {
        self.get_or_make(name, random::password)
    }

    /// A password that people type: 80 bits in four groups.
    pub(crate) fn typed_password(&self, name: &str) -> Result<String> {
        self.get_or_make(name, || Ok(groups(random::bytes()?)))
    }

    fn get_or_make(&self, name: &str, make: impl FnOnce() -> Result<String>) -> Result<String> {
        let path = self.path(name);
        if let Ok(text) = fs::read_to_string(&path)
            && !text.is_empty()
        {
            return Ok(text);
        }
        let password = make()?;
        self.owner
            .write_private(&path, &password)
            .with_context(|| format!("cannot keep the secret {name}"))?;
        Ok(password)
    }
}

/// Four groups of four letters and digits that are not mistaken for each other.
fn groups(bytes: [u8; 16]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters: Vec<char> = bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect();
    letters
        .chunks(4)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_password_has_four_groups() {
        assert_eq!(groups([0; 16]), "aaaa-aaaa-aaaa-aaaa");
        assert_eq!(
            groups([0, 1, 2, 3, 31, 32, 33, 255, 8, 9, 10, 11, 12, 13, 14, 15]).len(),
            19
        );
    }
}
