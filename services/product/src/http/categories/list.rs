//! `GET /api/categories`

use std::collections::BTreeMap;

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
use crate::http::images::view::Image;
use crate::media::Media;
use crate::store::{categories, products as store};

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
    #[schema(nullable)]
    image: Option<Image>,
    #[schema(no_recursion)]
    children: Vec<CategoryNode>,
}

impl CategoryNode {
    fn new(branch: Branch, images: &mut BTreeMap<CategoryId, store::Image>, media: &Media) -> Self {
        let image = images.remove(&branch.id);
        Self {
            id: branch.id,
            slug: branch.slug,
            name: branch.name,
            parent_id: branch.parent_id,
            product_count: branch.products,
            image: image.map(|image| Image::brief(image, media)),
            children: branch
                .children
                .into_iter()
                .map(|child| Self::new(child, images, media))
                .collect(),
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
        let (categories, mut images) = categories::all(&mut db).await?;
        let data = category::tree(categories)
            .into_iter()
            .map(|branch| CategoryNode::new(branch, &mut images, &state.media))
            .collect();
        let tree = CategoryTree { data };
        Ok(Loaded::Keep(Answer::hashed(&tree)?, vec![Tag::Categories]))
    };
    let audience = Audience::of(viewer.as_ref());
    let loaded = match audience {
        Audience::Insider => load.await?,
        Audience::Customer | Audience::Everybody => state.cache.get(&uri, load).await?,
    };
    loaded.respond(audience, &headers, not_found)
}
