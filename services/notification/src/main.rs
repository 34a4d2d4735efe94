//! The mail worker.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main::<notification::App>()
}
