//! Private PostgreSQL, Redis, RabbitMQ and nginx servers for development and tests, as plain processes without containers.
//!
//! Every server lives in a folder that the caller gives, listens on loopback only, runs as an unprivileged user, and dies
//! with the process that started it. Nothing here touches a system-wide service. Missing programs are installed from Debian's packages
//! ([`packages`]).
//!
//! Must never enter: async, HTTP clients, anything about Mercato's own services. The crate stays light because `cargo xtask` starts with it.

pub mod http;
pub mod nginx;
pub mod packages;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod rabbitmq;
pub mod random;
pub mod redis;
pub mod user;
pub mod wait;
