//! Pictures of products: what is known of them. The files are the media store's.

use primitives::{Clock, ImageId, ProductId, VariantId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::products::Image;
use crate::domain::picture::Size;

/// The most pictures that a product may have.
pub(crate) const MAX: i64 = 20;

/// How many pictures a product has.
pub(crate) async fn count(db: &mut PgConnection, product: ProductId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM product_images WHERE product_id = $1"#,
        product.uuid()
    )
    .fetch_one(db)
    .await
}

/// A picture to be added.
#[derive(Debug)]
pub(crate) struct New<'a> {
    pub(crate) id: ImageId,
    pub(crate) file_name: &'a str,
    pub(crate) bytes: i32,
    /// Largest first.
    pub(crate) sizes: &'a [Size],
    pub(crate) placeholder: &'a str,
    pub(crate) alt: &'a str,
    pub(crate) variants: &'a [VariantId],
}

/// Adds a picture after the others; answers it.
pub(crate) async fn insert(
    db: &mut PgConnection,
    product: ProductId,
    new: New<'_>,
    clock: &Clock,
) -> sqlx::Result<Image> {
    let largest = new.sizes.first().ok_or(sqlx::Error::RowNotFound)?;
    let [width, height] =
        [largest.width, largest.height].map(|side| i32::try_from(side).unwrap_or(i32::MAX));
    sqlx::query!(
        r#"INSERT INTO product_images (id, product_id, position, file_name, content_type, bytes, width, height, alt, created_at,
                                       sizes, placeholder, variant_ids)
           SELECT $1, $2, coalesce(max(position), 0) + 1, $3, 'image/jpeg', $4, $5, $6, $7, $8, $9, $10, $11
             FROM product_images WHERE product_id = $2"#,
        new.id.uuid(),
        product.uuid(),
        new.file_name,
        new.bytes,
        width,
        height,
        new.alt,
        clock.now() as _,
        Json(new.sizes) as _,
        new.placeholder,
        &uuids(new.variants),
    )
    .execute(db)
    .await?;
    Ok(Image {
        id: new.id,
        file_name: new.file_name.to_owned(),
        alt: new.alt.to_owned(),
        width,
        height,
        sizes: new.sizes.to_owned(),
        placeholder: Some(new.placeholder.to_owned()),
        variant_ids: new.variants.to_owned(),
    })
}

/// A product's pictures in their order.
pub(crate) async fn list(db: &mut PgConnection, product: ProductId) -> sqlx::Result<Vec<Image>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: ImageId", file_name, alt, width, height, sizes AS "sizes: Json<Vec<Size>>", placeholder,
                  variant_ids AS "variant_ids: Vec<VariantId>"
             FROM product_images WHERE product_id = $1 ORDER BY position, id"#,
        product.uuid()
    )
    .fetch_all(db)
    .await?;
    let images = rows.into_iter().map(|row| Image {
        id: row.id,
        file_name: row.file_name,
        alt: row.alt,
        width: row.width,
        height: row.height,
        sizes: row.sizes.0,
        placeholder: row.placeholder,
        variant_ids: row.variant_ids,
    });
    Ok(images.collect())
}

/// Says what a picture shows, and of which variants.
pub(crate) async fn describe(
    db: &mut PgConnection,
    product: ProductId,
    image: ImageId,
    alt: &str,
    variants: &[VariantId],
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE product_images SET alt = $3, variant_ids = $4 WHERE id = $1 AND product_id = $2",
        image.uuid(),
        product.uuid(),
        alt,
        &uuids(variants)
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts all pictures of a product into this order.
pub(crate) async fn order(
    db: &mut PgConnection,
    product: ProductId,
    images: &[ImageId],
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = images.iter().map(|id| id.uuid()).collect();
    let done = sqlx::query!(
        "UPDATE product_images i SET position = o.position
           FROM unnest($2::uuid[]) WITH ORDINALITY AS o (id, position)
          WHERE i.id = o.id AND i.product_id = $1",
        product.uuid(),
        &ids
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), ids.len())
}

/// Removes a picture; answers what its files are called after.
pub(crate) async fn delete(
    db: &mut PgConnection,
    product: ProductId,
    image: ImageId,
) -> sqlx::Result<Option<(String, Vec<Size>)>> {
    let row = sqlx::query!(
        r#"DELETE FROM product_images WHERE id = $1 AND product_id = $2
           RETURNING file_name, sizes AS "sizes: Json<Vec<Size>>""#,
        image.uuid(),
        product.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.file_name, row.sizes.0)))
}

fn uuids(ids: &[VariantId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}
