//! Importing a file: it is received row by row, and applied later, product by product.

mod apply;
mod receive;

pub(crate) use apply::Work;
pub(crate) use receive::{Received, Request, receive};
