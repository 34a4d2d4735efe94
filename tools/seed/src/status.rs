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

/// What is needed of the file: one way to sign in for each role. The administrator's account exists; the others are made.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    signins: Vec<SignIn>,
}

impl Status {
    /// The sign-in that the stack shows for `role`, if it shows one.
    pub(crate) fn sign_in(&self, role: &str) -> Option<&SignIn> {
        self.signins.iter().find(|signin| signin.role == role)
    }
}

/// Reads the file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Status> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a status file", path.display()))
}
