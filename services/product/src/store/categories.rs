//! The category tree.

use std::collections::BTreeMap;

use primitives::{CategoryId, Clock};
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::products::Image;
use crate::domain::category::Flat;

/// Category changes are rare: they wait for each other, so that two moves cannot make a circle.
const TREE_LOCK: i64 = 0x6d72_6374_6361_7467;

/// All categories with the number of public products in each, siblings in the order in which they are shown; and the pictures
/// of those that have one.
pub(crate) async fn all(
    db: &mut PgConnection,
) -> sqlx::Result<(Vec<Flat>, BTreeMap<CategoryId, Image>)> {
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id: CategoryId", c.parent_id AS "parent_id: CategoryId", c.slug, c.name, coalesce(n.products, 0) AS "products!",
                  c.image AS "image: Json<Image>"
             FROM categories c
             LEFT JOIN (SELECT category_id, sum(products)::bigint AS products FROM category_counts GROUP BY category_id) n ON n.category_id = c.id
            ORDER BY c.position, c.name, c.id"#
    )
    .fetch_all(db)
    .await?;
    let mut images = BTreeMap::new();
    let mut categories = Vec::with_capacity(rows.len());
    for row in rows {
        images.extend(row.image.map(|image| (row.id, image.0)));
        categories.push(Flat {
            id: row.id,
            parent_id: row.parent_id,
            slug: row.slug,
            name: row.name,
            products: row.products,
        });
    }
    Ok((categories, images))
}

/// Locks the tree until the transaction ends; answers child → parent.
pub(crate) async fn lock_tree(
    db: &mut PgConnection,
) -> sqlx::Result<BTreeMap<CategoryId, Option<CategoryId>>> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", TREE_LOCK)
        .execute(&mut *db)
        .await?;
    let rows = sqlx::query!(
        r#"SELECT id AS "id: CategoryId", parent_id AS "parent_id: CategoryId" FROM categories"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.parent_id))
        .collect())
}

/// A category as it is stored.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Category {
    pub(crate) id: CategoryId,
    pub(crate) parent_id: Option<CategoryId>,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) position: i32,
    pub(crate) version: i32,
    /// [`set_image`] alone writes it.
    pub(crate) image: Option<Json<Image>>,
}

/// Adds a category. False if the slug is taken.
pub(crate) async fn insert(
    db: &mut PgConnection,
    new: &Category,
    clock: &Clock,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        r#"INSERT INTO categories (id, parent_id, slug, name, position, version, created_at, updated_at, description)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)
           ON CONFLICT (slug) DO NOTHING"#,
        new.id.uuid(),
        new.parent_id.map(CategoryId::uuid),
        new.slug,
        new.name,
        new.position,
        new.version,
        clock.now() as _,
        new.description,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A category by id or slug.
pub(crate) async fn find(
    db: &mut PgConnection,
    id: Option<CategoryId>,
    slug: &str,
) -> sqlx::Result<Option<Category>> {
    sqlx::query_as!(
        Category,
        r#"SELECT id AS "id: CategoryId", parent_id AS "parent_id: CategoryId", slug, name, description, position, version, image AS "image: Json<Image>"
             FROM categories WHERE id = $1 OR slug = $2"#,
        id.map(CategoryId::uuid),
        slug,
    )
    .fetch_optional(db)
    .await
}

/// Locks a category.
pub(crate) async fn lock(db: &mut PgConnection, id: CategoryId) -> sqlx::Result<Option<Category>> {
    sqlx::query_as!(
        Category,
        r#"SELECT id AS "id: CategoryId", parent_id AS "parent_id: CategoryId", slug, name, description, position, version, image AS "image: Json<Image>"
             FROM categories WHERE id = $1 FOR NO KEY UPDATE"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await
}

/// Writes a category as it shall be. Constraint `categories_slug_key` may refuse it.
pub(crate) async fn update(
    db: &mut PgConnection,
    category: &Category,
    clock: &Clock,
) -> sqlx::Result<()> {
    let done = sqlx::query!(
        "UPDATE categories SET parent_id = $2, slug = $3, name = $4, position = $5, version = $6, updated_at = $7, description = $8 WHERE id = $1",
        category.id.uuid(),
        category.parent_id.map(CategoryId::uuid),
        category.slug,
        category.name,
        category.position,
        category.version,
        clock.now() as _,
        category.description,
    )
    .execute(db)
    .await?;
    super::touched(done.rows_affected(), 1)
}

/// Notes that something that belongs to a category changed; answers the new version.
pub(crate) async fn touch(
    db: &mut PgConnection,
    id: CategoryId,
    clock: &Clock,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "UPDATE categories SET version = version + 1, updated_at = $2 WHERE id = $1 RETURNING version",
        id.uuid(),
        clock.now() as _
    )
    .fetch_one(db)
    .await
}

/// Gives a category a picture or takes it away; answers the new version.
pub(crate) async fn set_image(
    db: &mut PgConnection,
    id: CategoryId,
    image: Option<&Image>,
    clock: &Clock,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "UPDATE categories SET image = $2, version = version + 1, updated_at = $3 WHERE id = $1 RETURNING version",
        id.uuid(),
        image.map(Json) as _,
        clock.now() as _
    )
    .fetch_one(db)
    .await
}

/// What hangs below a category: the categories right below it, or all of its branch and itself; in the order of their ids.
pub(crate) async fn below(
    db: &mut PgConnection,
    id: CategoryId,
    whole_branch: bool,
) -> sqlx::Result<Vec<Category>> {
    sqlx::query_as!(
        Category,
        r#"SELECT id AS "id: CategoryId", parent_id AS "parent_id: CategoryId", slug, name, description, position, version, image AS "image: Json<Image>"
             FROM categories
            WHERE parent_id = $1 OR $2 AND id IN (SELECT descendant_id FROM category_closure WHERE ancestor_id = $1)
            ORDER BY id"#,
        id.uuid(),
        whole_branch,
    )
    .fetch_all(db)
    .await
}

/// How many products lie in categories, public or not.
pub(crate) async fn count_products(db: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM products WHERE category_id = ANY($1)"#,
        ids
    )
    .fetch_one(db)
    .await
}

/// Hangs what is right below a category one level higher; answers it as it is then, in the order of the ids.
pub(crate) async fn lift_children(
    db: &mut PgConnection,
    category: &Category,
    clock: &Clock,
) -> sqlx::Result<Vec<Category>> {
    let mut lifted = sqlx::query_as!(
        Category,
        r#"UPDATE categories SET parent_id = $2, version = version + 1, updated_at = $3 WHERE parent_id = $1
           RETURNING id AS "id: CategoryId", parent_id AS "parent_id: CategoryId", slug, name, description, position, version, image AS "image: Json<Image>""#,
        category.id.uuid(),
        category.parent_id.map(CategoryId::uuid),
        clock.now() as _,
    )
    .fetch_all(db)
    .await?;
    lifted.sort_by_key(|category| category.id);
    Ok(lifted)
}

/// Deletes categories. Constraints `categories_parent_id_fkey` and `products_category_id_fkey` may refuse it.
pub(crate) async fn delete(db: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<()> {
    let done = sqlx::query!("DELETE FROM categories WHERE id = ANY($1)", ids)
        .execute(db)
        .await?;
    super::touched(done.rows_affected(), ids.len())
}

/// Makes one row of all that tell of one category's count. The sum is the same before, meanwhile and after: whoever reads sees
/// all of it or nothing, and two that add up at once add up different rows.
pub(crate) async fn add_up_counts(db: &mut PgConnection) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        r#"WITH many AS (SELECT category_id FROM category_counts GROUP BY category_id HAVING count(*) > 1),
                gone AS (DELETE FROM category_counts n USING many WHERE n.category_id = many.category_id RETURNING n.category_id, n.products)
           INSERT INTO category_counts (category_id, products) SELECT category_id, sum(products) FROM gone GROUP BY category_id"#
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
