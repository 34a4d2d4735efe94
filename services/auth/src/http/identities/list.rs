use auth_token::User;
use axum::extract::State;
use http_kit::{Json, Page, Result};
use primitives::{IdentityId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::SignedIn;
use crate::store::identities;

/// An identity provider that can sign me in.
#[derive(Serialize, ToSchema)]
pub(crate) struct IdentityView {
    id: IdentityId,
    /// Its name in paths.
    #[schema(example = "entra")]
    provider: String,
    /// Its name for people.
    #[schema(example = "Microsoft")]
    name: String,
    created_at: Timestamp,
    last_used_at: Timestamp,
}

/// List the identity providers that can sign me in
#[utoipa::path(get, path = "/api/users/me/identities", tag = "users", security(("bearer" = [])),
    responses((status = 200, body = Page<IdentityView>), SignedIn))]
pub(crate) async fn list_identities(
    State(state): State<AppState>,
    user: User,
) -> Result<Json<Page<IdentityView>>> {
    let identities = identities::list(&mut *state.pool.acquire().await?, user.user_id).await?;
    let data = identities.into_iter().map(|identity| {
        let provider = state.providers.by_id(&identity.provider);
        IdentityView {
            id: identity.id,
            name: provider.map_or_else(
                || identity.provider.clone(),
                |provider| provider.config.name.clone(),
            ),
            provider: identity.provider,
            created_at: identity.created_at,
            last_used_at: identity.last_used_at,
        }
    });
    Ok(Json(Page {
        data: data.collect(),
        next_cursor: None,
    }))
}
