//! The product service's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main::<product::App>()
}
