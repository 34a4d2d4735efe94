//! The program of the admin service.

fn main() -> std::process::ExitCode {
    runtime::main::<admin::App>()
}
