//! The nouns that every service shares: money, ids, quantities, checked strings, time and randomness.
//!
//! Must never enter: I/O, async, wire types of one service, anything that only one service needs.

mod clock;
mod id;
mod money;
pub mod postal;
mod quantity;
mod random;
mod text;
mod timestamp;
mod typed_text;

pub use clock::Clock;
pub use id::*;
pub use money::{Currency, Money, MoneyError, share};
pub use quantity::{Quantity, QuantityError};
pub use random::Random;
pub use text::{CountryCode, CurrencyError, EmailAddress, Sku, TextError};
pub use timestamp::Timestamp;
pub use typed_text::Text;
