//! What pages show, read from the other services' databases through grants that name each column.
//!
//! The queries are checked when they run, not when they are compiled: four databases are more than one compiler run can ask.
//! This service's tests run each of them against the real schemas, as the role that the panel has.

pub(crate) mod about;
pub(crate) mod categories;
pub(crate) mod currencies;
pub(crate) mod customer_orders;
pub(crate) mod customers;
pub(crate) mod events;
pub(crate) mod imports;
pub(crate) mod inventory;
pub(crate) mod mails;
pub(crate) mod order;
pub(crate) mod orders;
pub(crate) mod payment_events;
pub(crate) mod pricing;
pub(crate) mod products;
pub(crate) mod reconciliations;
pub(crate) mod reviews;
pub(crate) mod sagas;
pub(crate) mod sales;
pub(crate) mod search;
pub(crate) mod sellers;
pub(crate) mod stock;
pub(crate) mod system;
pub(crate) mod timeline;
pub(crate) mod today;
pub(crate) mod users;
pub(crate) mod waiting;
pub(crate) mod work_items;

use primitives::{Money, Timestamp};
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

/// One consistent moment of a database, that cannot be written to.
pub(crate) async fn snapshot(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
}

/// Reads an amount in the currency of its row.
pub(crate) fn money(amount: i64, currency: &str) -> sqlx::Result<Money> {
    let currency = currency
        .parse()
        .map_err(|error: primitives::TextError| sqlx::Error::Decode(error.into()))?;
    Ok(Money::new(amount, currency))
}

/// `text` as a pattern for `ILIKE` that finds it anywhere.
pub(crate) fn contains(text: &str) -> String {
    format!("%{}", begins(text))
}

/// Whether an index of trigrams can find `text` anywhere: it needs three letters in a row. Two spaces before a word and one behind it count, where
/// the text itself says that the word begins or ends there.
pub(crate) fn has_trigram(text: &str) -> bool {
    let letters: Vec<bool> = text.chars().map(char::is_alphanumeric).collect();
    let mut at = 0;
    letters.chunk_by(|one, next| one == next).any(|run| {
        let before = if at > 0 { 2 } else { 0 };
        at += run.len();
        let after = usize::from(at < letters.len());
        run.first() == Some(&true) && before + run.len() + after >= 3
    })
}

/// The least id (UUIDv7) that can have been made at a time.
pub(crate) fn first_id_of(at: Timestamp) -> Uuid {
    Uuid::from_u128(u128::from(at.unix_millis()) << 80)
}

/// `text` as a pattern for `LIKE` that finds what begins with it.
pub(crate) fn begins(text: &str) -> String {
    let literal = text
        .replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_");
    format!("{literal}%")
}

#[cfg(test)]
mod tests {
    use super::has_trigram;

    #[test]
    fn an_index_of_trigrams_finds_three_letters_or_a_word_that_ends() {
        for text in ["lamp", "B-1", "ab-", "1.5 V", "ÄÖÜ"] {
            assert!(has_trigram(text), "{text}");
        }
        for text in ["", "a", "zq", "#", "%_", "a-"] {
            assert!(!has_trigram(text), "{text}");
        }
    }
}
