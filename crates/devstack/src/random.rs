//! Random text from the kernel, for passwords of development servers.

use std::fs::File;
use std::io::Read as _;

use anyhow::{Context as _, Result};

/// Random bytes.
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    Ok(bytes)
}

/// 32 hexadecimal digits: safe in URLs, shells and configuration files.
pub fn password() -> Result<String> {
    Ok(bytes::<16>()?
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
