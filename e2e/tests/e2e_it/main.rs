//! Tests of the whole: the running stack (`MERCATO_STATUS`), and the parts that no crate owns.

mod edge;
mod grants;
mod oversell;
mod purchase;
mod routes;
mod shop;
mod stack;
