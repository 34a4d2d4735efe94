//! The auth service's process.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main::<auth::App>()
}
