//! Against a real PostgreSQL and a real RabbitMQ: no event lost, none applied twice, the order of an aggregate kept.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod broker_crashes;
mod crashes;
mod database_cuts;
mod dead_letters;
mod definitions;
mod flow;
mod order;
mod world;
