//! What might be like a product: of its category, of the categories beside it, and whatever shares its rarest words. All by
//! the rows of the search, so that words mean here what they mean there.

use std::collections::BTreeSet;

use primitives::{CategoryId, ProductId};
use sqlx::PgConnection;

use crate::domain::recommendation::Traits;

/// A product as the search knows it.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    pub(crate) id: ProductId,
    category: Option<CategoryId>,
    codes: Vec<i64>,
    lexemes: Vec<String>,
    /// Where each word stands: `A` in the title, `B` in attributes, `C` in the description.
    places: Vec<String>,
}

impl Described {
    /// As the rules compare it.
    pub(crate) fn traits(&self) -> Traits<'_> {
        let said = |place: &str| -> BTreeSet<&str> {
            self.lexemes
                .iter()
                .zip(&self.places)
                // A SKU says nothing of what a thing is.
                .filter(|(lexeme, found)| *found == place && !lexeme.starts_with('#'))
                .map(|(lexeme, _)| lexeme.as_str())
                .collect()
        };
        Traits {
            title: said("A"),
            attributes: self.codes.iter().copied().collect(),
            words: said("C"),
            category: self.category,
        }
    }
}

/// A product and what might be like it, the product first; nothing if it is not on sale.
pub(crate) async fn described(
    db: &mut PgConnection,
    product: ProductId,
) -> sqlx::Result<Vec<Described>> {
    sqlx::query_file_as!(
        Described,
        "src/store/recommendations/described.sql",
        product.uuid()
    )
    .fetch_all(db)
    .await
}

/// The version of a product, if it is on sale.
pub(crate) async fn version_on_sale(
    db: &mut PgConnection,
    product: ProductId,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!(
        "SELECT version FROM products WHERE id = $1 AND status = 'active'",
        product.uuid()
    )
    .fetch_optional(db)
    .await
}
