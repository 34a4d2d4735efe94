//! Sellers and what customers wrote about products, as product keeps them.

use std::collections::HashMap;

use primitives::{ProductId, Timestamp, UserId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::reviews::stars;

/// The products of a seller, counted.
#[derive(FromRow, Debug, Clone, Default)]
pub(crate) struct Offered {
    pub(crate) live: i64,
    pub(crate) waiting: i64,
    pub(crate) drafts: i64,
    pub(crate) rejected: i64,
    pub(crate) archived: i64,
    pub(crate) stars: i64,
    pub(crate) ratings: i64,
}

impl Offered {
    /// All of them but those that are archived.
    pub(crate) fn all(&self) -> i64 {
        self.live + self.waiting + self.drafts + self.rejected
    }

    /// The mean of all stars, such as `4.3`.
    pub(crate) fn rating(&self) -> Option<String> {
        if self.ratings == 0 {
            return None;
        }
        let tenths = (self.stars * 20 / self.ratings + 1) / 2;
        Some(format!("{}.{}", tenths / 10, tenths % 10))
    }
}

#[derive(FromRow)]
struct OfferedRow {
    seller_id: Uuid,
    #[sqlx(flatten)]
    offered: Offered,
}

/// Of each of them who has any.
pub(crate) async fn offered(
    conn: &mut PgConnection,
    sellers: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Offered>> {
    let rows: Vec<OfferedRow> = sqlx::query_as(
        "SELECT seller_id, count(*) FILTER (WHERE status = 'active') AS live, count(*) FILTER (WHERE status = 'pending_review') AS waiting,
                count(*) FILTER (WHERE status = 'draft') AS drafts, count(*) FILTER (WHERE status = 'rejected') AS rejected,
                count(*) FILTER (WHERE status = 'archived') AS archived, coalesce(sum(rating_sum), 0)::bigint AS stars,
                coalesce(sum(rating_count), 0)::bigint AS ratings
           FROM products WHERE seller_id = ANY ($1) GROUP BY seller_id",
    )
    .bind(sellers)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.seller_id, row.offered))
        .collect())
}

/// A product of a seller.
#[derive(FromRow)]
pub(crate) struct Sold {
    pub(crate) id: ProductId,
    pub(crate) title: String,
    pub(crate) status: String,
    pub(crate) sold_count: i64,
    pub(crate) rating_milli: i64,
    pub(crate) rating_count: i64,
}

impl Sold {
    pub(crate) fn rating(&self) -> Option<String> {
        let tenths = (self.rating_milli + 50) / 100;
        (self.rating_count > 0).then(|| format!("{}.{}", tenths / 10, tenths % 10))
    }
}

/// Those that sold most.
pub(crate) async fn best(
    conn: &mut PgConnection,
    seller: UserId,
    limit: i64,
) -> sqlx::Result<Vec<Sold>> {
    sqlx::query_as(
        "SELECT id, title, status, sold_count::bigint AS sold_count, coalesce(rating_milli, 0)::bigint AS rating_milli, rating_count::bigint AS rating_count
           FROM products WHERE seller_id = $1 AND status <> 'archived' ORDER BY sold_count DESC, id DESC LIMIT $2",
    )
    .bind(seller)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// A review of somebody.
#[derive(FromRow)]
pub(crate) struct Written {
    pub(crate) product_id: ProductId,
    pub(crate) product: String,
    pub(crate) rating: i16,
    pub(crate) title: String,
    pub(crate) status: String,
    pub(crate) created_at: Timestamp,
}

impl Written {
    pub(crate) fn stars(&self) -> String {
        stars(self.rating)
    }
}

/// The newest reviews of somebody.
pub(crate) async fn written_by(
    conn: &mut PgConnection,
    user: UserId,
    limit: i64,
) -> sqlx::Result<Vec<Written>> {
    sqlx::query_as(
        "SELECT r.product_id, p.title AS product, r.rating, r.title, r.status, r.created_at
           FROM reviews r JOIN products p ON p.id = r.product_id WHERE r.user_id = $1 ORDER BY r.id DESC LIMIT $2",
    )
    .bind(user)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// What product keeps of somebody.
#[derive(FromRow)]
pub(crate) struct Kept {
    pub(crate) reviews: i64,
    pub(crate) purchases: i64,
    pub(crate) products: i64,
}

pub(crate) async fn kept(conn: &mut PgConnection, user: UserId) -> sqlx::Result<Kept> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM reviews WHERE user_id = $1) AS reviews, (SELECT count(*) FROM purchases WHERE user_id = $1) AS purchases,
                (SELECT count(*) FROM products WHERE seller_id = $1 AND status <> 'archived') AS products",
    )
    .bind(user)
    .fetch_one(conn)
    .await
}
