//! One module for each command.

pub(crate) mod down;
pub(crate) mod lighthouse;
pub(crate) mod logs;
pub(crate) mod openapi;
pub(crate) mod restart;
pub(crate) mod scale;
pub(crate) mod screenshots;
pub(crate) mod sqlx;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod tidy;
pub(crate) mod up;
