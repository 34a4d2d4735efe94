//! Fault points: places between two steps at which a test lets the program die as by `kill -9`, or holds it there while it kills what the program
//! needs.
//!
//! Only debug builds have them: in a release [`point`] is nothing, so no setting of a live shop can reach it.

/// The variable that names the point to die at, such as `checkout.reserved`.
pub const VARIABLE: &str = "FAULT_POINT";

/// The variable that names a Unix socket. At every point the program connects, writes the point's name as a line, and waits until the other end hangs up.
/// It has to run on a runtime with several threads, as our programs do: only who came to the point is held.
pub const SOCKET: &str = "FAULT_SOCKET";

/// Ends this process at once, without any cleaning up, if [`VARIABLE`] names this point; waits here as long as who listens at [`SOCKET`] wants.
#[inline]
pub fn point(name: &str) {
    #[cfg(debug_assertions)]
    {
        if std::env::var_os(VARIABLE).is_some_and(|wanted| wanted == name) {
            std::process::abort();
        }
        if let Some(socket) = std::env::var_os(SOCKET) {
            // Nobody there any more: nobody wants to hold us.
            let _ = tokio::task::block_in_place(|| hold(socket.as_ref(), name));
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}

#[cfg(debug_assertions)]
fn hold(socket: &std::path::Path, name: &str) -> std::io::Result<usize> {
    use std::io::{Read as _, Write as _};

    let mut test = std::os::unix::net::UnixStream::connect(socket)?;
    writeln!(test, "{name}")?;
    test.read_to_end(&mut Vec::new())
}
