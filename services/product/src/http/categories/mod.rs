//! `/api/categories`

pub(crate) mod attributes;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod image;
pub(crate) mod list;
pub(crate) mod update;

use http_kit::{Error, FieldErrors, Result, one_field};
use primitives::CategoryId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::category::{MAX_DEPTH, PlaceError};
use crate::domain::slug;
use crate::domain::text::{CategoryDescription, CategoryName};
use crate::http::images::view::Image;
use crate::media::Media;
use crate::store::categories as store;

/// A category without those below it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Category {
    id: CategoryId,
    slug: String,
    name: String,
    description: String,
    parent_id: Option<CategoryId>,
    /// Siblings are shown in this order, then by name.
    position: i32,
    #[schema(nullable)]
    image: Option<Image>,
    /// Grows with each change; send it back in `If-Match`.
    pub(crate) version: i32,
}

impl Category {
    /// As the audit trail names it.
    fn target(&self) -> String {
        format!("category:{}", self.id)
    }

    fn new(category: store::Category, media: &Media) -> Self {
        Self {
            id: category.id,
            slug: category.slug,
            name: category.name,
            description: category.description,
            parent_id: category.parent_id,
            position: category.position,
            image: category.image.map(|image| Image::brief(image.0, media)),
            version: category.version,
        }
    }
}

/// All that a category shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CategoryBody {
    name: CategoryName,
    /// Made from the name unless told.
    slug: Option<String>,
    /// Plain text; none unless told.
    description: Option<CategoryDescription>,
    /// None: at the top.
    parent_id: Option<CategoryId>,
    /// 0 unless told.
    position: Option<i32>,
}

impl CategoryBody {
    /// The slug that is asked for, or one made from the name.
    fn slug(&self) -> Result<String> {
        match &self.slug {
            None => Ok(slug::of(&self.name, "category")),
            Some(own) if slug::is_valid(own) => Ok(own.clone()),
            Some(_) => Err(Error::validation(FieldErrors::new().add(
                "slug",
                "invalid",
                "must be lower-case letters and digits with single hyphens between",
            ))),
        }
    }
}

fn not_found() -> Error {
    Error::not_found("category")
}

fn slug_taken() -> Error {
    Error::conflict("slug_taken", "Another category has this slug already.")
}

fn place_error(error: PlaceError) -> Error {
    match error {
        PlaceError::UnknownParent => {
            one_field("parent_id", "unknown", "is not a category of this shop")
        }
        PlaceError::Cycle => one_field(
            "parent_id",
            "cycle",
            "must not be the category itself or below it",
        ),
        PlaceError::TooDeep => one_field(
            "parent_id",
            "too_deep",
            format!("must leave the tree at most {MAX_DEPTH} levels deep"),
        ),
    }
}
