//! What users wish for. The page is cut first, and `OFFSET 0` has what is offered looked
//! up for each wish of it, instead of for all products at once.

use primitives::{Clock, ProductId, Timestamp, UserId, VariantId};
use sqlx::PgConnection;

/// What a wish would cost now, and whether it can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) price: i64,
    pub(crate) currency: String,
    pub(crate) in_stock: bool,
}

/// A wish, with what is offered now; only of public products.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) product_id: ProductId,
    pub(crate) variant_id: Option<VariantId>,
    pub(crate) created_at: Timestamp,
    pub(crate) added_price: Option<i64>,
    pub(crate) added_currency: Option<String>,
    /// Absent if the variant is sold no more.
    pub(crate) price: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) in_stock: bool,
}

/// Locks a public product for as long as its price must stay; false if there is none.
pub(crate) async fn hold_product(db: &mut PgConnection, product: ProductId) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT true AS "found!" FROM products WHERE id = $1 AND status = 'active' FOR SHARE"#,
        product.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// What is offered of a public product, or of one of its variants.
pub(crate) async fn offer(
    db: &mut PgConnection,
    product: ProductId,
    variant: Option<VariantId>,
) -> sqlx::Result<Option<Offer>> {
    sqlx::query_as!(
        Offer,
        r#"SELECT price AS "price!", currency AS "currency!", in_stock AS "in_stock!"
             FROM wishlist_offers WHERE product_id = $1 AND variant_id IS NOT DISTINCT FROM $2"#,
        product.uuid(),
        variant.map(VariantId::uuid),
    )
    .fetch_optional(db)
    .await
}

/// How many wishes a user has.
pub(crate) async fn count(db: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM wishlist_items WHERE user_id = $1"#,
        user.uuid()
    )
    .fetch_one(db)
    .await
}

/// Adds a wish, or makes it one for another variant. Whether it is new.
pub(crate) async fn put(
    db: &mut PgConnection,
    user: UserId,
    product: ProductId,
    variant: Option<VariantId>,
    offer: &Offer,
    clock: &Clock,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        r#"INSERT INTO wishlist_items AS i
             (user_id, product_id, variant_id, created_at, added_price, added_currency, seen_price, seen_currency, seen_in_stock)
           VALUES ($1, $2, $3, $4, $5, $6, $5, $6, $7)
           ON CONFLICT (user_id, product_id) DO UPDATE
              SET variant_id = $3, added_price = $5, added_currency = $6, seen_price = $5, seen_currency = $6, seen_in_stock = $7
            WHERE i.variant_id IS DISTINCT FROM $3
           RETURNING xmax = 0 AS "new!""#,
        user.uuid(),
        product.uuid(),
        variant.map(VariantId::uuid),
        clock.now() as _,
        offer.price,
        offer.currency,
        offer.in_stock,
    )
    .fetch_optional(db)
    .await?;
    Ok(done.is_some_and(|row| row.new))
}

/// Takes a wish back.
pub(crate) async fn remove(
    db: &mut PgConnection,
    user: UserId,
    product: ProductId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM wishlist_items WHERE user_id = $1 AND product_id = $2",
        user.uuid(),
        product.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One wish.
pub(crate) async fn find(
    db: &mut PgConnection,
    user: UserId,
    product: ProductId,
) -> sqlx::Result<Option<Wish>> {
    let found = page(db, user, Some(product), None, 1).await?;
    Ok(found.into_iter().next())
}

/// A user's wishes, the newest first.
pub(crate) async fn list(
    db: &mut PgConnection,
    user: UserId,
    after: Option<(Timestamp, ProductId)>,
    limit: i64,
) -> sqlx::Result<Vec<Wish>> {
    page(db, user, None, after, limit).await
}

async fn page(
    db: &mut PgConnection,
    user: UserId,
    only: Option<ProductId>,
    after: Option<(Timestamp, ProductId)>,
    limit: i64,
) -> sqlx::Result<Vec<Wish>> {
    let (at, id) = after.unzip();
    sqlx::query_as!(
        Wish,
        r#"SELECT i.product_id AS "product_id: ProductId", i.variant_id AS "variant_id: VariantId", i.created_at AS "created_at: Timestamp",
                  i.added_price, i.added_currency, o.price AS "price?", o.currency AS "currency?", coalesce(o.in_stock, false) AS "in_stock!"
             FROM (SELECT * FROM wishlist_items i
                    WHERE user_id = $1 AND ($2::uuid IS NULL OR product_id = $2)
                      AND ($3::timestamptz IS NULL OR (created_at, product_id) < ($3, $4))
                      AND (SELECT status FROM products p WHERE p.id = i.product_id) = 'active'
                    ORDER BY created_at DESC, product_id DESC LIMIT $5) i
             LEFT JOIN LATERAL (SELECT * FROM wishlist_offers o
                                 WHERE o.product_id = i.product_id AND o.variant_id IS NOT DISTINCT FROM i.variant_id OFFSET 0) o ON true
            ORDER BY i.created_at DESC, i.product_id DESC"#,
        user.uuid(),
        only.map(ProductId::uuid),
        at as _,
        id.map(ProductId::uuid),
        limit,
    )
    .fetch_all(db)
    .await
}

/// A user's wishes in an order that does not tell when they were made.
pub(crate) async fn list_by_product(
    db: &mut PgConnection,
    user: UserId,
    before: Option<ProductId>,
    limit: i64,
) -> sqlx::Result<Vec<Wish>> {
    sqlx::query_as!(
        Wish,
        r#"SELECT i.product_id AS "product_id: ProductId", i.variant_id AS "variant_id: VariantId", i.created_at AS "created_at: Timestamp",
                  i.added_price, i.added_currency, o.price AS "price?", o.currency AS "currency?", coalesce(o.in_stock, false) AS "in_stock!"
             FROM (SELECT * FROM wishlist_items i
                    WHERE user_id = $1 AND ($2::uuid IS NULL OR product_id < $2)
                      AND (SELECT status FROM products p WHERE p.id = i.product_id) = 'active'
                    ORDER BY product_id DESC LIMIT $3) i
             LEFT JOIN LATERAL (SELECT * FROM wishlist_offers o
                                 WHERE o.product_id = i.product_id AND o.variant_id IS NOT DISTINCT FROM i.variant_id OFFSET 0) o ON true
            ORDER BY i.product_id DESC"#,
        user.uuid(),
        before.map(ProductId::uuid),
        limit,
    )
    .fetch_all(db)
    .await
}
