//! `GET /api/categories`

use auth_token::MaybeUser;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use http_kit::Result;
use primitives::CategoryId;
use serde::Serialize;
use utoipa::ToSchema;

use super::not_found;
use crate::app::AppState;
use crate::cache::{Answer, Audience, Loaded, Tag};
use crate::domain::category::{self, Branch};
use crate::store::categories;

/// The whole tree.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryTree {
    data: Vec<CategoryNode>,
}

/// A category with those below it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryNode {
    id: CategoryId,
    slug: String,
    name: String,
    parent_id: Option<CategoryId>,
    /// Public products in it and below it.
    product_count: i64,
    #[schema(no_recursion)]
    children: Vec<CategoryNode>,
}

impl From<Branch> for CategoryNode {
    fn from(branch: Branch) -> Self {
        Self {
            id: branch.id,
            slug: branch.slug,
            name: branch.name,
            parent_id: branch.parent_id,
            product_count: branch.products,
            children: branch.children.into_iter().map(Self::from).collect(),
        }
    }
}

/// The tree of categories.
#[utoipa::path(get, path = "/api/categories", tag = "categories", security((), ("bearer" = [])), responses((status = 200, body = CategoryTree)))]
pub(crate) async fn list_categories(
    State(state): State<AppState>,
    MaybeUser(viewer): MaybeUser,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response> {
    let load = async {
        let mut db = state.context.pool.acquire().await?;
        let tree = category::tree(categories::all(&mut db).await?);
        let tree = CategoryTree {
            data: tree.into_iter().map(CategoryNode::from).collect(),
        };
        Ok(Loaded::Keep(Answer::hashed(&tree)?, vec![Tag::Categories]))
    };
    let audience = Audience::of(viewer.as_ref());
    let loaded = match audience {
        Audience::Insider => load.await?,
        Audience::Customer | Audience::Everybody => state.cache.get(&uri, load).await?,
    };
    loaded.respond(audience, &headers, not_found)
}
