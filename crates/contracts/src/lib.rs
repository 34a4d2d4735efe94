//! What crosses a process boundary inside Mercato: events, the broker's map, and the internal HTTP API's types.
//!
//! Must never enter: behaviour, I/O, types of the public API, anything that only one service reads.

pub mod events;
pub mod internal;
pub mod topology;
