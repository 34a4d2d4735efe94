//! The running stack's status file.

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// A way to sign in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SignIn {
    /// `admin`, `support`, `seller` or `customer`.
    pub(crate) role: String,
    /// Who.
    pub(crate) email: String,
    /// With what.
    pub(crate) password: String,
}

/// What is needed of the file.
#[derive(Debug)]
pub(crate) struct Status {
    /// The administrator that the stack was started with.
    pub(crate) admin: SignIn,
}

#[derive(Deserialize)]
struct File {
    signins: Vec<SignIn>,
}

/// Reads the file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Status> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let file: File = serde_json::from_str(&text)
        .with_context(|| format!("{} is not a status file", path.display()))?;
    let admin = file
        .signins
        .into_iter()
        .find(|signin| signin.role == "admin");
    Ok(Status {
        admin: admin
            .with_context(|| format!("{} names no admin under `signins`", path.display()))?,
    })
}
