//! The rows that are read, and what they are made of.

use std::collections::BTreeMap;

use primitives::{ProductId, Timestamp, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Kind, Work};
use crate::domain::recommendation::{Interest, Neighbours, Ranked};
use crate::domain::status::Status;
use crate::store::products::Selector;

/// What is shown with a product.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) status: Status,
    pub(crate) seller_id: UserId,
    pub(crate) together: Vec<ProductId>,
    pub(crate) similar: Vec<ProductId>,
}

/// What is shown with a product, best first: one row, found by its key.
pub(crate) async fn of_product(
    db: &mut PgConnection,
    product: &Selector,
) -> sqlx::Result<Option<Shown>> {
    let (id, slug) = match product {
        Selector::Id(id) => (Some(id.uuid()), None),
        Selector::Slug(slug) => (None, Some(slug)),
    };
    sqlx::query_as!(
        Shown,
        r#"SELECT p.status AS "status: Status", p.seller_id AS "seller_id: UserId",
                  coalesce(r.together_ids, '{}') AS "together!: Vec<ProductId>", coalesce(r.similar_ids, '{}') AS "similar!: Vec<ProductId>"
             FROM products p LEFT JOIN recommendations r ON r.product_id = p.id
            WHERE p.id = $1 OR p.slug = $2"#,
        id,
        slug
    )
    .fetch_optional(db)
    .await
}

/// What somebody may like, best first, and what sells best; the first is empty for who is not known.
pub(crate) async fn of_user(
    db: &mut PgConnection,
    user: Option<UserId>,
) -> sqlx::Result<(Vec<ProductId>, Vec<ProductId>)> {
    let row = sqlx::query!(
        r#"SELECT coalesce((SELECT product_ids FROM user_recommendations WHERE user_id = $1), '{}') AS "own!: Vec<ProductId>",
                  coalesce((SELECT product_ids FROM popular_products), '{}') AS "popular!: Vec<ProductId>""#,
        user.map(UserId::uuid)
    )
    .fetch_one(db)
    .await?;
    Ok((row.own, row.popular))
}

/// The version of a product of which `similar` was made, and when; if there is a row.
pub(crate) async fn similar_of(
    db: &mut PgConnection,
    product: ProductId,
) -> sqlx::Result<Option<(i32, Timestamp, Ranked<ProductId>)>> {
    let row = sqlx::query!(
        r#"SELECT version, similar_at AS "similar_at: Timestamp", similar_ids AS "ids: Vec<ProductId>", similar_scores AS scores
             FROM recommendations WHERE product_id = $1"#,
        product.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.version, row.similar_at, ranked(row.ids, row.scores))))
}

/// What the baskets of products say, as of the last time that they were asked.
pub(crate) async fn own_of(
    db: &mut PgConnection,
    products: &[Uuid],
) -> sqlx::Result<BTreeMap<ProductId, Ranked<ProductId>>> {
    let rows = sqlx::query!(
        r#"SELECT product_id AS "id: ProductId", own_ids AS "ids: Vec<ProductId>", own_scores AS scores
             FROM recommendations WHERE product_id = ANY($1)"#,
        products
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, ranked(row.ids, row.scores)))
        .collect())
}

/// What is near to products.
pub(crate) async fn neighbours(
    db: &mut PgConnection,
    products: &[Uuid],
) -> sqlx::Result<BTreeMap<ProductId, Neighbours<ProductId>>> {
    let rows = sqlx::query!(
        r#"SELECT product_id AS "id: ProductId", together_ids AS "together: Vec<ProductId>", together_scores,
                  similar_ids AS "similar: Vec<ProductId>", similar_scores
             FROM recommendations WHERE product_id = ANY($1)"#,
        products
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let near = Neighbours {
                together: ranked(row.together, row.together_scores),
                similar: ranked(row.similar, row.similar_scores),
            };
            (row.id, near)
        })
        .collect())
}

/// A product's row, to be written.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) own: Ranked<ProductId>,
    pub(crate) together: Ranked<ProductId>,
    pub(crate) similar: Ranked<ProductId>,
    pub(crate) version: i32,
    pub(crate) similar_at: Timestamp,
}

/// Writes a product's row.
pub(crate) async fn put_product(
    db: &mut PgConnection,
    product: ProductId,
    row: &Row,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (own_ids, own_scores) = columns(&row.own);
    let (together_ids, together_scores) = columns(&row.together);
    let (similar_ids, similar_scores) = columns(&row.similar);
    sqlx::query!(
        "INSERT INTO recommendations (product_id, own_ids, own_scores, together_ids, together_scores, similar_ids, similar_scores,
                                      version, similar_at, computed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (product_id) DO UPDATE SET own_ids = $2, own_scores = $3, together_ids = $4, together_scores = $5, similar_ids = $6,
                                                similar_scores = $7, version = $8, similar_at = $9, computed_at = $10",
        product.uuid(),
        &own_ids,
        &own_scores,
        &together_ids,
        &together_scores,
        &similar_ids,
        &similar_scores,
        row.version,
        row.similar_at as _,
        now as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lets products that are like a new one, and do not know it yet, look around again when they are made anew; answers which.
pub(crate) async fn tell_of(
    db: &mut PgConnection,
    new: ProductId,
    near: &[Uuid],
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "UPDATE recommendations SET similar_at = 'epoch' WHERE product_id = ANY($1) AND NOT $2 = ANY (similar_ids) RETURNING product_id",
        near,
        new.uuid()
    )
    .fetch_all(db)
    .await
}

/// A product left the shop.
pub(crate) async fn drop_product(db: &mut PgConnection, product: ProductId) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM recommendations WHERE product_id = $1",
        product.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Of what somebody bought and wishes for, so much is looked at, the newest of each.
const MOST_INTERESTS: i64 = 100;

/// What somebody bought and wishes for.
pub(crate) async fn interests(
    db: &mut PgConnection,
    user: Uuid,
    now: Timestamp,
) -> sqlx::Result<Vec<(ProductId, Interest)>> {
    let rows = sqlx::query!(
        r#"(SELECT product_id AS "id!: ProductId", count(*) AS "orders!", max(purchased_at) AS "bought_at: Timestamp"
              FROM purchases WHERE user_id = $1 GROUP BY product_id ORDER BY max(purchased_at) DESC, product_id LIMIT $2)
           UNION ALL
           (SELECT product_id, 0, NULL FROM wishlist_items w
             WHERE user_id = $1 AND NOT EXISTS (SELECT FROM purchases p WHERE p.user_id = $1 AND p.product_id = w.product_id)
             ORDER BY created_at DESC, product_id LIMIT $2)"#,
        user,
        MOST_INTERESTS
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let interest = row
                .bought_at
                .map_or(Interest::Wished, |at| Interest::Bought {
                    orders: row.orders,
                    days_ago: now.since(at).as_secs_f64() / 86_400.0,
                });
            (row.id, interest)
        })
        .collect())
}

/// Writes what somebody may like, if it is still asked for: an account that was deleted meanwhile gets no row. Without
/// anything to show there is none either.
pub(crate) async fn put_user(
    db: &mut PgConnection,
    work: Work,
    liked: &Ranked<ProductId>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let wanted = sqlx::query_scalar!(
        "SELECT id FROM recommendation_work WHERE kind = $1 AND id = $2 FOR UPDATE",
        Kind::User.as_str(),
        work.id
    )
    .fetch_optional(&mut *db)
    .await?;
    if wanted.is_none() || liked.is_empty() {
        sqlx::query!(
            "DELETE FROM user_recommendations WHERE user_id = $1",
            work.id
        )
        .execute(db)
        .await?;
        return Ok(());
    }
    let (ids, _) = columns(liked);
    sqlx::query!(
        "INSERT INTO user_recommendations (user_id, product_ids, computed_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET product_ids = $2, computed_at = $3",
        work.id,
        &ids,
        now as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What sells best, with the weight of its baskets, best first.
pub(crate) async fn popular(db: &mut PgConnection) -> sqlx::Result<Ranked<ProductId>> {
    let row = sqlx::query!(
        r#"SELECT product_ids AS "ids: Vec<ProductId>", weights FROM popular_products"#
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map_or_else(Vec::new, |row| {
        row.ids.into_iter().zip(row.weights).collect()
    }))
}

/// Whether what sells best was last found out before a time.
pub(crate) async fn popular_is_older(
    db: &mut PgConnection,
    before: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT NOT EXISTS (SELECT FROM popular_products WHERE computed_at > $1) AS "older!""#,
        before as _
    )
    .fetch_one(db)
    .await
}

/// Writes what sells best.
pub(crate) async fn put_popular(
    db: &mut PgConnection,
    best: &Ranked<ProductId>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (ids, weights): (Vec<Uuid>, Vec<f64>) =
        best.iter().map(|(id, weight)| (id.uuid(), *weight)).unzip();
    sqlx::query!(
        "INSERT INTO popular_products (product_ids, weights, computed_at) VALUES ($1, $2, $3)
         ON CONFLICT (only_one) DO UPDATE SET product_ids = $1, weights = $2, computed_at = $3",
        &ids,
        &weights,
        now as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Asks for rows that were made before a time to be made anew, oldest first; answers how many.
pub(crate) async fn refresh_older(
    db: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let asked = sqlx::query!(
        "INSERT INTO recommendation_work (kind, id)
         (SELECT 'product', product_id FROM recommendations WHERE computed_at < $1 ORDER BY computed_at LIMIT $2)
         UNION ALL
         (SELECT 'user', user_id FROM user_recommendations WHERE computed_at < $1 ORDER BY computed_at LIMIT $2)
         ON CONFLICT DO NOTHING",
        before as _,
        limit
    )
    .execute(db)
    .await?;
    Ok(asked.rows_affected())
}

fn ranked(ids: Vec<ProductId>, scores: Vec<f32>) -> Ranked<ProductId> {
    ids.into_iter()
        .zip(scores.into_iter().map(f64::from))
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "scores of 0 to 1, kept to seven digits"
)]
fn columns(ranked: &Ranked<ProductId>) -> (Vec<Uuid>, Vec<f32>) {
    ranked
        .iter()
        .map(|(id, score)| (id.uuid(), *score as f32))
        .unzip()
}
