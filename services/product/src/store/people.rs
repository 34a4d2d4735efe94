//! What the catalogue knows of a person.

use primitives::{Clock, ProductId, UserId};
use serde_json::Value;
use sqlx::PgConnection;

/// The author of a review whose account is deleted.
const SOMEBODY: &str = "Deleted account";

/// A seller's products that are not archived, in the order in which everybody locks them.
pub(crate) async fn products_of(
    db: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Vec<ProductId>> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: ProductId" FROM products WHERE seller_id = $1 AND status <> 'archived' ORDER BY id"#,
        user.uuid()
    )
    .fetch_all(db)
    .await
}

/// A seller's products after one, as JSON, because nobody computes with them; with the id to go on after.
pub(crate) async fn export_products(
    db: &mut PgConnection,
    user: UserId,
    after: Option<ProductId>,
    limit: i64,
) -> sqlx::Result<Vec<(ProductId, Value)>> {
    let rows = sqlx::query!(
        r#"SELECT p.id AS "id: ProductId", jsonb_build_object(
             'id', p.id, 'slug', p.slug, 'title', p.title, 'description', p.description, 'status', p.status, 'rejection_reason', p.rejection_reason,
             'category_id', p.category_id, 'tax_class', p.tax_class, 'attributes', p.attributes,
             'seo_title', p.seo_title, 'seo_description', p.seo_description, 'approved_at', p.approved_at, 'publish_at', p.publish_at,
             'unpublish_at', p.unpublish_at, 'former_slugs', (SELECT coalesce(jsonb_agg(s.slug ORDER BY s.created_at), '[]') FROM product_slugs s
                                                               WHERE s.product_id = p.id AND s.slug <> p.slug), 'currency', p.currency, 'created_at', p.created_at,
             'updated_at', p.updated_at,
             'variants', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'sku', v.sku, 'options', v.options, 'price', v.price,
                                                                       'compare_at_price', v.compare_at_price, 'barcode', v.barcode,
                                                                       'weight_grams', v.weight_grams, 'length_mm', v.length_mm,
                                                                       'width_mm', v.width_mm, 'height_mm', v.height_mm,
                                                                       'archived_at', v.archived_at) ORDER BY v.position), '[]')
                            FROM product_variants v WHERE v.product_id = p.id),
             'images', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'file_name', i.file_name, 'alt', i.alt) ORDER BY i.position), '[]')
                          FROM product_images i WHERE i.product_id = p.id)) AS "entry!"
             FROM products p WHERE p.seller_id = $1 AND ($2::uuid IS NULL OR p.id > $2) ORDER BY p.id LIMIT $3"#,
        user.uuid(),
        after.map(ProductId::uuid),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.entry)).collect())
}

/// A user's reviews.
pub(crate) async fn export_reviews(
    db: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('id', id, 'product_id', product_id, 'author_name', author_name, 'rating', rating, 'title', title, 'body', body,
                                     'status', status, 'moderation_reason', moderation_reason, 'verified_purchase', verified_purchase,
                                     'helpful_count', helpful_count, 'reply', reply_body,
                                     'created_at', created_at, 'updated_at', updated_at) AS "entry!"
             FROM reviews WHERE user_id = $1 ORDER BY id"#,
        user.uuid()
    )
    .fetch_all(db)
    .await
}

/// The answers that a user gave to reviews.
pub(crate) async fn export_replies(
    db: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('review_id', id, 'product_id', product_id, 'body', reply_body, 'at', reply_at) AS "entry!"
             FROM reviews WHERE reply_by = $1 ORDER BY id"#,
        user.uuid()
    )
    .fetch_all(db)
    .await
}

/// Which reviews helped a user.
pub(crate) async fn export_votes(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('review_id', review_id, 'created_at', created_at) AS "entry!"
             FROM review_votes WHERE user_id = $1 ORDER BY created_at, review_id"#,
        user.uuid()
    )
    .fetch_all(db)
    .await
}

/// What a user bought, as far as the right to review goes by it.
pub(crate) async fn export_purchases(
    db: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('product_id', product_id, 'order_id', order_id, 'quantity', quantity, 'purchased_at', purchased_at) AS "entry!"
             FROM purchases WHERE user_id = $1 ORDER BY purchased_at, product_id"#,
        user.uuid()
    )
    .fetch_all(db)
    .await
}

/// A user's wish list.
pub(crate) async fn export_wishlist(
    db: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('product_id', product_id, 'variant_id', variant_id, 'price_when_added', added_price,
                                     'currency', added_currency, 'created_at', created_at) AS "entry!"
             FROM wishlist_items WHERE user_id = $1 ORDER BY created_at, product_id"#,
        user.uuid()
    )
    .fetch_all(db)
    .await
}

/// What else is known around a user's wish list: which mails they want, whether it is shared, and which mails they got or are to get.
pub(crate) async fn export_wishlist_settings(
    db: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('kind', 'mails', 'price_drop', price_drop, 'back_in_stock', back_in_stock, 'updated_at', updated_at) AS "entry!"
             FROM wishlist_settings WHERE user_id = $1
           UNION ALL
           SELECT jsonb_build_object('kind', 'share', 'name', name, 'created_at', created_at) FROM wishlist_shares WHERE user_id = $1
           UNION ALL
           SELECT jsonb_build_object('kind', 'mail', 'product_id', product_id, 'due_at', due_at, 'mailed_at', mailed_at)
             FROM wishlist_alerts WHERE user_id = $1"#,
        user.uuid()
    )
    .fetch_all(db)
    .await
}

/// What was put together for a user to like.
pub(crate) async fn export_recommendations(
    db: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('product_ids', product_ids, 'computed_at', computed_at) AS "entry!"
             FROM user_recommendations WHERE user_id = $1"#,
        user.uuid()
    )
    .fetch_all(db)
    .await
}

/// The files that they imported.
pub(crate) async fn export_imports(
    db: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('id', id, 'seller_id', seller_id, 'format', format, 'dry_run', dry_run, 'status', status, 'total_rows', total_rows,
                                     'created', created, 'updated', updated, 'unchanged', unchanged, 'failed', failed, 'created_at', created_at,
                                     'finished_at', finished_at) AS "entry!"
             FROM imports WHERE requested_by = $1 ORDER BY id"#,
        user.uuid()
    )
    .fetch_all(db)
    .await
}

/// Deletes what is theirs alone, and takes their name off what others see.
pub(crate) async fn forget(db: &mut PgConnection, user: UserId, clock: &Clock) -> sqlx::Result<()> {
    // The work first: a job that is just at it has written by then, or writes nothing.
    sqlx::query!(
        "DELETE FROM recommendation_work WHERE kind = 'user' AND id = $1",
        user.uuid()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM user_recommendations WHERE user_id = $1",
        user.uuid()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM stock_requests WHERE actor_id = $1",
        user.uuid()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM imports WHERE requested_by = $1 OR seller_id = $1",
        user.uuid()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("DELETE FROM purchases WHERE user_id = $1", user.uuid())
        .execute(&mut *db)
        .await?;
    forget_wishes(db, user).await?;
    forget_votes(db, user).await?;
    sqlx::query!("DELETE FROM review_holds WHERE user_id = $1", user.uuid())
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "UPDATE order_notes SET claimed_by = NULL WHERE claimed_by = $1",
        user.uuid()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE reviews SET author_name = $2, updated_at = $3, version = version + 1 WHERE user_id = $1 AND author_name <> $2",
        user.uuid(),
        SOMEBODY,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a user's votes back, and off the counts.
async fn forget_votes(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    // Locked in one order, as whoever else votes locks one review alone.
    sqlx::query!(
        "SELECT id FROM reviews WHERE id IN (SELECT review_id FROM review_votes WHERE user_id = $1) ORDER BY id FOR NO KEY UPDATE",
        user.uuid()
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!(
        r#"WITH gone AS (DELETE FROM review_votes WHERE user_id = $1 RETURNING review_id)
           UPDATE reviews SET helpful_count = helpful_count - 1 WHERE id IN (SELECT review_id FROM gone)"#,
        user.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets what a user wishes for, and everything around it.
async fn forget_wishes(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM wishlist_items WHERE user_id = $1", user.uuid())
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "DELETE FROM wishlist_alerts WHERE user_id = $1",
        user.uuid()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM wishlist_settings WHERE user_id = $1",
        user.uuid()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM wishlist_shares WHERE user_id = $1",
        user.uuid()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM wishlist_unsubscribes WHERE user_id = $1",
        user.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}
