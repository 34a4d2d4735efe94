//! What buyers say.

use primitives::{Clock, ProductId, ReviewId, Timestamp, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// A review as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Review {
    pub(crate) id: ReviewId,
    pub(crate) product_id: ProductId,
    pub(crate) author_name: String,
    pub(crate) rating: i16,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A review to be added.
#[derive(Debug)]
pub(crate) struct New<'a> {
    pub(crate) id: ReviewId,
    pub(crate) product_id: ProductId,
    pub(crate) user_id: UserId,
    pub(crate) author_name: &'a str,
    pub(crate) rating: i16,
    pub(crate) title: &'a str,
    pub(crate) body: &'a str,
}

/// Adds a review and its stars to the product's rating, in one statement. Constraint `reviews_one_per_buyer` may refuse it.
pub(crate) async fn insert(
    db: &mut PgConnection,
    new: New<'_>,
    clock: &Clock,
) -> sqlx::Result<Review> {
    sqlx::query_as!(
        Review,
        r#"WITH rated AS (
             UPDATE products SET rating_sum = rating_sum + $5::smallint, rating_count = rating_count + 1 WHERE id = $2
           )
           INSERT INTO reviews (id, product_id, user_id, author_name, rating, title, body, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5::smallint, $6, $7, $8, $8)
           RETURNING id AS "id: ReviewId", product_id AS "product_id: ProductId", author_name, rating, title, body,
                     created_at AS "created_at: Timestamp", updated_at AS "updated_at: Timestamp""#,
        new.id.uuid(),
        new.product_id.uuid(),
        new.user_id.uuid(),
        new.author_name,
        new.rating,
        new.title,
        new.body,
        clock.now() as _,
    )
    .fetch_one(db)
    .await
}

/// The reviews of a product, newest first.
pub(crate) async fn list(
    db: &mut PgConnection,
    product: ProductId,
    before: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Review>> {
    sqlx::query_as!(
        Review,
        r#"SELECT id AS "id: ReviewId", product_id AS "product_id: ProductId", author_name, rating, title, body,
                  created_at AS "created_at: Timestamp", updated_at AS "updated_at: Timestamp"
             FROM reviews WHERE product_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"#,
        product.uuid(),
        before,
        limit,
    )
    .fetch_all(db)
    .await
}
