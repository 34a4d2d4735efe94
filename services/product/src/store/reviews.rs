//! What buyers say. Whoever changes a review has its product locked, so that the product's rating is exact.

use primitives::{Clock, ProductId, ReviewId, Timestamp, UserId};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use crate::domain::review::{Status, Weight};

/// A review as it is stored.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Review {
    pub(crate) id: ReviewId,
    pub(crate) product_id: ProductId,
    pub(crate) user_id: UserId,
    pub(crate) author_name: String,
    pub(crate) rating: i16,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) status: Status,
    pub(crate) moderation_reason: Option<String>,
    pub(crate) verified_purchase: bool,
    pub(crate) helpful_count: i32,
    /// Whether it helped the viewer.
    pub(crate) voted: bool,
    pub(crate) reply_body: Option<String>,
    pub(crate) reply_from: Option<String>,
    pub(crate) reply_at: Option<Timestamp>,
    pub(crate) version: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What is looked for; empty means all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) product: Option<ProductId>,
    pub(crate) author: Option<UserId>,
    pub(crate) status: Option<Status>,
    /// Exactly so many stars, any of these.
    pub(crate) ratings: Vec<i16>,
    /// In title or text.
    pub(crate) text: Option<String>,
}

/// By what a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Newest,
    Helpful,
    Best,
    Worst,
}

impl Sort {
    /// The key before the id, and whether the biggest comes first.
    fn key(self) -> (Option<&'static str>, bool) {
        match self {
            Self::Newest => (None, true),
            Self::Helpful => (Some("r.helpful_count"), true),
            Self::Best => (Some("r.rating"), true),
            Self::Worst => (Some("r.rating"), false),
        }
    }
}

fn select(viewer: Option<UserId>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT r.id, r.product_id, r.user_id, r.author_name, r.rating, r.title, r.body, r.status, r.moderation_reason, r.verified_purchase, \
                r.helpful_count, r.reply_body, r.reply_from, r.reply_at, r.version, r.created_at, r.updated_at, ",
    );
    match viewer {
        Some(viewer) => sql
            .push("EXISTS (SELECT FROM review_votes v WHERE v.review_id = r.id AND v.user_id = ")
            .push_bind(viewer.uuid())
            .push(")"),
        None => sql.push("false"),
    };
    sql.push(" AS voted FROM reviews r WHERE ");
    sql
}

/// A review, as somebody sees it.
pub(crate) async fn find(
    db: &mut PgConnection,
    id: ReviewId,
    viewer: Option<UserId>,
) -> sqlx::Result<Option<Review>> {
    let mut sql = select(viewer);
    sql.push("r.id = ").push_bind(id.uuid());
    sql.build_query_as().fetch_optional(db).await
}

/// One page of reviews, in one statement. `after`: the sort's key and the id of the last one seen.
pub(crate) async fn list(
    db: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
    after: Option<(i32, ReviewId)>,
    viewer: Option<UserId>,
    limit: i64,
) -> sqlx::Result<Vec<Review>> {
    let mut sql = select(viewer);
    match filter.status {
        // Written out, so that the partial indexes of what is public serve.
        Some(Status::Published) => sql.push("r.status = 'published'"),
        Some(status) => sql.push("r.status = ").push_bind(status.as_str()),
        None => sql.push("true"),
    };
    if let Some(product) = filter.product {
        sql.push(" AND r.product_id = ").push_bind(product.uuid());
    }
    if let Some(author) = filter.author {
        sql.push(" AND r.user_id = ").push_bind(author.uuid());
    }
    if !filter.ratings.is_empty() {
        sql.push(" AND r.rating = ANY(")
            .push_bind(filter.ratings.clone())
            .push(")");
    }
    if let Some(text) = &filter.text {
        sql.push(" AND (r.title || ' ' || r.body) ILIKE ")
            .push_bind(like(text));
    }
    let (key, descending) = sort.key();
    let (beyond, direction) = if descending {
        (" < ", " DESC")
    } else {
        (" > ", "")
    };
    match (key, after) {
        (_, None) => {}
        (None, Some((_, id))) => {
            sql.push(" AND r.id").push(beyond).push_bind(id.uuid());
        }
        (Some(name), Some((key, id))) => {
            sql.push(" AND (").push(name).push(", r.id)").push(beyond);
            sql.push("(").push_bind(key).push(", ");
            sql.push_bind(id.uuid()).push(")");
        }
    }
    sql.push(" ORDER BY ");
    if let Some(name) = key {
        sql.push(name).push(direction).push(", ");
    }
    sql.push("r.id")
        .push(direction)
        .push(" LIMIT ")
        .push_bind(limit);
    sql.build_query_as().fetch_all(db).await
}

/// A pattern that finds the words wherever they stand.
fn like(words: &str) -> String {
    let mut pattern = String::from("%");
    for letter in words.chars() {
        if matches!(letter, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// How many published reviews of a product gave so many stars.
pub(crate) async fn stars(
    db: &mut PgConnection,
    product: ProductId,
) -> sqlx::Result<Vec<(i16, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT rating, count(*) AS "count!" FROM reviews WHERE product_id = $1 AND status = 'published' GROUP BY rating ORDER BY rating"#,
        product.uuid()
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.rating, row.count))
        .collect())
}

/// Of which product a review is.
pub(crate) async fn product_of(
    db: &mut PgConnection,
    id: ReviewId,
) -> sqlx::Result<Option<ProductId>> {
    sqlx::query_scalar!(
        r#"SELECT product_id AS "product_id: ProductId" FROM reviews WHERE id = $1"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await
}

/// What decides on changes of a review, locked until the transaction ends.
#[derive(Debug, Clone)]
pub(crate) struct Locked {
    pub(crate) id: ReviewId,
    pub(crate) product_id: ProductId,
    pub(crate) author: UserId,
    pub(crate) rating: i16,
    pub(crate) status: Status,
    pub(crate) moderation_reason: Option<String>,
    pub(crate) replied: bool,
    pub(crate) version: i32,
}

/// Locks a review. For anything but a vote its product must be locked before.
pub(crate) async fn lock(db: &mut PgConnection, id: ReviewId) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"SELECT id AS "id: ReviewId", product_id AS "product_id: ProductId", user_id AS "author: UserId", rating, status AS "status: Status",
                  moderation_reason, reply_body IS NOT NULL AS "replied!", version
             FROM reviews WHERE id = $1 FOR NO KEY UPDATE"#,
        id.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// What a buyer says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Content<'a> {
    pub(crate) rating: i16,
    pub(crate) title: &'a str,
    pub(crate) body: &'a str,
}

/// A review to be added.
#[derive(Debug)]
pub(crate) struct New<'a> {
    pub(crate) id: ReviewId,
    pub(crate) product_id: ProductId,
    pub(crate) author: UserId,
    pub(crate) author_name: &'a str,
    pub(crate) status: Status,
    pub(crate) content: Content<'a>,
}

/// Adds a review. Constraint `reviews_one_per_buyer` may refuse it.
pub(crate) async fn insert(
    db: &mut PgConnection,
    new: &New<'_>,
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO reviews (id, product_id, user_id, author_name, status, rating, title, body, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        new.id.uuid(),
        new.product_id.uuid(),
        new.author.uuid(),
        new.author_name,
        new.status.as_str(),
        new.content.rating,
        new.content.title,
        new.content.body,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what the author says from now on.
pub(crate) async fn edit(
    db: &mut PgConnection,
    id: ReviewId,
    status: Status,
    content: Content<'_>,
    clock: &Clock,
) -> sqlx::Result<()> {
    let done = sqlx::query!(
        "UPDATE reviews SET status = $2, rating = $3, title = $4, body = $5, updated_at = $6, version = version + 1 WHERE id = $1",
        id.uuid(),
        status.as_str(),
        content.rating,
        content.title,
        content.body,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), 1)
}

/// Deletes a review with the votes for it.
pub(crate) async fn delete(db: &mut PgConnection, id: ReviewId) -> sqlx::Result<()> {
    let done = sqlx::query!("DELETE FROM reviews WHERE id = $1", id.uuid())
        .execute(db)
        .await?;
    super::touched(done.rows_affected(), 1)
}

/// Writes what staff decided.
pub(crate) async fn moderate(
    db: &mut PgConnection,
    id: ReviewId,
    status: Status,
    reason: Option<&str>,
    by: UserId,
    clock: &Clock,
) -> sqlx::Result<()> {
    let done = sqlx::query!(
        "UPDATE reviews SET status = $2, moderation_reason = $3, moderated_by = $4, moderated_at = $5, version = version + 1 WHERE id = $1",
        id.uuid(),
        status.as_str(),
        reason,
        by.uuid(),
        clock.now() as _,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), 1)
}

/// Writes the answer to a review, or takes it away.
pub(crate) async fn reply(
    db: &mut PgConnection,
    id: ReviewId,
    reply: Option<(&str, &str, UserId)>,
    clock: &Clock,
) -> sqlx::Result<()> {
    let done = sqlx::query!(
        "UPDATE reviews SET reply_body = $2, reply_from = $3, reply_by = $4, reply_at = CASE WHEN $2::text IS NULL THEN NULL ELSE $5::timestamptz END,
                            version = version + 1
          WHERE id = $1",
        id.uuid(),
        reply.map(|(body, _, _)| body),
        reply.map(|(_, from, _)| from),
        reply.map(|(_, _, by)| by.uuid()),
        clock.now() as _,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), 1)
}

/// Adds to a locked product's rating.
pub(crate) async fn rate(
    db: &mut PgConnection,
    product: ProductId,
    change: Weight,
) -> sqlx::Result<()> {
    let done = sqlx::query!(
        "UPDATE products SET rating_sum = rating_sum + $2, rating_count = rating_count + $3 WHERE id = $1",
        product.uuid(),
        change.stars,
        change.count,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), 1)
}
