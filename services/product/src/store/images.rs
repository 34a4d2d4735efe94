//! Pictures of products: what is known of them. The files are the media folder's.

use primitives::{Clock, ImageId, ProductId};
use sqlx::PgConnection;

use crate::domain::picture::Picture;

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
    pub(crate) picture: Picture,
    pub(crate) alt: &'a str,
}

/// Adds a picture after the others.
pub(crate) async fn insert(
    db: &mut PgConnection,
    product: ProductId,
    new: New<'_>,
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"INSERT INTO product_images (id, product_id, position, file_name, content_type, bytes, width, height, alt, created_at)
           SELECT $1, $2, coalesce(max(position), 0) + 1, $3, $4, $5, $6, $7, $8, $9 FROM product_images WHERE product_id = $2"#,
        new.id.uuid(),
        product.uuid(),
        new.file_name,
        new.picture.kind.content_type(),
        new.bytes,
        i32::try_from(new.picture.width).unwrap_or(i32::MAX),
        i32::try_from(new.picture.height).unwrap_or(i32::MAX),
        new.alt,
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a picture; answers its file's name.
pub(crate) async fn delete(
    db: &mut PgConnection,
    product: ProductId,
    image: ImageId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "DELETE FROM product_images WHERE id = $1 AND product_id = $2 RETURNING file_name",
        image.uuid(),
        product.uuid()
    )
    .fetch_optional(db)
    .await
}
