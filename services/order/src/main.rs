//! The program of the order service.

fn main() -> std::process::ExitCode {
    runtime::main::<order::App>()
}
