//! What buyers say of products.

use primitives::{ProductId, ReviewId, Timestamp, UserId};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::{begins, contains, has_trigram};

/// A review with what staff need to judge it.
#[derive(FromRow)]
pub(crate) struct ReviewRow {
    pub(crate) id: ReviewId,
    pub(crate) product_id: ProductId,
    pub(crate) product: String,
    pub(crate) user_id: UserId,
    pub(crate) author_name: String,
    pub(crate) rating: i16,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) status: String,
    pub(crate) moderation_reason: Option<String>,
    pub(crate) verified_purchase: bool,
    pub(crate) helpful_count: i32,
    pub(crate) reply_body: Option<String>,
    pub(crate) created_at: Timestamp,
}

impl ReviewRow {
    /// `★★★☆☆`
    pub(crate) fn stars(&self) -> String {
        stars(self.rating)
    }
}

/// Of five.
pub(super) fn stars(rating: i16) -> String {
    (1..=5)
        .map(|star| if star <= rating { '★' } else { '☆' })
        .collect()
}

/// Which reviews.
#[derive(Debug, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) status: &'a str,
    pub(crate) rating: Option<i16>,
    pub(crate) product: Option<ProductId>,
    pub(crate) user: Option<UserId>,
    pub(crate) q: &'a str,
    pub(crate) after: Option<ReviewId>,
}

/// Newest first.
pub(crate) async fn page(
    conn: &mut PgConnection,
    filter: &Filter<'_>,
    limit: i64,
) -> sqlx::Result<Vec<ReviewRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT r.id, r.product_id, p.title AS product, r.user_id, r.author_name, r.rating, r.title, r.body, r.status, r.moderation_reason,
                r.verified_purchase, r.helpful_count, r.reply_body, r.created_at
           FROM reviews r JOIN products p ON p.id = r.product_id WHERE true",
    );
    if !filter.status.is_empty() {
        sql.push(" AND r.status = ").push_bind(filter.status);
    }
    if let Some(rating) = filter.rating {
        sql.push(" AND r.rating = ").push_bind(rating);
    }
    if let Some(product) = filter.product {
        sql.push(" AND r.product_id = ").push_bind(product);
    }
    if let Some(user) = filter.user {
        sql.push(" AND r.user_id = ").push_bind(user);
    }
    if !filter.q.is_empty() {
        // As in the list of products.
        if has_trigram(filter.q) {
            sql.push(" AND r.id IN (SELECT id FROM review_words WHERE words ILIKE ")
                .push_bind(contains(filter.q))
                .push(")");
        } else {
            let short: String = filter.q.to_lowercase().chars().take(2).collect();
            sql.push(" AND r.id IN (SELECT id FROM review_words WHERE title_begins LIKE ")
                .push_bind(begins(&short))
                .push(")");
        }
    }
    if let Some(after) = filter.after {
        sql.push(" AND r.id < ").push_bind(after);
    }
    sql.push(" ORDER BY r.id DESC LIMIT ").push_bind(limit);
    sql.build_query_as().persistent(false).fetch_all(conn).await
}

/// How many wait for staff.
pub(crate) async fn waiting(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM reviews WHERE status = 'pending'")
        .fetch_one(conn)
        .await
}
