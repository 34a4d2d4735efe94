//! Fault points: places between two steps at which a test lets the program die as by `kill -9`.
//!
//! Only debug builds have them: in a release [`point`] is nothing, so no setting of a live shop can reach it.

/// The variable that names the point to die at, such as `checkout.reserved`.
pub const VARIABLE: &str = "FAULT_POINT";

/// Ends this process at once, without any cleaning up, if [`VARIABLE`] names this point.
#[inline]
pub fn point(name: &str) {
    #[cfg(debug_assertions)]
    if std::env::var_os(VARIABLE).is_some_and(|wanted| wanted == name) {
        std::process::abort();
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}
