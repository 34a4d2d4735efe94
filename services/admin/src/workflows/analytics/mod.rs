//! Counting what is sold.
//!
//! Events only say **which** order changed ([`crate::consumers`] notes it); what it brings is read here from order's own tables, through the panel's grants. So it does not
//! matter in which order events come, how often, or what is in them, and new numbers need no new events. What an order brought before is kept, and
//! taken out of the sums in the transaction that puts in what it brings now.
//!
//! One writer at a time: whoever wants to write shows the epoch that it read before it read the source. If another one wrote meanwhile, the work is thrown away and
//! done again, so that nothing older ever replaces what is newer, without a lock held while a remote database is read.

mod apply;
mod catch_up;
mod rebuild;
mod stock;

pub use catch_up::catch_up;
pub use rebuild::{Verdict, rebuild};
