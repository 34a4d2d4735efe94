//! The only place with SQL: free functions on a connection. Whoever calls them owns the transaction.
//!
//! Rows are locked in this order, everywhere: reservation, products by id, reviews, stock levels by variant, `product_search` by
//! product, notes for jobs. So no two transactions wait for each other.

pub(crate) mod categories;
pub(crate) mod category_attributes;
pub(crate) mod decisions;
pub(crate) mod images;
pub(crate) mod imports;
pub(crate) mod leftovers;
pub(crate) mod listing;
pub(crate) mod locations;
pub(crate) mod low_stock;
pub(crate) mod movements;
pub(crate) mod outbox;
pub(crate) mod people;
pub(crate) mod prices;
pub(crate) mod products;
pub(crate) mod purchases;
pub(crate) mod recommendations;
pub(crate) mod reservations;
pub(crate) mod review_holds;
pub(crate) mod review_votes;
pub(crate) mod reviews;
pub(crate) mod search;
pub(crate) mod search_documents;
pub(crate) mod slugs;
pub(crate) mod stock;
pub(crate) mod stock_requests;
pub(crate) mod transfer;
pub(crate) mod variants;
pub(crate) mod wishlist;
pub(crate) mod wishlist_people;
pub(crate) mod wishlist_watch;

/// A write that must have touched so many rows did.
pub(crate) fn touched(found: u64, wanted: usize) -> sqlx::Result<()> {
    if usize::try_from(found).is_ok_and(|found| found == wanted) {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}
