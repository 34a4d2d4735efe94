//! The whole worker against a real database, a real broker and a real SMTP peer.

mod delivery;
mod grants;
mod world;
