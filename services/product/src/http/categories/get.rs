//! `GET /api/categories/{id or slug}`

use auth_token::MaybeUser;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use http_kit::{Path, Problem, Result, etag};

use super::{Category, not_found};
use crate::app::AppState;
use crate::cache::{Answer, Audience, Loaded, Tag};
use crate::store::categories;

/// One category.
#[utoipa::path(
    get, path = "/api/categories/{id}", tag = "categories", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "id or slug")),
    responses((status = 200, body = Category), (status = 404, body = Problem))
)]
pub(crate) async fn get_category(
    State(state): State<AppState>,
    MaybeUser(viewer): MaybeUser,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response> {
    let load = async {
        let mut db = state.context.pool.acquire().await?;
        let found = categories::find(&mut db, id.parse().ok(), &id).await?;
        let answer = match found.map(|found| Category::new(found, &state.media)) {
            Some(category) => Answer::tagged(etag::of_version(category.version), &category)?,
            None => Answer::Missing,
        };
        Ok(Loaded::Keep(answer, vec![Tag::Categories]))
    };
    let audience = Audience::of(viewer.as_ref());
    let loaded = match audience {
        Audience::Insider => load.await?,
        Audience::Customer | Audience::Everybody => state.cache.get(&uri, load).await?,
    };
    loaded.respond(audience, &headers, not_found)
}
