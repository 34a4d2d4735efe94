//! Changing the tree: always with its lock, so that one change sees what the other did.

use auth_token::Acting;
use contracts::events::CategoryChanged;
use http_kit::IfMatch;
use primitives::{CategoryId, ProductId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{pictures, products};
use crate::app::Context;
use crate::domain::definition::Definition;
use crate::error::CategoryError;
use crate::store::categories::{self as store, Category};
use crate::store::{category_attributes, products as stored_products, search_documents};

/// How many products one transaction moves: each of them is locked until it ends.
const AT_ONCE: i64 = 200;
/// How many contradictions are told.
const TOLD: i64 = 20;

/// Tells that a category is not as it was.
pub(crate) async fn publish_changed(
    tx: &mut PgConnection,
    cx: &Context,
    category: &Category,
    deleted: bool,
) -> sqlx::Result<()> {
    let changed = CategoryChanged {
        category_id: category.id,
        parent_id: category.parent_id,
        slug: category.slug.clone(),
        name: category.name.clone(),
        version: category.version,
        deleted,
    };
    cx.publisher.publish(tx, &changed).await.map(drop)
}

/// After a change of place or definitions: no product of the branch may contradict what holds for it now, and no key may be
/// defined twice on the way down.
pub(crate) async fn check_branch(
    tx: &mut PgConnection,
    branch: CategoryId,
) -> Result<(), CategoryError> {
    let twice = category_attributes::defined_twice(tx, branch).await?;
    if !twice.is_empty() {
        return Err(CategoryError::DefinedTwice(twice));
    }
    let contradictions = category_attributes::contradictions(tx, branch, TOLD).await?;
    if contradictions.is_empty() {
        Ok(())
    } else {
        Err(CategoryError::Contradictions(contradictions))
    }
}

/// Writes what a locked category defines from now on; answers its new version.
pub(crate) async fn define(
    tx: &mut PgConnection,
    cx: &Context,
    staff: &Acting,
    category: &Category,
    definitions: &[Definition],
) -> Result<i32, CategoryError> {
    category_attributes::replace(tx, category.id, definitions).await?;
    check_branch(tx, category.id).await?;
    let version = store::touch(tx, category.id, &cx.clock).await?;
    let changed = Category {
        version,
        ..category.clone()
    };
    publish_changed(tx, cx, &changed, false).await?;
    let keys: Vec<&str> = definitions
        .iter()
        .map(|definition| &*definition.key)
        .collect();
    let act = staff.did(
        "category.define",
        format!("category:{}", category.id),
        json!({ "version": category.version }),
        json!({ "version": version, "attributes": keys }),
    );
    cx.publisher.publish(tx, &act).await?;
    Ok(version)
}

/// What becomes of the products of a category that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Products {
    /// While there are any, nothing is deleted.
    Refuse,
    MoveToParent,
    Uncategorise,
}

/// What becomes of the categories below one that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Children {
    /// While there are any, nothing is deleted.
    Refuse,
    MoveToParent,
    /// They go too; `Products` tells what becomes of what is in them.
    Delete,
}

/// Deletes a category. Products are moved first, so many in a transaction; who is interrupted may ask again.
pub(crate) async fn delete(
    cx: &Context,
    staff: &Acting,
    id: CategoryId,
    expected: IfMatch,
    products: Products,
    children: Children,
) -> http_kit::Result<()> {
    loop {
        let mut tx = cx.pool.begin().await?;
        store::lock_tree(&mut tx).await?;
        let category = store::lock(&mut tx, id)
            .await?
            .ok_or(CategoryError::NotFound)?;
        expected.check(category.version)?;
        let below = store::below(&mut tx, id, false).await?;
        let gone = match children {
            Children::Delete => store::below(&mut tx, id, true).await?,
            Children::Refuse | Children::MoveToParent => vec![category.clone()],
        };
        let ids: Vec<Uuid> = gone.iter().map(|category| category.id.uuid()).collect();
        let inside = store::count_products(&mut tx, &ids).await?;
        let refused = children == Children::Refuse && !below.is_empty()
            || products == Products::Refuse && inside > 0;
        if refused {
            return Err(CategoryError::NotEmpty {
                products: inside,
                children: below.len(),
            }
            .into());
        }
        if inside > 0 {
            let target = match products {
                Products::Refuse | Products::Uncategorise => None,
                Products::MoveToParent => Some(category.parent_id.ok_or(CategoryError::NoParent)?),
            };
            move_products(&mut tx, cx, &ids, target).await?;
            tx.commit().await?;
            continue;
        }
        if children == Children::MoveToParent {
            for child in store::lift_children(&mut tx, &category, &cx.clock).await? {
                publish_changed(&mut tx, cx, &child, false).await?;
            }
        }
        for category in &gone {
            pictures::leave(&mut tx, cx, category).await?;
        }
        store::delete(&mut tx, &ids)
            .await
            .map_err(CategoryError::from_delete)?;
        for category in &gone {
            publish_changed(&mut tx, cx, category, true).await?;
            let (target, before) = (format!("category:{}", category.id), json!(category));
            let act = staff.did("category.delete", target, before, Value::Null);
            cx.publisher.publish(&mut tx, &act).await?;
        }
        tx.commit().await?;
        cx.leftovers.notify_one();
        return Ok(());
    }
}

/// Moves some products to another category, or to none. What holds above a category holds in it too, so they contradict nothing.
async fn move_products(
    tx: &mut PgConnection,
    cx: &Context,
    from: &[Uuid],
    target: Option<CategoryId>,
) -> sqlx::Result<()> {
    let locked = stored_products::lock_in_categories(tx, from, AT_ONCE).await?;
    let ids: Vec<ProductId> = locked.iter().map(|product| product.id).collect();
    stored_products::set_category(tx, &ids, target, &cx.clock).await?;
    for product in &locked {
        products::publish_updated(
            tx,
            cx,
            product,
            &product.title,
            product.status,
            product.version + 1,
        )
        .await?;
    }
    search_documents::refresh(tx, &ids).await
}
