//! `PUT /api/categories/{id}/attributes`

use auth_token::Staff;
use auth_token::permissions::ManageCatalogue;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use http_kit::{Error, Json, Path, Problem, Result};
use primitives::CategoryId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::CategoryAttributes;
use crate::app::AppState;
use crate::domain::attributes::Kind;
use crate::domain::definition::{self, Definition};
use crate::domain::text::{Choice, Key, Label, Unit};
use crate::error::invalid;
use crate::http::precondition::{self, Expected};
use crate::store::{categories as store, category_attributes};
use crate::workflows::categories;

/// All that a category shall define itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetCategoryAttributes {
    /// In the order in which a shop shows them.
    attributes: Vec<AttributeBody>,
}

/// A typed property of products.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CategoryAttributeInput)]
struct AttributeBody {
    key: Key,
    /// What people read; the key unless told.
    label: Option<Label>,
    kind: Kind,
    /// What a number counts, such as `kg`.
    unit: Option<Unit>,
    /// Required for kind `choice`, and for no other.
    #[schema(value_type = Option<Vec<String>>)]
    choices: Option<Vec<Choice>>,
    /// Every product has it; no unless told.
    required: Option<bool>,
    /// The list can be narrowed by it; yes unless told.
    filterable: Option<bool>,
}

impl AttributeBody {
    fn definition(self) -> Result<Definition> {
        let label = match self.label {
            Some(label) => label,
            None => Label::try_from(self.key.to_string())
                .map_err(|error| Error::internal(anyhow::anyhow!(error)))?,
        };
        Ok(Definition {
            key: self.key,
            label,
            kind: self.kind,
            unit: self.unit,
            choices: self.choices.unwrap_or_default(),
            required: self.required.unwrap_or(false),
            filterable: self.filterable.unwrap_or(true),
        })
    }
}

/// Says anew which attributes a category defines, for its products and those of all categories below it. Products keep attributes
/// that are no longer defined as free ones. What products contradict is refused, with the products named.
#[utoipa::path(
    put, path = "/api/categories/{id}/attributes", tag = "categories", security(("bearer" = [])),
    params(("id" = CategoryId, Path), ("If-Match" = String, Header, description = "The `ETag` that was read, or `\"<version>\"` of the category")),
    request_body = SetCategoryAttributes,
    responses(
        (status = 200, body = CategoryAttributes),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`products_contradict` with `count` and some `contradictions`; `attribute_defined_twice` with the `attributes`", body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 428, description = "`precondition_required`", body = Problem),
    )
)]
pub(crate) async fn set_category_attributes(
    State(state): State<AppState>,
    staff: Staff<ManageCatalogue>,
    Path(id): Path<CategoryId>,
    Expected(expected): Expected,
    Json(body): Json<SetCategoryAttributes>,
) -> Result<Response> {
    let definitions = body
        .attributes
        .into_iter()
        .map(AttributeBody::definition)
        .collect::<Result<Vec<_>>>()?;
    let wrong = definition::check(&definitions);
    if !wrong.is_empty() {
        return Err(invalid(wrong));
    }
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    store::lock_tree(&mut tx).await?;
    let category = store::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("category"))?;
    expected.required()?;
    expected.check(category.version)?;
    let version = categories::define(&mut tx, cx, &staff.acting(), &category, &definitions).await?;
    let defined = category_attributes::of(&mut tx, id).await?;
    tx.commit().await?;
    precondition::written(
        StatusCode::OK,
        version,
        &CategoryAttributes::new(id, version, defined),
    )
}
