//! What the public list reads of a product: its row in `product_search`. Whoever changes a product calls [`refresh`] last in
//! the same transaction, so that the list never lags behind.

use primitives::ProductId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::recommendations;
use super::wishlist_watch;

/// Builds the rows of products anew; those that are not public lose theirs. The rows are locked in the order of their ids.
pub(crate) async fn refresh(db: &mut PgConnection, products: &[ProductId]) -> sqlx::Result<()> {
    let ids = uuids(products);
    lock(db, &ids).await?;
    sqlx::query!(
        "DELETE FROM product_search s USING products p WHERE s.product_id = ANY($1) AND p.id = s.product_id AND p.status <> 'active'",
        &ids
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_file!("src/store/search_documents/write.sql", &ids)
        .execute(&mut *db)
        .await?;
    sqlx::query_file!("src/store/search_documents/note_values.sql", &ids)
        .execute(&mut *db)
        .await?;
    sqlx::query_file!("src/store/search_documents/note_words.sql", &ids)
        .execute(&mut *db)
        .await?;
    recommendations::products_changed(&mut *db, &ids).await?;
    wishlist_watch::note(db, &ids).await
}

/// Notes anew whether anything of the products can be had. Called when the availability of a variant crosses zero.
pub(crate) async fn refresh_stock(
    db: &mut PgConnection,
    products: &[ProductId],
) -> sqlx::Result<()> {
    let ids = uuids(products);
    // A statement sees what was committed before it began: the levels are read only after the row is ours, so that of two
    // that cross at once the second sees what the first did.
    lock(db, &ids).await?;
    sqlx::query!(
        r#"UPDATE product_search s SET in_stock = n.in_stock, facts = set_byte(s.facts, 0, n.in_stock::integer)
             FROM (SELECT v.product_id, bool_or((SELECT sum(l.on_hand - l.reserved - l.owed) > 0 FROM stock_levels l WHERE l.variant_id = v.id)) AS in_stock
                     FROM product_variants v
                    WHERE v.product_id = ANY($1) AND v.archived_at IS NULL GROUP BY v.product_id) n
            WHERE s.product_id = n.product_id AND s.in_stock <> n.in_stock"#,
        &ids
    )
    .execute(&mut *db)
    .await?;
    wishlist_watch::note(db, &ids).await
}

async fn lock(db: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!("SELECT product_id FROM product_search WHERE product_id = ANY($1) ORDER BY product_id FOR NO KEY UPDATE", ids)
        .fetch_all(db)
        .await?;
    Ok(())
}

fn uuids(products: &[ProductId]) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = products.iter().map(|id| id.uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
