//! What is done without anybody asking for it. Each job finds its work in the database, in any number of replicas.

pub(crate) mod analytics;
pub(crate) mod webhooks;
